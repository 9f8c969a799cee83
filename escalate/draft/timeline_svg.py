"""The timeline as a picture: one lane per instance or source, what each covers, and what happened, in inline SVG.

Colours and patterns are classes; the page's style sheet gives them, for light, dark and print. Nothing in the drawing
acts, and the same timeline is always the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import TimeAxis, around, coordinate, time_axis
from escalate.draft.chronicle import RANK
from escalate.draft.claims import zone
from escalate.model.incident import Window
from escalate.model.timeline import Coverage, TimelineDocument, TimelineEvent

WIDTH = 960.0
MARGIN = 14.0
HEAD = 34.0
LABEL = 19.0
ROW = 15.0
BELOW = 9.0

LANES = 12
"""Lanes drawn; the table below the picture has the others."""
MARKS = 600
"""Marks drawn at most; nearer ones melt into one until there are no more than that."""
CELL = 9.0
"""Width within which marks of one row are one mark."""
LEAST = timedelta(seconds=20)
QUIET = ("sample", "our footprint")

_ROWS: Mapping[str, int] = MappingProxyType(
    {"error": 0, "health": 0, "restart": 1, "deployment": 1, "change": 1, "platform": 1}
)
_LAST_ROW = 2

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


@dataclass(frozen=True, slots=True)
class Drawing:
    """The picture, and what its caption must say."""

    svg: Markup
    span: Window
    earlier: int
    later: int
    lanes_left_out: int
    legend: tuple[tuple[str, Markup], ...]
    """Categories in the picture, each with its mark."""
    has_gaps: bool


def draw(timeline: TimelineDocument, window: Window | None) -> Drawing | None:
    """The picture around the incident window, or over everything when there is no window; None without any record."""
    shown = _shown(timeline, window)
    if shown is None:
        return None
    axis = time_axis(shown, MARGIN, WIDTH - MARGIN, LEAST)
    shown = Window(start=axis.start, end=axis.end)
    inside = [event for event in timeline.events if shown.start <= event.ts_utc <= shown.end]
    lanes, left_out = _lanes(inside, timeline.coverage, shown)
    marks = _marks([event for event in inside if event.lane in set(lanes)], axis)

    parts: list[Markup] = []
    y = HEAD
    has_gaps = False
    for number, lane in enumerate(lanes):
        used = sorted({row for (name, row, _), _ in marks.items() if name == lane}) or [0]
        height = ROW * len(used)
        label = Markup('<text class="lane" x="{}" y="{}">{}</text>')
        parts.append(label.format(coordinate(MARGIN), coordinate(y + 13), zone(lane, 90)))
        track, gap = _track(lane, timeline.coverage, axis, y + LABEL, height)
        has_gaps = has_gaps or gap
        parts.append(track)
        for (name, row, _), events in marks.items():
            if name == lane:
                centre = y + LABEL + ROW * used.index(row) + ROW / 2
                parts.append(_mark(events, axis, centre))
        y += LABEL + height + (BELOW if number < len(lanes) - 1 else 4)

    body = Markup("").join([_frame(axis, window, y), *parts])
    head = Markup(
        '<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-labelledby="timeline-name" '
        'xmlns="http://www.w3.org/2000/svg"><title id="timeline-name">{}</title>{}</svg>'
    )
    amount = f"{text.count(len(inside), 'event')} in {text.count(len(lanes), 'lane')}"
    name = f"Timeline of {amount}, {text.span(axis.start, axis.end)}"
    present = {event.category for events in marks.values() for event in events}
    return Drawing(
        svg=head.format(coordinate(WIDTH), coordinate(y), name, body),
        span=shown,
        earlier=sum(1 for event in timeline.events if event.ts_utc < shown.start),
        later=sum(1 for event in timeline.events if event.ts_utc > shown.end),
        lanes_left_out=left_out,
        legend=tuple((one, _symbol(one, 7.0, 7.0, 4.2)) for one in RANK if one in present),
        has_gaps=has_gaps,
    )


def _shown(timeline: TimelineDocument, window: Window | None) -> Window | None:
    if not timeline.events and not timeline.coverage:
        return None
    if window is not None:
        return around(window, max(timedelta(minutes=1), (window.end - window.start) * 0.35))
    telling = [event.ts_utc for event in timeline.events if event.category not in QUIET]
    moments = telling or [event.ts_utc for event in timeline.events]
    moments = moments or [moment for one in timeline.coverage for moment in (one.first_utc, one.last_utc)]
    found = Window(start=min(moments), end=max(moments))
    return around(found, (found.end - found.start) * 0.03)


def _lanes(events: Sequence[TimelineEvent], coverage: Sequence[Coverage], shown: Window) -> tuple[list[str], int]:
    """The lanes to draw, the most telling first, and how many there is no room for."""
    best: dict[str, int] = {}
    for event in events:
        best[event.lane] = min(best.get(event.lane, len(RANK)), RANK[event.category])
    for one in coverage:
        if one.first_utc <= shown.end and one.last_utc >= shown.start:
            best.setdefault(one.lane, len(RANK))
    ordered = sorted(best, key=lambda lane: (best[lane], lane))
    return ordered[:LANES], max(0, len(ordered) - LANES)


def _marks(events: Sequence[TimelineEvent], axis: TimeAxis) -> dict[tuple[str, int, float], list[TimelineEvent]]:
    """Events that melt into one mark, by lane, row, and where the mark begins."""
    ordered = sorted(events, key=lambda one: (one.lane, one.ts_utc, RANK[one.category], one.title))
    cell = CELL
    while True:
        marks: dict[tuple[str, int, float], list[TimelineEvent]] = defaultdict(list)
        began: dict[tuple[str, int], float] = {}
        for event in ordered:
            place = event.lane, _ROWS.get(event.category, _LAST_ROW)
            x = axis.x(event.ts_utc)
            if x - began.get(place, -cell) >= cell:
                began[place] = x
            marks[*place, began[place]].append(event)
        if len(marks) <= MARKS or cell > WIDTH:
            return marks
        cell *= 1.5


def _track(lane: str, coverage: Sequence[Coverage], axis: TimeAxis, top: float, height: float) -> tuple[Markup, bool]:
    """The lane's band: hatched where no record is, filled where there are some; and whether any of it is hatched."""
    spans = sorted((one.first_utc, one.last_utc) for one in coverage if one.lane == lane)
    rect = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')
    y, h = coordinate(top), coordinate(height)
    left, right = coordinate(axis.left), coordinate(axis.right - axis.left)
    parts = [rect.format("uncovered", left, y, right, h)]
    reach = axis.start
    gap = False
    for first, last in _joined(spans):
        if last < axis.start or first > axis.end:
            continue
        x = axis.x(first)
        parts.append(rect.format("covered", coordinate(x), y, coordinate(max(2.0, axis.x(last) - x)), h))
        gap = gap or first > reach
        reach = last
    return Markup("").join(parts), gap or reach < axis.end


