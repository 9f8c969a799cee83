"""Calls to dependencies in Application Insights tables, by target: single ones and rows that count them."""

from __future__ import annotations

from dataclasses import dataclass, field

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.incident import Window
from escalate.triage.facts import as_number, lowered
from escalate.triage.place import Place, inside, place_of

MAX_TARGETS = 500


@dataclass(slots=True)
class Calls:
    """Calls to one target inside the window."""

    target: str
    total: int = 0
    failed: int = 0
    slowest: float = 0.0
    """Milliseconds; of rows that count, their 95th percentile."""
    good: Place | None = None
    bad: Place | None = None
    slow: Place | None = None


@dataclass
class CallSummary:
    """All targets."""

    window: Window | None
    during: dict[str, Calls] = field(default_factory=dict)

    def see(self, artifact: Artifact, record: Record) -> None:
        """Count a row of a log table if it is about calls: it names a target and a success or a number of failures."""
        if "Target" not in record.fields and "target" not in record.fields:
            return
        row = lowered(record.fields)
        success, counted = row.get("success"), as_number(row.get("calls"))
        if success is None and counted is None:
            return
        place = place_of(artifact, record)
        if not inside(self.window, place):
            return
        target = str(row.get("target") or "(no target)")
        calls = self.during.get(target)
        if calls is None:
            if len(self.during) >= MAX_TARGETS:
                return
            calls = self.during[target] = Calls(target)
        total = int(counted or 1)
        failed = int(as_number(row.get("failed")) or 0) if counted else int(str(success).lower() in ("false", "0"))
        taken = as_number(row.get("p95ms")) if counted else as_number(row.get("durationms", row.get("duration")))
        calls.total += total
        calls.failed += failed
        if failed and calls.bad is None:
            calls.bad = place
        if failed < total and calls.good is None:
            calls.good = place
        if taken is not None and taken > calls.slowest:
            calls.slowest, calls.slow = taken, place
