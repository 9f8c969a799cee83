"""The small, structured records that correlators and gates compute with, kept within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from escalate.formats.kernel_log import EVENTS
from escalate.formats.record import FieldValue, Record
from escalate.model.artifact import Artifact
from escalate.model.kind import Kind
from escalate.triage.place import Place, place_of

MAX_PER_KIND = 20_000
MAX_PER_ARTIFACT = 4_000

_ALL: frozenset[str] = frozenset()

KEPT: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.COUNTERS: _ALL,
        Kind.DETECTOR: _ALL,
        Kind.METRICS: _ALL,
        Kind.ACTIVITY_LOG: _ALL,
        Kind.RESOURCE_HEALTH: _ALL,
        Kind.SERVICE_HEALTH: _ALL,
        Kind.KUDU_PROCESS: _ALL,
        Kind.KUDU_THREAD: _ALL,
        Kind.THREAD_DUMP: _ALL,
        Kind.STACKS: _ALL,
        Kind.HS_ERR: _ALL,
        Kind.PCAP: _ALL,
        Kind.ELF_CORE: _ALL,
        Kind.MINIDUMP: _ALL,
        Kind.HPROF: _ALL,
        Kind.KERNEL_DUMP: _ALL,
        Kind.KERNEL_LOG: EVENTS,
        Kind.CLASS_HISTOGRAM: _ALL,
        Kind.NODE_REPORT: frozenset({"report"}),
        Kind.SHELL_TRANSCRIPT: _ALL,
        Kind.PROC_PRESSURE: _ALL,
        Kind.PROC_LOADAVG: _ALL,
        Kind.PROC_STAT: frozenset({"cpu"}),
        Kind.PROC_MEMINFO: frozenset(
            {"MemTotal", "MemAvailable", "MemFree", "SwapTotal", "SwapFree", "Slab", "SUnreclaim"}
        ),
        Kind.PROC_VMSTAT: frozenset(
            {"allocstall_movable", "allocstall_normal", "pgscan_direct", "pswpin", "pswpout", "oom_kill"}
        ),
        Kind.PROC_STATUS: frozenset({"Name", "State", "Threads", "VmRSS", "VmSwap"}),
        Kind.PROC_OTHER: frozenset(
            {"oom_kill", "nr_throttled", "throttled_usec", "throttled_time", "wchan", "read_bytes", "write_bytes"}
        ),
    }
)
"""Kinds that are kept, and of those with `name` and `value` the names that are."""


@dataclass
class Facts:
    """Records by kind, in the order of the evidence."""

    _kept: dict[Kind, list[Place]] = field(default_factory=dict)
    left_out: dict[Kind, int] = field(default_factory=dict)
    """How many records of a kind had no room."""
    _of_artifact: dict[str, int] = field(default_factory=dict)

    def see(self, artifact: Artifact, record: Record) -> None:
        """Keep the record if it is of a small kind."""
        names = KEPT.get(artifact.kind)
        if names is None or (names and record.fields.get("name") not in names):
            return
        kept = self._kept.setdefault(artifact.kind, [])
        used = self._of_artifact.get(artifact.id, 0)
        if len(kept) >= MAX_PER_KIND or used >= MAX_PER_ARTIFACT:
            self.left_out[artifact.kind] = self.left_out.get(artifact.kind, 0) + 1
            return
        self._of_artifact[artifact.id] = used + 1
        kept.append(place_of(artifact, record, fields=True))

    def rename(self, names: Mapping[str, str]) -> None:
        """Call workers by the names that are used for them."""
        self._kept = {kind: [place.renamed(names) for place in kept] for kind, kept in self._kept.items()}

    def of(self, *kinds: Kind) -> tuple[Place, ...]:
        """What was kept of these kinds."""
        return tuple(place for kind in kinds for place in self._kept.get(kind, ()))

    def named(self, kind: Kind, name: str) -> tuple[Place, ...]:
        """Samples of one value of a /proc file."""
        return tuple(place for place in self._kept.get(kind, ()) if place.fields.get("name") == name)


def amount(place: Place, *names: str) -> float | None:
    """The first of these fields that holds a number, also when the source wrote it as text."""
    for name in names:
        value = as_number(place.fields.get(name))
        if value is not None:
            return value
    return None


def as_number(value: FieldValue) -> float | None:
    """A number out of a number or a text such as `1,917`; None for everything else."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(value.replace(",", "").strip())
    except ValueError:
        return None


def lowered(fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    """Fields by lower-case name: sources differ in case for the same column."""
    return {name.lower(): value for name, value in fields.items()}


def latest(places: Iterable[Place]) -> Place | None:
    """The one with the latest time; None when none has a time."""
    timed = [place for place in places if place.ts is not None]
    return max(timed, key=lambda place: (place.ts is not None, place.ts)) if timed else None