def _joined(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _mark(events: Sequence[TimelineEvent], axis: TimeAxis, y: float) -> Markup:
    worst = min(events, key=lambda one: (RANK[one.category], one.ts_utc))
    times = [event.ts_utc for event in events]
    x = axis.x(min(times) + (max(times) - min(times)) / 2)
    many = f"{len(events)} events, the first of the worst: " if len(events) > 1 else ""
    title = zone(f"{text.span(min(times), max(times))}, {worst.category}: {many}{worst.title}", 300)
    radius = 4.2 if len(events) == 1 else 5.0 if len(events) < 10 else 6.0
    return Markup('<g class="mark">{}<title>{}</title></g>').format(_symbol(worst.category, x, y, radius), title)


def _symbol(category: str, x: float, y: float, r: float) -> Markup:
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


def _frame(axis: TimeAxis, window: Window | None, bottom: float) -> Markup:
    """Hatching, the incident window, and the time scale."""
    parts = [
        Markup(
            '<defs><pattern id="nothing" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
        )
    ]
    top = coordinate(HEAD - 8)
    if window is not None:
        x = axis.x(window.start)
        wide = max(1.5, axis.x(window.end) - x)
        shade = Markup('<rect class="window" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
        title = f"Incident window {text.span(window.start, window.end)}"
        parts.append(shade.format(coordinate(x), top, coordinate(wide), coordinate(bottom - HEAD + 8), title))
    for moment, label in axis.ticks():
        x = axis.x(moment)
        line = Markup('<line class="grid" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>')
        parts.append(line.format(coordinate(x), top, coordinate(bottom)))
        edge = "start" if x < MARGIN + 20 else "end" if x > WIDTH - MARGIN - 20 else "middle"
        words = Markup('<text class="tick" x="{}" y="15" text-anchor="{}">{}</text>')
        parts.append(words.format(coordinate(x), edge, label))
    return Markup("").join(parts)
