"""HTTP log rows, whatever log they come from, counted per instance, minute and status; few rows are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from escalate.formats.record import FieldValue, Record
from escalate.model.artifact import Artifact
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.triage.facts import as_number
from escalate.triage.place import OLDEST, Place, covers, instance_of, place_of

HTTP_KINDS = frozenset({Kind.W3C_LOG, Kind.LOG_TABLE, Kind.FAILED_REQUEST, Kind.CSV})

STATUS = ("sc-status", "ScStatus", "scStatus", "statusCode", "StatusCode", "ResultCode", "resultCode")
TIME_TAKEN = ("time-taken", "TimeTaken", "timeTaken", "DurationMs", "duration")

_MINUTE = timedelta(minutes=1)
MAX_CELLS = 50_000
SAMPLES = 5
LIMIT_MS = 225_000
"""Requests at least this long come near the front end's idle limit of 230 s (Windows) or 240 s (Linux)."""


@dataclass(slots=True)
class Cell:
    """Requests of one instance in one minute: how many, and how many ended in 5xx."""

    total: int = 0
    errors: int = 0


@dataclass
class HttpSummary:
    """Counts and samples of HTTP rows."""

    window: Window | None
    minutes: dict[tuple[str, datetime], Cell] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    """Rows inside the incident window by (instance or "", status)."""
    samples: dict[tuple[str, int], list[Place]] = field(default_factory=dict)
    slow: list[tuple[Place, int, float]] = field(default_factory=list)
    """(row, status, milliseconds) of rows inside the window that ended near the front end's idle limit."""
    _minute: datetime = field(default=OLDEST, init=False, repr=False, compare=False)

    def see(self, artifact: Artifact, record: Record) -> None:
        """Count the record if it is a row of an HTTP log; the artifact is one of `HTTP_KINDS`."""
        status = first_number(record.fields, STATUS)
        if status is None or not 100 <= status <= 999:
            return
        code = int(status)
        instance = instance_of(artifact, record) or ""
        ts = record.ts
        if ts is not None:
            key = (instance, self._minute_of(ts))
            if key in self.minutes or len(self.minutes) < MAX_CELLS:
                cell = self.minutes.setdefault(key, Cell())
                cell.total += 1
                cell.errors += 500 <= code <= 599
        if not covers(self.window, record.ts, record.precision):
            return
        self.counts[instance, code] = self.counts.get((instance, code), 0) + 1
        kept = self.samples.setdefault((instance, code), [])
        if len(kept) < SAMPLES:
            kept.append(place_of(artifact, record))
        taken = first_number(record.fields, TIME_TAKEN)
        if taken is not None and taken >= LIMIT_MS and len(self.slow) < SAMPLES * 4:
            self.slow.append((place_of(artifact, record), code, taken))

    def _minute_of(self, ts: datetime) -> datetime:
        """Its minute; that of the row before where it is the same, as it nearly always is."""
        if not timedelta(0) <= ts - self._minute < _MINUTE:
            self._minute = ts.replace(second=0, microsecond=0)
        return self._minute

    def rename(self, names: Mapping[str, str]) -> None:
        """Call workers by the names that are used for them; what two names were counted under becomes one."""
        minutes, self.minutes = self.minutes, {}
        for (name, minute), cell in minutes.items():
            joined = self.minutes.setdefault((names.get(name, name), minute), Cell())
            joined.total += cell.total
            joined.errors += cell.errors
        counts, self.counts = self.counts, {}
        for (name, code), count in counts.items():
            key = names.get(name, name), code
            self.counts[key] = self.counts.get(key, 0) + count
        samples, self.samples = self.samples, {}
        for (name, code), kept in samples.items():
            self.samples.setdefault((names.get(name, name), code), []).extend(place.renamed(names) for place in kept)
        self.slow = [(place.renamed(names), code, taken) for place, code, taken in self.slow]

    @property
    def first_error(self) -> datetime | None:
        """Minute of the first server error inside the window that follows a minute without; None: no such minute."""
        bad: dict[datetime, int] = {}
        for (_, minute), cell in self.minutes.items():
            bad[minute] = bad.get(minute, 0) + cell.errors
        quiet = False
        for minute in sorted(bad):
            if bad[minute] and quiet and (self.window is None or self.window.start <= minute <= self.window.end):
                return minute
            quiet = quiet or not bad[minute]
        return None

    @property
    def instances(self) -> tuple[str, ...]:
        """Instances that are named in HTTP rows inside the window."""
        return tuple(sorted({instance for instance, _ in self.counts if instance}))

    def of_instance(self, instance: str) -> tuple[int, int]:
        """(requests, 5xx) of one instance inside the window."""
        rows = [(code, count) for (name, code), count in self.counts.items() if name == instance]
        return sum(count for _, count in rows), sum(count for code, count in rows if 500 <= code <= 599)

    def rows(self, statuses: frozenset[int]) -> tuple[Place, ...]:
        """Kept rows with one of these statuses."""
        return tuple(place for (_, code), places in self.samples.items() if code in statuses for place in places)

    def count(self, statuses: frozenset[int]) -> int:
        """Rows inside the window with one of these statuses."""
        return sum(count for (_, code), count in self.counts.items() if code in statuses)


def first_number(fields: Mapping[str, FieldValue], names: tuple[str, ...]) -> float | None:
    """The first of these columns that holds a number."""
    for name in names:
        cell = fields.get(name)
        value = as_number(cell) if cell is not None else None
        if value is not None:
            return value
    return None
