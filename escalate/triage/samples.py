"""Numbers by app, worker and phase, thinned evenly where they are many: what the differential compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from escalate.formats.record import Record
from escalate.model.artifact import Artifact
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.triage.facts import as_number
from escalate.triage.http_summary import HTTP_KINDS, STATUS, TIME_TAKEN, first_number
from escalate.triage.phase import Phase, phase_of
from escalate.triage.place import Place, place_of

MAX_SERIES = 6_000
MAX_MINUTES = 10_000
MAX_VALUES = 256
"""Values kept of one series; past it every second one is dropped, so that the rest stays spread over time."""

REQUESTS = "duration of requests"
ERRORS = "requests that ended in 5xx"
PER_PERCENT = 100.0

_OF_PROCESS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "handle_count": ("handles of the process", "handles"),
        "thread_count": ("threads of the process", "threads"),
        "private_memory": ("private memory of the process", "bytes"),
        "working_set": ("working set of the process", "bytes"),
    }
)
_OF_COUNTERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "connections": ("connections (sandbox counter)", "connections"),
        "threads": ("threads (sandbox counter)", "threads"),
        "privateBytes": ("private bytes (sandbox counter)", "bytes"),
        "handles": ("handles (sandbox counter)", "handles"),
    }
)
_OF_PROC: Mapping[tuple[Kind, str], tuple[str, str]] = MappingProxyType(
    {
        (Kind.PROC_STATUS, "VmRSS"): ("resident memory of the process", "bytes"),
        (Kind.PROC_STATUS, "Threads"): ("threads of the process", "threads"),
        (Kind.PROC_MEMINFO, "MemAvailable"): ("memory available on the worker", "bytes"),
    }
)
_KINDS = frozenset({Kind.METRICS, Kind.KUDU_PROCESS, Kind.COUNTERS, Kind.PROC_PRESSURE, Kind.PROC_LOADAVG})
SAMPLED = _KINDS | HTTP_KINDS | {kind for kind, _ in _OF_PROC}
"""Kinds whose records hold numbers that are compared."""

_PREFERRED = ("average", "total", "maximum")
"""Of the aggregations of one metric the first of these is compared; the others say the same in another way."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose numbers, of what, when."""

    measure: str
    unit: str
    site: str | None
    instance: str | None
    phase: Phase


@dataclass(slots=True)
class Series:
    """One thinned series with its extremes."""

    count: int = 0
    values: list[float] = field(default_factory=list)
    stride: int = 1
    first: datetime | None = None
    last: datetime | None = None
    lowest: tuple[float, Place] | None = None
    highest: tuple[float, Place] | None = None

    def add(self, value: float, place: Place) -> None:
        """Count a value, keep it if it is its turn, and its place if it is an extreme."""
        if self.count % self.stride == 0:
            self.values.append(value)
            if len(self.values) > MAX_VALUES:
                del self.values[1::2]
                self.stride *= 2
        self.count += 1
        if place.ts is not None:
            self.first = place.ts if self.first is None else min(self.first, place.ts)
            self.last = place.ts if self.last is None else max(self.last, place.ts)
        if self.lowest is None or value < self.lowest[0]:
            self.lowest = value, place
        if self.highest is None or value > self.highest[0]:
            self.highest = value, place


@dataclass(slots=True)
class Trials:
    """How many of how many, with one place of each kind."""

    total: int = 0
    hits: int = 0
    first: datetime | None = None
    last: datetime | None = None
    good: Place | None = None
    bad: Place | None = None


