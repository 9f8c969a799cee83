"""Silences of logs: where a log that writes steadily stops and goes on, kept few and with both ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.finding import Precision
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.triage.place import Place, inside, place_of

RHYTHM_KINDS = frozenset({Kind.CONTAINER_LOG, Kind.TEXT, Kind.PLATFORM_LOG})
"""Logs that one process writes; a table mixes many."""

LEAST = timedelta(seconds=4)
MAX_SILENCES = 16
"""Of one log, the longest."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A gap between two records that follow each other, and the times of both."""

    before: Place
    after: Place
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long nothing was written."""
        return self.end - self.start


@dataclass(slots=True)
class Pulse:
    """One log: how many records in which time, its last one, and its longest silences."""

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


@dataclass
class Rhythm:
    """Pulses by artifact."""

    window: Window | None
    _pulses: dict[str, Pulse] = field(default_factory=dict)
    _last: dict[str, tuple[Record, datetime]] = field(default_factory=dict)

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """All logs that have a rhythm, by artifact id."""
        return self._pulses

    def see(self, artifact: Artifact, record: Record) -> None:
        """Note the record's time; the artifact is one of `RHYTHM_KINDS`. Times that run backwards are passed over."""
        ts = record.ts
        if ts is None or record.precision in (Precision.MINUTE, Precision.UNKNOWN):
            return
        known = self._last.get(artifact.id)
        if known is None:
            place = place_of(artifact, record)
            self._pulses[artifact.id] = Pulse(artifact, place, place, ts)
            self._last[artifact.id] = (record, ts)
            return
        before, when = known
        if ts < when:
            return
        pulse = self._pulses[artifact.id]
        pulse.records += 1
        self._last[artifact.id] = (record, ts)
        if ts - when >= LEAST:
            self._keep(pulse, Silence(place_of(artifact, before), place_of(artifact, record), when, ts))

    def close(self, artifact: Artifact) -> None:
        """After the last record of an artifact."""
        known = self._last.pop(artifact.id, None)
        if known is not None:
            pulse = self._pulses[artifact.id]
            pulse.last, pulse.ended = place_of(artifact, known[0]), known[1]

    def _keep(self, pulse: Pulse, silence: Silence) -> None:
        if not (inside(self.window, silence.before) or inside(self.window, silence.after)):
            return
        pulse.silences.append(silence)
        if len(pulse.silences) > MAX_SILENCES:
            pulse.silences.remove(min(pulse.silences, key=lambda item: item.length))
