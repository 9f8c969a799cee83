"""One UTC timeline: what signatures cite, what the platform and people did, and what we did ourselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
from escalate.triage.place import Place
from escalate.triage.result import Cite

MAX_EVENTS = 1000
_START = re.compile(r"Starting container|initialized successfully|State: Started")
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
        Kind.SHELL_TRANSCRIPT: "other",
        Kind.KERNEL_LOG: "other",
        Kind.KERNEL_DUMP: "other",
        Kind.THREAD_DUMP: "sample",
        Kind.STACKS: "sample",
    }
)


def timeline(
    matches: Sequence[Match], index: Index, evidence: EvidenceDocument, book: EvidenceBook
) -> TimelineDocument:
    """Events in the order of time, at most a thousand, and what each artifact covers."""
    events = [*_of_matches(matches, book), *_of_changes(index, book), *_of_platform(index, book), *_ours(evidence)]
    unique: dict[str, TimelineEvent] = {}
    for event in events:
        unique.setdefault(event.evidence or f"{event.ts_utc} {event.title}", event)
    ordered = sorted(unique.values(), key=lambda event: (event.ts_utc, event.lane, event.title))
    return TimelineDocument(events=tuple(ordered[:MAX_EVENTS]), coverage=index.coverage)


def _of_matches(matches: Sequence[Match], book: EvidenceBook) -> Iterator[TimelineEvent]:
    for match in matches:
        for cite in match.cites:
            category: Category = OF_KIND.get(cite.place.kind, "error" if match.active else "other")
            event = _event(cite, category, book, f"{match.rule.id}: {cite.place.excerpt}")
            if event is not None:
                yield event.model_copy(update={"rule": match.rule.id})


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
        event = _event(Cite(place), "health", book, place.excerpt)
        if event is not None:
            yield event


def _of_platform(index: Index, book: EvidenceBook) -> Iterator[TimelineEvent]:
    for hit in index.watched(LIFECYCLE).hits:
        if hit.place.kind in (Kind.PLATFORM_LOG, Kind.LOG_TABLE, Kind.EVENT_LOG):
            category: Category = "restart" if _START.search(hit.place.excerpt) else "platform"
            event = _event(Cite(hit.place), category, book, hit.place.excerpt)
            if event is not None:
                yield event


def _ours(evidence: EvidenceDocument) -> Iterator[TimelineEvent]:
    for step in evidence.steps:
        if step.started_at is not None and isinstance(step.outcome, Collected | Partial):
            yield TimelineEvent(
                ts_utc=step.started_at,
                precision=Precision.MILLISECOND,
                lane="escalate",
                category="our footprint",
                title=step.title[:TITLE],
            )


def _event(cite: Cite, category: Category, book: EvidenceBook, title: str) -> TimelineEvent | None:
    place = cite.place
    if place.ts is None:
        return None
    return TimelineEvent(
        ts_utc=place.ts,
        precision=place.precision,
        lane=_lane(place),
        category=category,
        title=" ".join(title.split())[:TITLE],
        evidence=_id(book, cite),
    )


def _id(book: EvidenceBook, cite: Cite) -> EvidenceId:
    return book.cite_all((cite,))[0]


def _lane(place: Place) -> str:
    return place.instance or place.site or "app"
