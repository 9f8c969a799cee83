"""The marks of the timeline: events that lie close melt into one, and each category has a shape of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import TimeAxis, coordinate
from escalate.draft.chronicle import RANK
from escalate.draft.claims import zone
from escalate.model.timeline import TimelineEvent

MARKS = 600
"""Marks drawn at most; nearer ones melt into one until there are no more than that."""
CELL = 9.0
"""Width within which marks of one row are one mark."""
LETTER = 6.1
"""Width of a letter of a mark's label, rather too much than too little."""

ROWS: Mapping[str, int] = MappingProxyType(
    {"error": 0, "health": 0, "restart": 1, "deployment": 1, "change": 1, "platform": 1}
)
LAST_ROW = 2

_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "error": "circle",
        "restart": "up",
        "deployment": "diamond",
        "change": "diamond",
        "platform": "square",
        "health": "cross",
        "our footprint": "down",
        "sample": "tick",
        "other": "dot",
    }
)

Marks = dict[tuple[str, int, float], list[TimelineEvent]]
"""Events that are one mark, by lane, row, and where the mark begins."""


def melt(events: Sequence[TimelineEvent], axis: TimeAxis) -> Marks:
    """Few enough marks to tell apart."""
    ordered = sorted(events, key=lambda one: (one.lane, one.ts_utc, RANK[one.category], one.title))
    cell = CELL
    while True:
        marks: Marks = defaultdict(list)
        began: dict[tuple[str, int], float] = {}
        for event in ordered:
            place = event.lane, ROWS.get(event.category, LAST_ROW)
            x = axis.x(event.ts_utc)
            if x - began.get(place, -cell) >= cell:
                began[place] = x
            marks[*place, began[place]].append(event)
        if len(marks) <= MARKS or cell > axis.right:
            return marks
        cell *= 1.5


def mark(events: Sequence[TimelineEvent], axis: TimeAxis, y: float) -> Markup:
    """The symbol of the worst of some events, with all that a hover or a screen reader needs."""
    worst = worst_of(events)
    times = [event.ts_utc for event in events]
    many = f"{len(events)} events, the first of the worst: " if len(events) > 1 else ""
    title = zone(f"{text.span(min(times), max(times))}, {worst.category}: {many}{worst.title}", 300)
    radius = 4.2 if len(events) == 1 else 5.0 if len(events) < 10 else 6.0
    drawn = symbol(worst.category, centre(events, axis), y, radius)
    return Markup('<g class="mark">{}<title>{}</title></g>').format(drawn, title)


def label(events: Sequence[TimelineEvent], axis: TimeAxis, y: float, until: float) -> Markup:
    """What a mark is, in a word beside it, where it ends before `until`; empty where it does not."""
    worst = worst_of(events)
    alike = sum(1 for one in events if one.category == worst.category)
    if ROWS.get(worst.category, LAST_ROW) == 1:
        words = f"{worst.category} ×{alike}" if alike > 1 else worst.category
    else:
        words = f"×{alike}" if alike > 1 and worst.category in ROWS else ""
    x = centre(events, axis) + 8
    if not words or x + len(words) * LETTER > until:
        return Markup("")
    return Markup('<text class="what" x="{}" y="{}">{}</text>').format(coordinate(x), coordinate(y + 3.8), words)


def worst_of(events: Sequence[TimelineEvent]) -> TimelineEvent:
    """The event that a mark stands for."""
    return min(events, key=lambda one: (RANK[one.category], one.ts_utc))


def centre(events: Sequence[TimelineEvent], axis: TimeAxis) -> float:
    """Where a mark stands."""
    times = [event.ts_utc for event in events]
    return axis.x(min(times) + (max(times) - min(times)) / 2)


def symbol(category: str, x: float, y: float, r: float) -> Markup:
    """The shape of a category around a point."""
    shape = _SHAPES[category]
    kind = f"k-{category.replace(' ', '-')}"
    if shape in ("circle", "dot"):
        radius = r if shape == "circle" else r * 0.6
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
            kind, coordinate(x), coordinate(y), coordinate(radius)
        )
    if shape == "square":
        return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
            kind, coordinate(x - r * 0.9), coordinate(y - r * 0.9), coordinate(r * 1.8), coordinate(r * 1.8)
        )
    outlines = {
        "up": ((0.0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
        "down": ((0.0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
        "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
        "tick": ((-0.22, -0.9), (0.22, -0.9), (0.22, 0.9), (-0.22, 0.9)),
        "cross": (
            (-0.35, -1.0), (0.35, -1.0), (0.35, -0.35), (1.0, -0.35), (1.0, 0.35), (0.35, 0.35),
            (0.35, 1.0), (-0.35, 1.0), (-0.35, 0.35), (-1.0, 0.35), (-1.0, -0.35), (-0.35, -0.35),
        ),
    }  # fmt: skip
    points = " ".join(f"{coordinate(x + dx * r)},{coordinate(y + dy * r)}" for dx, dy in outlines[shape])
    return Markup('<polygon class="{}" points="{}"/>').format(kind, points)