@dataclass
class Samples:
    """All series and trials of one pass."""

    window: Window | None
    series: dict[Key, Series] = field(default_factory=dict)
    trials: dict[Key, Trials] = field(default_factory=dict)
    served: dict[tuple[str | None, str | None, datetime], Place] = field(default_factory=dict)
    """The latest request that went well, by app, worker and minute."""
    left_out: int = 0
    """Series that had no room."""

    def see(self, artifact: Artifact, record: Record) -> None:
        """Take the numbers of a record; the artifact is of a kind in `SAMPLED`."""
        phase = phase_of(record.ts, self.window)
        if phase is None:
            return
        if artifact.kind in HTTP_KINDS:
            status = first_number(record.fields, STATUS)
            if status is not None and 100 <= status <= 999:
                self._request(place_of(artifact, record), status, first_number(record.fields, TIME_TAKEN), phase)
            return
        for measure, unit, value in _numbers(artifact.kind, record):
            self._add(place_of(artifact, record), phase, measure, unit, value)

    def _request(self, place: Place, status: float, taken: float | None, phase: Phase) -> None:
        key = Key(ERRORS, "% of requests", place.site, place.instance, phase)
        trials = self.trials.get(key)
        if trials is None:
            if len(self.trials) >= MAX_SERIES:
                self.left_out += 1
                return
            trials = self.trials[key] = Trials(first=place.ts, last=place.ts)
        failed = 500 <= status <= 599
        trials.total += 1
        trials.hits += failed
        trials.last = place.ts
        if failed and (trials.bad is None or _earlier(place, trials.bad)):
            trials.bad = place
        if not failed:
            trials.good = trials.good or place
            self._served(place)
        if taken is not None:
            self._add(place, phase, REQUESTS, "ms", taken)

    def _served(self, place: Place) -> None:
        if place.ts is None:
            return
        key = (place.site, place.instance, place.ts.replace(second=0, microsecond=0))
        known = self.served.get(key)
        if known is None and len(self.served) >= MAX_MINUTES:
            return
        if known is None or _earlier(known, place):
            self.served[key] = place

    def _add(self, place: Place, phase: Phase, measure: str, unit: str, value: float) -> None:
        key = Key(measure, unit, place.site, place.instance, phase)
        series = self.series.get(key)
        if series is None:
            if len(self.series) >= MAX_SERIES:
                self.left_out += 1
                return
            series = self.series[key] = Series()
        series.add(value, place)

    def only_preferred(self) -> dict[Key, Series]:
        """The series, of each metric in one aggregation alone; its name is then without the aggregation."""
        names: dict[str, set[str]] = {}
        for key in self.series:
            metric, _, aggregation = key.measure.partition("\0")
            names.setdefault(metric, set()).add(aggregation)
        chosen = {
            metric: next((one for one in _PREFERRED if one in found), min(found)) for metric, found in names.items()
        }
        kept: dict[Key, Series] = {}
        for key, series in self.series.items():
            metric, _, aggregation = key.measure.partition("\0")
            if aggregation == chosen[metric]:
                name = f"{metric} ({aggregation})" if aggregation else metric
                kept[Key(name, key.unit, key.site, key.instance, key.phase)] = series
        return kept


def _earlier(one: Place, other: Place) -> bool:
    return one.ts is not None and other.ts is not None and one.ts < other.ts


def _numbers(kind: Kind, record: Record) -> Iterator[tuple[str, str, float]]:
    fields = record.fields
    if kind is Kind.METRICS:
        value = as_number(fields.get("value"))
        if value is not None:
            yield f"metric {fields.get('metric')}\0{fields.get('aggregation')}", str(fields.get("unit") or ""), value
    elif kind is Kind.PROC_PRESSURE:
        value = as_number(fields.get("avg10"))
        if value is not None:
            yield f"stall for {fields.get('resource')} ({fields.get('share')} avg10)", "%", value
    elif kind is Kind.PROC_LOADAVG:
        value = as_number(fields.get("load1"))
        if value is not None:
            yield "load of the worker (1 min)", "processes", value
    elif kind in (Kind.KUDU_PROCESS, Kind.COUNTERS):
        for name, (measure, unit) in (_OF_PROCESS if kind is Kind.KUDU_PROCESS else _OF_COUNTERS).items():
            value = as_number(fields.get(name))
            if value is not None:
                yield measure, unit, value
    else:
        known = _OF_PROC.get((kind, str(fields.get("name"))))
        value = as_number(fields.get("value"))
        if known is not None and value is not None:
            yield (*known, value)
