"""One UTC timeline: what signatures cite, what the platform and people did, and what we did ourselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from escalate.model.artifact import EvidenceDocument
from escalate.model.base import EvidenceId
from escalate.model.finding import Precision
from escalate.model.kind import Kind
from escalate.model.outcome import Collected, Partial
from escalate.model.timeline import TimelineDocument, TimelineEvent
from escalate.triage.cite import EvidenceBook
from escalate.triage.correlators.customer_action_near import ACTION
from escalate.triage.evaluate import Match
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.ledger.measures.changes import listed_deployments
from escalate.triage.place import Place, lane
from escalate.triage.result import Cite
from escalate.triage.timeline_bounds import bounds
from escalate.triage.timeline_gaps import gaps

MAX_EVENTS = 1000
_START = re.compile(r"Starting container|initialized successfully|State: Started")
PEAKS = re.compile(
    r"metric (?:CpuPercentage|MemoryPercentage|Http5xx|HttpResponseTime|AverageResponseTime|HttpQueueLength)\b"
)
OUR_MARK = re.compile(r"\bescalate[-/]|\.scm\.|~1\w|kudu|\bDaaS\b|/api/(?:command|vfs|zip|dump)\b", re.IGNORECASE)
"""In a record: our user agent or working folder, the SCM site and its container, or an address that only it has."""
SETTLES = timedelta(seconds=5)
"""How long after a step its traces still reach the logs."""
TITLE = 200
Category = Literal["error", "restart", "deployment", "platform", "change", "health", "sample", "our footprint", "other"]

OF_KIND: Mapping[Kind, Category] = MappingProxyType(
    {
        Kind.PROC_PRESSURE: "sample",
        Kind.PROC_MEMINFO: "sample",
        Kind.PROC_STATUS: "sample",
        Kind.COUNTERS: "sample",
        Kind.METRICS: "sample",
        Kind.ACTIVITY_LOG: "change",
        Kind.DETECTOR: "health",
        Kind.SERVICE_HEALTH: "platform",
        Kind.RESOURCE_HEALTH: "platform",
        Kind.SHELL_TRANSCRIPT: "other",
        Kind.KERNEL_LOG: "other",
        Kind.KERNEL_DUMP: "other",
        Kind.THREAD_DUMP: "sample",
        Kind.STACKS: "sample",
    }
)


def timeline(
    drivers: Sequence[Match], matches: Sequence[Match], index: Index, evidence: EvidenceDocument, book: EvidenceBook
) -> TimelineDocument:
    """Events in the order of time, at most a thousand; what each source covers and does not; first bad, last good."""
    traces = tuple(_traces(evidence))
    events = [
        *_of_matches(matches, book),
        *_of_changes(index, book),
        *_of_platform(index, book),
        *_of_deployments(index, book),
        *_of_requests(index, book),
        *_of_peaks(index, book),
    ]
    events = [_marked(event, traces) for event in events] + list(_ours(evidence))
    bad, good = bounds(drivers, matches, index, book)
    unique: dict[str, TimelineEvent] = {}
    for event in events:
        name = event.evidence or f"{event.ts_utc} {event.title}"
        unique[name] = _either(unique.get(name), event)
    ordered = sorted(unique.values(), key=lambda event: (event.ts_utc, event.lane, event.title))
    return TimelineDocument(
        events=_kept(ordered, index),
        coverage=index.coverage,
        gaps=gaps(index, book),
        first_bad=bad,
        last_good=good,
    )


def _either(known: TimelineEvent | None, event: TimelineEvent) -> TimelineEvent:
    """The first told of one record; what a signature merely read keeps the name of what it is of, a restart say."""
    if known is None:
        return event
    return known.model_copy(update={"category": event.category}) if known.category == "other" else known


def _kept(ordered: Sequence[TimelineEvent], index: Index) -> tuple[TimelineEvent, ...]:
    """Those nearest to the incident where there are too many, in the order of time."""
    window = index.window
    if len(ordered) <= MAX_EVENTS or window is None:
        return tuple(ordered[:MAX_EVENTS])

    def distance(event: TimelineEvent) -> timedelta:
        return max(window.start - event.ts_utc, event.ts_utc - window.end, timedelta(0))

    near = sorted(range(len(ordered)), key=lambda n: (distance(ordered[n]), n))[:MAX_EVENTS]
    return tuple(ordered[n] for n in sorted(near))


def _of_matches(matches: Sequence[Match], book: EvidenceBook) -> Iterator[TimelineEvent]:
    for match in matches:
        for cite in match.cites:
            category: Category = OF_KIND.get(cite.place.kind, "error" if match.active else "other")
            if category == "error" and _is_of_another(cite.place, match):
                category = "other"
            event = _event(cite, category, book, cite.place.excerpt)
            if event is not None:
                yield event.model_copy(update={"rule": match.rule.id})


def _is_of_another(place: Place, match: Match) -> bool:
    """Whether the record is of a worker that the finding calls healthy: cited beside the sick one, and no error."""
    return bool(match.instances and place.instance and place.instance not in match.instances)


def _of_changes(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    for place in index.facts.of(Kind.ACTIVITY_LOG):
        operation = str(place.fields.get("operation") or place.excerpt)
        known: Category = (
            "deployment" if "publish" in operation.lower() else "change" if ACTION.search(operation) else "other"
        )
        event = _event(Cite(place), known, book, operation)
        if event is not None:
            yield event
    for place in index.facts.of(Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH):
        event = _event(Cite(place), "platform", book, place.excerpt)
        if event is not None:
            yield event


def _of_platform(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    for hit in index.watched(LIFECYCLE).hits:
        if hit.place.kind in (Kind.PLATFORM_LOG, Kind.LOG_TABLE, Kind.EVENT_LOG):
            category: Category = "restart" if _START.search(hit.place.excerpt) else "platform"
            event = _event(Cite(hit.place), category, book, hit.place.excerpt)
            if event is not None:
                yield event


def _of_deployments(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    for when, place in listed_deployments(index):
        event = _event(Cite(replace(place, ts=when, precision=Precision.SECOND)), "deployment", book, "Deployment")
        if event is not None:
            yield event


def _of_requests(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    """The first server error of each worker and phase, with how many there were."""
    for key, trials in index.samples.trials.items():
        if trials.bad is not None:
            said = (
                f"First of {trials.hits} server errors in {trials.total} requests ({key.phase}): {trials.bad.excerpt}"
            )
            event = _event(Cite(trials.bad), "error", book, said)
            if event is not None:
                yield event


def _of_peaks(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    """Where a metric of the worker or app was highest inside the window."""
    for key, series in index.samples.only_preferred().items():
        if key.phase == "during" and PEAKS.match(key.measure) and series.highest is not None:
            value, place = series.highest
            event = _event(
                Cite(place),
                "sample",
                book,
                f"Highest {key.measure}: {value:g} {'%' if key.unit == 'Percent' else key.unit}",
            )
            if event is not None:
                yield event


@dataclass(frozen=True)
class _Trace:
    """The time in which a step of the collection that leaves traces ran, and on which worker."""

    start: datetime
    end: datetime
    worker: str | None


def _traces(evidence: EvidenceDocument) -> Iterator[_Trace]:
    for step in evidence.steps:
        if step.footprints and step.started_at is not None:
            yield _Trace(step.started_at, (step.finished_at or step.started_at) + SETTLES, step.worker)


def _marked(event: TimelineEvent, traces: Sequence[_Trace]) -> TimelineEvent:
    """With the mark kept only where a step that leaves traces ran then, on its worker."""
    ours = event.ours and any(
        trace.start <= event.ts_utc <= trace.end and trace.worker in (None, event.lane) for trace in traces
    )
    return event.model_copy(update={"ours": ours})


def _ours(evidence: EvidenceDocument) -> Iterator[TimelineEvent]:
    for step in evidence.steps:
        if step.started_at is None:
            continue
        done = isinstance(step.outcome, Collected | Partial)
        for title in (*((step.title,) if done else ()), *step.footprints):
            yield TimelineEvent(
                ts_utc=step.started_at,
                precision=Precision.MILLISECOND,
                lane="escalate",
                category="our footprint",
                title=title[:TITLE],
                ours=True,
            )


def _event(cite: Cite, category: Category, book: EvidenceBook, title: str) -> TimelineEvent | None:
    place = cite.place
    if place.ts is None:
        return None
    return TimelineEvent(
        ts_utc=place.ts,
        precision=place.precision,
        lane=lane(place.kind, place.instance, place.site),
        category=category,
        title=" ".join(title.split())[:TITLE],
        evidence=_id(book, cite),
        kind=place.kind,
        ours=bool(OUR_MARK.search(place.excerpt)),
    )


def _id(book: EvidenceBook, cite: Cite) -> EvidenceId:
    return book.cite_all((cite,))[0]
