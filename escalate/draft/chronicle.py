"""Thousands of timeline events as few rows: what repeats is one row with a count, what matters most is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from escalate.draft.axis import around
from escalate.model.base import EvidenceId
from escalate.model.incident import Window
from escalate.model.timeline import TimelineDocument, TimelineEvent

RANK: Mapping[str, int] = MappingProxyType(
    {
        "error": 0,
        "restart": 1,
        "deployment": 2,
        "change": 3,
        "platform": 4,
        "health": 5,
        "other": 6,
        "our footprint": 7,
        "sample": 8,
    }
)
"""What is shown first when not everything can be."""

CHANGES = ("deployment", "change", "platform", "restart")
"""What may have brought it about."""

NEAR = timedelta(minutes=10)
"""Around the window; a change further away explains nothing by itself."""

OURS = "what escalate did to collect this"

REPEAT = timedelta(minutes=1)
"""The same thing again within this time is the same row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened, `count` times between two moments."""

    first: datetime
    last: datetime
    lane: str
    category: str
    title: str
    count: int
    evidence: EvidenceId | None


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The rows in order of time, and how many less telling ones were left out."""

    rows: tuple[Row, ...]
    left_out: int


def chronicle(
    timeline: TimelineDocument, window: Window | None, limit: int, categories: tuple[str, ...] = tuple(RANK)
) -> Chronicle:
    """Rows of some categories in and near the window (all of them, when there is no window)."""
    near = around(window, NEAR) if window else None
    events = [
        event
        for event in timeline.events
        if event.category in categories and (near is None or near.start <= event.ts_utc <= near.end)
    ]
    rows = _merged(sorted(events, key=lambda event: (event.ts_utc, event.lane, event.category, event.title)))
    kept = sorted(rows, key=lambda row: (RANK[row.category], row.first))[:limit]
    return Chronicle(
        rows=tuple(sorted(kept, key=lambda row: (row.first, RANK[row.category], row.lane, row.title))),
        left_out=len(rows) - len(kept),
    )


def _merged(events: list[TimelineEvent]) -> list[Row]:
    rows: list[Row] = []
    latest: dict[tuple[str, str, str], int] = {}
    for event in events:
        ours = event.category == "our footprint"
        title = OURS if ours else event.title
        key = (event.lane, event.category, event.rule or title)
        at = latest.get(key)
        if at is not None and (ours or event.ts_utc - rows[at].last <= REPEAT):
            rows[at] = replace(
                rows[at],
                last=event.ts_utc,
                count=rows[at].count + 1,
                evidence=rows[at].evidence or event.evidence,
            )
            continue
        latest[key] = len(rows)
        rows.append(Row(event.ts_utc, event.ts_utc, event.lane, event.category, title, 1, event.evidence))
    return rows
