"""How much each log says before, during and after the window, and how much of it is errors."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.triage.phase import Phase, phase_of, span_of
from escalate.triage.place import Place, place_of

LOG_RATE_KINDS = frozenset({Kind.CONTAINER_LOG, Kind.TEXT, Kind.EVENT_LOG, Kind.LOG_TABLE})

_LEVELS = frozenset({"ERROR", "CRITICAL", "FATAL", "SEVERE", "ALERT", "EMERG", "CRIT"})
_EVENT_LEVELS = frozenset({1, 2})
"""Critical and Error of a Windows event."""

_EXCEPTION = re.compile(r"^\s*(?:Unhandled exception[.:]|(?:[\w$]+\.)*[A-Z][\w$]*(?:Exception|Error)\b\s*[:(\[])")
"""The first line of a stack trace; the frames below it are part of the same error."""

_TABLES = re.compile(r"exception|console|applog|traces", re.IGNORECASE)
_HEAD = 300
KEPT = 2
MAX_LOGS = 5_000


@dataclass(slots=True)
class Tally:
    """Records and errors of one log in one phase."""

    records: int = 0
    errors: int = 0
    cited: list[Place] = field(default_factory=list)
    """The first record, then the first errors."""


@dataclass(slots=True)
class LogRate:
    """One log of one worker."""

    artifact: Artifact
    site: str | None
    instance: str | None
    first: datetime
    last: datetime
    phases: dict[Phase, Tally] = field(default_factory=dict)

    def minutes(self, phase: Phase, window: Window) -> float:
        """How much of a phase lies between first and last record, in minutes."""
        start, end = span_of(phase, window)
        return max(0.0, (min(end, self.last) - max(start, self.first)).total_seconds() / 60)


@dataclass
class LogRates:
    """All logs, by artifact and worker."""

    window: Window | None
    rates: dict[tuple[str, str | None], LogRate] = field(default_factory=dict)

    def see_all(self, artifact: Artifact, records: Sequence[Record]) -> None:
        """Count records; the artifact is one of `LOG_RATE_KINDS`."""
        is_table = artifact.kind is Kind.LOG_TABLE
        rate: LogRate | None = None
        for record in records:
            ts = record.ts
            if ts is None or (is_table and not _is_of_logs(str(record.fields.get("_table")))):
                continue
            instance = record.instance or artifact.instance
            if rate is None or rate.instance != instance:
                rate = self._rate(artifact, record, instance, ts)
                if rate is None:
                    continue
            if ts > rate.last:
                rate.last = ts
            elif ts < rate.first:
                rate.first = ts
            phase = phase_of(ts, self.window) if self.window else None
            if phase is not None:
                _count(rate, phase, artifact, record)

    def _rate(self, artifact: Artifact, record: Record, instance: str | None, ts: datetime) -> LogRate | None:
        """The log that a record belongs to; None where it is new and there is no room for it."""
        rate = self.rates.get((artifact.id, instance))
        if rate is None and len(self.rates) < MAX_LOGS:
            rate = LogRate(artifact, record.site or artifact.site, instance, ts, ts)
            self.rates[artifact.id, instance] = rate
        return rate


def _count(rate: LogRate, phase: Phase, artifact: Artifact, record: Record) -> None:
    tally = rate.phases.get(phase)
    if tally is None:
        tally = rate.phases[phase] = Tally(cited=[place_of(artifact, record)])
    tally.records += 1
    if is_error(artifact.kind, record):
        tally.errors += 1
        if len(tally.cited) <= KEPT:
            tally.cited.append(place_of(artifact, record))


@functools.lru_cache(maxsize=1024)
def _is_of_logs(table: str) -> bool:
    return _TABLES.search(table) is not None


def is_error(kind: Kind, record: Record) -> bool:
    """Whether a record begins an error: by its level, as a row of exceptions, or as the head of a stack trace."""
    level = record.fields.get("level")
    if kind is Kind.EVENT_LOG:
        return level in _EVENT_LEVELS
    if kind is Kind.LOG_TABLE and "exception" in str(record.fields.get("_table")).lower():
        return True
    if isinstance(level, str) and level in _LEVELS:
        return True
    text = record.text
    if "xception" not in text and "Error" not in text:
        return False
    head = text[:_HEAD]
    return ("Exception" in head or "Error" in head or "exception" in head) and _EXCEPTION.search(head) is not None
