"""Numbers over time: Azure's metrics for each worker, and the samples of memory and pressure that evidence cites."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from escalate.case.packed import place_of
from escalate.case.store import Case
from escalate.draft.facts import Facts
from escalate.formats.registry import format_of
from escalate.model.artifact import EvidenceDocument
from escalate.model.kind import Kind
from escalate.model.redaction import RedactionDocument, Sealed

LARGEST = 16 * 1024 * 1024
"""Bytes of a metrics file that is drawn; one metric of a month for thirty workers has a quarter of that."""
_PREFERRED = ("average", "total", "maximum", "minimum", "count")


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of one worker, or of all together, in the order of time."""

    measure: str
    unit: str
    """`Bytes`, `Percent`, `Count`, `Seconds`, ... as Azure Monitor names it; empty when not told."""
    worker: str | None
    points: tuple[tuple[datetime, float], ...]
    least: float = 0.0
    """The scale goes at least to here, so that nothing looks like much."""


def metrics_of(case: Case) -> tuple[Series, ...]:
    """What the sealed metrics files hold; of several aggregations the average goes first.

    Raises:
        CaseError: redaction has not run.
    """
    labels = {name: one.label for one in case.read_sealed(EvidenceDocument).workers for name in one.names}
    found: dict[tuple[str, str, str | None], dict[str, dict[datetime, float]]] = defaultdict(lambda: defaultdict(dict))
    for item in case.read(RedactionDocument).items:
        if not isinstance(item, Sealed) or item.kind is not Kind.METRICS or item.packed or item.size > LARGEST:
            continue
        for measure, unit, worker, aggregation, moment, value in _points(case, item):
            known = labels.get(worker.casefold(), worker) if worker else item.instance
            found[measure, unit, known][aggregation].setdefault(moment, value)
    return tuple(
        Series(measure, unit, worker, tuple(sorted(next(by[one] for one in _PREFERRED if one in by).items())))
        for (measure, unit, worker), by in sorted(
            found.items(), key=lambda one: (one[0][0], one[0][1], one[0][2] or "")
        )
    )


def _points(case: Case, item: Sealed) -> Iterator[tuple[str, str, str | None, str, datetime, float]]:
    read = format_of(Kind.METRICS).read
    if read is None:
        return
    with place_of(case, item).open("rb") as stream:
        for record in read(stream, PurePosixPath(item.path)):
            value = record.fields.get("value")
            if record.ts is None or not isinstance(value, float):
                continue
            aggregation = str(record.fields.get("aggregation") or _PREFERRED[0])
            measure, unit = record.fields.get("metric"), record.fields.get("unit")
            yield str(measure or ""), str(unit or ""), record.instance, aggregation, record.ts, value


@dataclass(frozen=True, slots=True)
class _Sample:
    measure: str
    unit: str
    where: str
    """What the path or lane must name, so that `some avg10` of the processor is not taken for memory."""
    pattern: re.Pattern[str]
    value: Callable[[float], float]
    least: float


_SAMPLES = (
    _Sample(
        "Memory available", "Bytes", "meminfo", re.compile(r"MemAvailable:\s*(\d{1,15}) kB"), lambda kb: kb * 1024, 1e8
    ),
    _Sample(
        "Memory pressure, share of time stalled",
        "Percent",
        "memory",
        re.compile(r"some avg10=(\d{1,3}(?:\.\d{1,6})?)"),
        lambda share: share,
        20.0,
    ),
    _Sample(
        "CPU pressure, share of time stalled",
        "Percent",
        "cpu",
        re.compile(r"some avg10=(\d{1,3}(?:\.\d{1,6})?)"),
        lambda share: share,
        20.0,
    ),
)


def samples_of(facts: Facts) -> tuple[Series, ...]:
    """What lines of /proc say that triage cites or dates."""
    lines = tuple(_lines(facts))
    made = []
    for sample in _SAMPLES:
        points = _found(sample, lines)
        if points:
            made.append(Series(sample.measure, sample.unit, None, points, sample.least))
    return tuple(made)


def _found(sample: _Sample, lines: Sequence[tuple[datetime, str, str]]) -> tuple[tuple[datetime, float], ...]:
    found: dict[datetime, float] = {}
    for moment, where, words in lines:
        match = sample.pattern.search(words) if sample.where in where else None
        if match:
            found.setdefault(moment, sample.value(float(match[1])))
    return tuple(sorted(found.items()))


def _lines(facts: Facts) -> Iterable[tuple[datetime, str, str]]:
    paths = {item.id: item.path for item in facts.triage.evidence}
    for item in facts.triage.evidence:
        if item.ts_utc is not None:
            yield item.ts_utc, item.path.lower(), item.excerpt
    for event in facts.timeline.events:
        if event.category == "sample":
            path = paths.get(event.evidence, "") if event.evidence else ""
            yield event.ts_utc, f"{path} {event.title}".lower(), event.title
