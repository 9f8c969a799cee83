"""Places in evidence and bounded lists of matches: what the single pass keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from escalate.formats.record import FieldValue, Record
from escalate.model.artifact import Artifact
from escalate.model.finding import Precision
from escalate.model.incident import Window
from escalate.model.kind import Kind

EXCERPT = 400
"""Characters of a record that are cited."""

WINDOW_MARGIN = timedelta(seconds=120)
"""By how much the incident window is widened before a record counts as outside of it."""

OLDEST = datetime.min.replace(tzinfo=UTC)
"""Sorts records without a time before all others."""

_SLACK: Mapping[Precision, timedelta] = {
    Precision.MINUTE: timedelta(seconds=60),
    Precision.SECOND: timedelta(seconds=1),
}

PID_DIGITS = 9

UNNAMED = "worker not named"
"""The lane of what happened on some worker, where no record says on which."""

_OF_AZURE = frozenset({Kind.ACTIVITY_LOG, Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH, Kind.DETECTOR})
_EVERY_WORKER = frozenset({"all", "*"})
"""What detectors and metrics write for a sum over workers."""

INSTANCE_COLUMNS = ("AppRoleInstance", "ComputerName", "Computer", "Instance", "RoleInstance", "Host")
SITE_COLUMNS = ("AppRoleName", "SiteName", "_ResourceId")


@dataclass(frozen=True, slots=True)
class Place:
    """One record of one artifact, short enough to be kept."""

    artifact: Artifact
    line: int
    pointer: str | None
    ts: datetime | None
    precision: Precision
    site: str | None
    instance: str | None
    pid: int | None
    excerpt: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    """Only for the small kinds; empty for log lines."""

    @property
    def kind(self) -> Kind:
        """What the artifact is."""
        return self.artifact.kind

    @property
    def key(self) -> tuple[str, int, str | None]:
        """What makes it the same place."""
        return self.artifact.id, self.line, self.pointer

    @property
    def slack(self) -> timedelta:
        """How far the true time may lie from the recorded one."""
        return _SLACK.get(self.precision, timedelta(0))

    def renamed(self, names: Mapping[str, str]) -> Place:
        """The same place, its worker by the name that is used for it."""
        name = names.get(self.instance or "")
        return replace(self, instance=name) if name else self


def place_of(artifact: Artifact, record: Record, *, fields: bool = False) -> Place:
    """The place of a record; instance and site fall back to well-known columns, then to the artifact's own."""
    return Place(
        artifact=artifact,
        line=max(1, record.line),
        pointer=record.pointer,
        ts=record.ts,
        precision=record.precision,
        site=record.site or _column(record, SITE_COLUMNS) or artifact.site,
        instance=instance_of(artifact, record),
        pid=record.pid if record.pid is not None else artifact.pid,
        excerpt=record.text[:EXCERPT],
        fields=dict(record.fields) if fields else {},
    )


def instance_of(artifact: Artifact, record: Record) -> str | None:
    """The worker of a record: its own, that of a well-known column, or the artifact's."""
    return record.instance or _column(record, INSTANCE_COLUMNS) or artifact.instance


def _column(record: Record, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = record.fields.get(name)
        if isinstance(value, str) and value:
            return value.rsplit("/", 1)[-1]
    return None


def inside(window: Window | None, place: Place, margin: timedelta = WINDOW_MARGIN) -> bool:
    """Whether a record may belong to the incident; without a time or a window it may."""
    return covers(window, place.ts, place.precision, margin)


def covers(window: Window | None, ts: datetime | None, precision: Precision, margin: timedelta = WINDOW_MARGIN) -> bool:
    """Whether what happened then may belong to the incident; without a time or a window it may."""
    if window is None or ts is None:
        return True
    reach = margin + _SLACK.get(precision, timedelta(0))
    return window.start - reach <= ts <= window.end + reach


@dataclass(frozen=True, slots=True)
class Hit:
    """One match of one pattern."""

    place: Place
    groups: Mapping[str, str] = field(default_factory=dict)


def hit_of(place: Place, match: re.Match[str]) -> Hit:
    """The match with its named groups; a group `pid` is the process the line speaks of."""
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    named = groups.get("pid", "")
    if named.isdecimal() and len(named) <= PID_DIGITS:
        place = replace(place, pid=int(named))
    return Hit(place, groups)


@dataclass(slots=True)
class HitList:
    """Matches of one pattern: all are counted, few are kept, those inside the incident window first."""

    window: Window | None
    cap_inside: int
    cap_outside: int
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    instances: dict[str, None] = field(default_factory=dict)
    _inside: list[Hit] = field(default_factory=list)
    _outside: list[Hit] = field(default_factory=list)

    def room_for(self, place: Place) -> bool:
        """Count a match and say whether it should be kept with `add`."""
        self.count += 1
        if place.ts is not None:
            self.first = place.ts if self.first is None else min(self.first, place.ts)
            self.last = place.ts if self.last is None else max(self.last, place.ts)
        if place.instance and len(self.instances) < self.cap_inside:
            self.instances[place.instance] = None
        if inside(self.window, place):
            return len(self._inside) < self.cap_inside
        return len(self._outside) < self.cap_outside

    def add(self, hit: Hit) -> None:
        """Keep a match for which there is room."""
        (self._inside if inside(self.window, hit.place) else self._outside).append(hit)

    def rename(self, names: Mapping[str, str]) -> None:
        """Call workers by the names that are used for them."""
        self.instances = dict.fromkeys(names.get(name, name) for name in self.instances)
        self._inside = [replace(hit, place=hit.place.renamed(names)) for hit in self._inside]
        self._outside = [replace(hit, place=hit.place.renamed(names)) for hit in self._outside]

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What was kept, inside the window first, each in the order of the evidence."""
        return (*self._inside, *self._outside)


def lane(kind: Kind, instance: str | None, site: str | None) -> str:
    """The row of the timeline: a worker, else an app, else who keeps the record."""
    if instance and instance.lower() in _EVERY_WORKER:
        return "all workers"
    return instance or site or ("Azure" if kind in _OF_AZURE else UNNAMED)
