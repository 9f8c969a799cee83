"""Silences of logs: where a log that writes steadily stops and goes on, kept few and with both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.finding import Precision
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.triage.place import Place, inside, place_of

RHYTHM_KINDS = frozenset({Kind.CONTAINER_LOG, Kind.TEXT, Kind.PLATFORM_LOG, Kind.LOG_TABLE})
"""Logs that processes write. A table mixes many: its rows are told apart by app and worker."""

SPOKEN = ("message", "Message", "ResultDescription", "Log", "LogMessage")
"""Columns of tables that hold what a process wrote; rows of other tables are written by the platform."""

MAX_LANES = 512

_INEXACT = (Precision.MINUTE, Precision.UNKNOWN)

LEAST = timedelta(seconds=4)
MAX_SILENCES = 16
"""Of one log, the longest."""


Lane = tuple[str, str | None, str | None]
"""Artifact id, app and worker."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A gap between two records that follow each other, and the times of both."""

    before: Place
    after: Place
    start: datetime
    end: datetime
    seen: int
    """Records of that log that were read before it."""

    @property
    def length(self) -> timedelta:
        """How long nothing was written."""
        return self.end - self.start


@dataclass(slots=True)
class Pulse:
    """One writer: how many records in which time, its last one, and its longest silences."""

    artifact: Artifact
    first: Place
    last: Place
    ended: datetime
    """Time of the last record."""
    records: int = 1
    silences: list[Silence] = field(default_factory=list)

    @property
    def mean(self) -> timedelta:
        """Mean time between records."""
        if self.first.ts is None or self.last.ts is None or self.records < 2:
            return timedelta.max
        return (self.last.ts - self.first.ts) / (self.records - 1)


@dataclass(slots=True)
class _Open:
    """A writer that is being read: its newest record."""

    pulse: Pulse
    record: Record
    ts: datetime
    is_falling: bool = False
    """The newest row stands first, as queries often sort."""


@dataclass
class Rhythm:
    """Pulses by artifact."""

    window: Window | None
    _pulses: dict[Lane, Pulse] = field(default_factory=dict)
    _open: dict[Lane, _Open] = field(default_factory=dict)

    @property
    def pulses(self) -> Mapping[Lane, Pulse]:
        """All writers that have a rhythm."""
        return self._pulses

    def see_all(self, artifact: Artifact, records: Sequence[Record]) -> None:
        """Note the times of records that follow each other; as `see` of each."""
        if artifact.kind is Kind.LOG_TABLE:
            for record in records:
                self.see(artifact, record)
            return
        lane = (artifact.id, None, None)
        known = self._open.get(lane)
        for record in records:
            ts = record.ts
            if ts is None or record.precision in _INEXACT:
                continue
            if known is None:
                self.see(artifact, record)
                known = self._open.get(lane)
            elif ts >= known.ts:
                if ts - known.ts >= LEAST:
                    self._beat(artifact, known, record, ts)
                else:  # nearly all: no silence before it
                    known.pulse.records += 1
                    known.record, known.ts = record, ts

    def see(self, artifact: Artifact, record: Record) -> None:
        """Note the record's time; the artifact is one of `RHYTHM_KINDS`. Times that run backwards are passed over."""
        ts = record.ts
        if ts is None or record.precision in _INEXACT:
            return
        is_table = artifact.kind is Kind.LOG_TABLE
        lane = _lane(artifact, record) if is_table else (artifact.id, None, None)
        if lane is None:
            return
        known = self._open.get(lane)
        if known is None:
            if len(self._pulses) < MAX_LANES or not is_table:
                place = place_of(artifact, record)
                pulse = self._pulses[lane] = Pulse(artifact, place, place, ts)
                self._open[lane] = _Open(pulse, record, ts)
            return
        if is_table and known.pulse.records == 1:
            known.is_falling = ts < known.ts
        if ts == known.ts or (ts < known.ts) == known.is_falling:
            self._beat(artifact, known, record, ts)

    def _beat(self, artifact: Artifact, known: _Open, record: Record, ts: datetime) -> None:
        """The next record of a writer, in its order."""
        pulse, before, when = known.pulse, known.record, known.ts
        pulse.records += 1
        known.record, known.ts = record, ts
        if abs(ts - when) >= LEAST:
            ends = [(place_of(artifact, before), when), (place_of(artifact, record), ts)]
            (early, start), (late, end) = reversed(ends) if known.is_falling else ends
            self._keep(pulse, Silence(early, late, start, end, pulse.records - 1))

    def close(self, artifact: Artifact) -> None:
        """After the last record of an artifact."""
        for lane in [lane for lane in self._open if lane[0] == artifact.id]:
            known = self._open.pop(lane)
            pulse = known.pulse
            if known.is_falling:
                pulse.ended = pulse.first.ts or pulse.ended
                pulse.first, pulse.last = place_of(artifact, known.record), pulse.first
            else:
                pulse.last, pulse.ended = place_of(artifact, known.record), known.ts

    def rename(self, names: Mapping[str, str]) -> None:
        """Call workers by the names that are used for them."""
        for pulse in self._pulses.values():
            pulse.first, pulse.last = pulse.first.renamed(names), pulse.last.renamed(names)
            pulse.silences = [
                replace(one, before=one.before.renamed(names), after=one.after.renamed(names)) for one in pulse.silences
            ]

    def _keep(self, pulse: Pulse, silence: Silence) -> None:
        if not (inside(self.window, silence.before) or inside(self.window, silence.after)):
            return
        pulse.silences.append(silence)
        if len(pulse.silences) > MAX_SILENCES:
            pulse.silences.remove(min(pulse.silences, key=lambda item: item.length))


def _lane(artifact: Artifact, record: Record) -> Lane | None:
    """Who wrote a row of a table: the artifact, its app and worker; None for rows that no process wrote."""
    if (not record.site and not record.instance) or not any(name in record.fields for name in SPOKEN):
        return None
    return artifact.id, record.site, record.instance
