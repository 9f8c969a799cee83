"""The timeline as pictures: one lane per worker or source, its records as a band, what happened as marks on it.

Inline SVG with classes only: colours come from the style sheet, for light, dark and print. Nothing in a drawing acts,
and the same timeline is always the same bytes. There are two: all that is dated, and the incident window enlarged;
each once for wide screens and paper, once for phones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import TimeAxis, around, coordinate, time_axis
from escalate.draft.chronicle import RANK
from escalate.draft.claims import zone
from escalate.draft.marks_svg import LETTER, centre, label, mark, melt, symbol
from escalate.model.incident import Window
from escalate.model.timeline import Coverage, TimelineDocument, TimelineEvent

HEAD = 46.0
LABEL = 19.0
ROW = 16.0
BELOW = 9.0

LANES = 12
"""Lanes drawn; the table below the picture has the others."""
LEAST = timedelta(seconds=20)
QUIET = ("sample", "our footprint")
BOUND = 60.0
"""Room for the name of a bound."""
WORTH = 1.6
"""All that is dated is drawn as well when it is this many times as long as the window enlarged."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a drawing is made for."""

    name: str
    width: float
    margin: float
    ticks: int

    @property
    def letters(self) -> int:
        """Of a lane's name."""
        return int((self.width - 2 * self.margin) / 7.2)


WIDE = Sheet("wide", 960.0, 14.0, 7)
NARROW = Sheet("narrow", 360.0, 8.0, 3)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The pictures, and what their caption must say."""

    pictures: tuple[Markup, ...]
    """Of the window, for each sheet."""
    overviews: tuple[Markup, ...]
    """Of all that is dated, for each sheet; none where the window is nearly all of it."""
    span: Window
    whole: Window
    earlier: int
    later: int
    lanes_left_out: int
    legend: tuple[tuple[str, Markup], ...]
    """Categories in the picture, each with its mark."""
    has_gaps: bool


@dataclass(frozen=True, slots=True)
class _View:
    """What one drawing shows."""

    name: str
    title: str
    shown: Window
    lanes: tuple[str, ...]
    events: tuple[TimelineEvent, ...]
    timeline: TimelineDocument
    window: Window | None
    zoom: Window | None = None
    """The part that another picture enlarges; a view with one is an overview, with a low lane for each name."""


def draw(timeline: TimelineDocument, window: Window | None) -> Drawing | None:
    """The pictures around the incident window, or over everything when there is none; None without any record."""
    shown = _shown(timeline, window)
    if shown is None:
        return None
    axis = time_axis(shown, 0, 1, LEAST)
    shown = Window(start=axis.start, end=axis.end)
    inside = tuple(event for event in timeline.events if shown.start <= event.ts_utc <= shown.end)
    lanes, left_out = _lanes(inside, timeline.coverage, shown)
    amount = f"{text.count(len(inside), 'event')} in {text.count(len(lanes), 'lane')}"
    view = _View("timeline", f"Timeline of {amount}", shown, lanes, inside, timeline, window)
    made = [_picture(view, sheet) for sheet in (WIDE, NARROW)]
    whole = _whole(timeline, shown)
    over = _overview(view, whole)
    present = {event.category for event in inside if event.lane in lanes}
    return Drawing(
        pictures=tuple(picture for picture, _ in made),
        overviews=tuple(_picture(over, sheet)[0] for sheet in (WIDE, NARROW)) if over else (),
        span=shown,
        whole=whole,
        earlier=sum(1 for event in timeline.events if event.ts_utc < shown.start),
        later=sum(1 for event in timeline.events if event.ts_utc > shown.end),
        lanes_left_out=left_out,
        legend=tuple((one, symbol(one, 7.0, 7.0, 4.2)) for one in RANK if one in present),
        has_gaps=any(gap for _, gap in made),
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


def _whole(timeline: TimelineDocument, shown: Window) -> Window:
    """From the first to the last record that is not our own doing."""
    moments = [event.ts_utc for event in timeline.events if event.category != "our footprint"]
    moments += [moment for one in timeline.coverage for moment in (one.first_utc, one.last_utc)]
    return Window(start=min(shown.start, *moments), end=max(shown.end, *moments)) if moments else shown


def _overview(view: _View, whole: Window) -> _View | None:
    if whole.end - whole.start < (view.shown.end - view.shown.start) * WORTH:
        return None
    spread = around(whole, (whole.end - whole.start) * 0.02)
    events = tuple(
        one for one in view.timeline.events if spread.start <= one.ts_utc <= spread.end and one.category not in QUIET
    )
    lanes, _ = _lanes(events, view.timeline.coverage, spread)
    return _View("overview", "All that is dated", spread, lanes, events, view.timeline, view.window, zoom=view.shown)


def _lanes(events: Sequence[TimelineEvent], coverage: Sequence[Coverage], shown: Window) -> tuple[tuple[str, ...], int]:
    """The lanes to draw, the most telling first, and how many there is no room for."""
    best: dict[str, int] = {}
    for event in events:
        best[event.lane] = min(best.get(event.lane, len(RANK)), RANK[event.category])
    for one in coverage:
        if one.first_utc <= shown.end and one.last_utc >= shown.start:
            best.setdefault(one.lane, len(RANK))
    ordered = sorted(best, key=lambda lane: (best[lane], lane))
    return tuple(ordered[:LANES]), max(0, len(ordered) - LANES)


def _picture(view: _View, sheet: Sheet) -> tuple[Markup, bool]:
    """One drawing, and whether it has a stretch without records."""
    axis = time_axis(view.shown, sheet.margin, sheet.width - sheet.margin, LEAST)
    low = view.zoom is not None
    marks = melt([event for event in view.events if event.lane in set(view.lanes)], axis)
    parts: list[Markup] = []
    y = HEAD
    has_gaps = False
    for number, lane in enumerate(view.lanes):
        own = {(row, at): events for (name, row, at), events in marks.items() if name == lane}
        rows = [0] if low else sorted({row for row, _ in own}) or [0]
        height = ROW * len(rows)
        words = Markup('<text class="lane" x="{}" y="{}">{}</text>')
        parts.append(words.format(coordinate(sheet.margin), coordinate(y + 13), zone(lane, sheet.letters)))
        track, gap = _track(lane, view, axis, y + LABEL, height)
        has_gaps = has_gaps or gap
        parts.append(track)
        for row in rows:
            middle = y + LABEL + ROW * rows.index(row) + ROW / 2
            line = sorted(
                (events for (of, _), events in own.items() if low or of == row), key=lambda one: centre(one, axis)
            )
            parts += [mark(events, axis, middle) for events in line]
            if not low:
                parts += _labels(line, axis, middle)
        y += LABEL + height + (BELOW if number < len(view.lanes) - 1 else 4)
    head = Markup(
        '<svg class="{0} {1}" viewBox="0 0 {2} {3}" role="img" aria-labelledby="{0}-{1}" '
        'xmlns="http://www.w3.org/2000/svg"><title id="{0}-{1}">{4}</title>{5}</svg>'
    )
    name = f"{view.title}, {text.span(axis.start, axis.end)}"
    body = Markup("").join([_frame(view, axis, sheet, y), *parts])
    return head.format(view.name, sheet.name, coordinate(sheet.width), coordinate(y), name, body), has_gaps


def _labels(line: Sequence[Sequence[TimelineEvent]], axis: TimeAxis, y: float) -> list[Markup]:
    """A word beside each mark of a row, as far as the next mark leaves room."""
    ends = [*(centre(events, axis) - 7 for events in line[1:]), axis.right][: len(line)]
    return [label(events, axis, y, until) for events, until in zip(line, ends, strict=True)]


def _track(lane: str, view: _View, axis: TimeAxis, top: float, height: float) -> tuple[Markup, bool]:
    """The lane's band: hatched where no record is, filled where there are some; and whether any of it is hatched."""
    spans = sorted((one.first_utc, one.last_utc) for one in view.timeline.coverage if one.lane == lane)
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
    for silence in view.timeline.gaps:
        inside = silence.start_utc < axis.end and silence.end_utc > axis.start
        if silence.lane == lane and silence.reason == "silence" and inside:
            x, wide = axis.x(silence.start_utc), axis.x(silence.end_utc) - axis.x(silence.start_utc)
            parts.append(rect.format("uncovered", coordinate(x), y, coordinate(max(2.0, wide)), h))
            gap = True
    return Markup("").join(parts), gap or reach < axis.end


def _joined(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _frame(view: _View, axis: TimeAxis, sheet: Sheet, bottom: float) -> Markup:
    """Hatching, the incident window, what another picture enlarges, and the time scale."""
    pattern = f"nothing-{view.name}-{sheet.name}"
    parts = [
        Markup(
            '<defs><pattern id="{}" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
        ).format(pattern)
    ]
    top = HEAD - 18
    box = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
    for kind, span, what in (("window", view.window, "Incident window"), ("zoom", view.zoom, "Enlarged below")):
        if span is not None:
            x, wide = axis.x(span.start), max(1.5, axis.x(span.end) - axis.x(span.start))
            title = f"{what} {text.span(span.start, span.end)}"
            sides = (coordinate(one) for one in (x, top, wide, bottom - top))
            parts.append(box.format(kind, *sides, title))
    if view.zoom is None:
        parts += _bounds(view, axis, top, bottom)
    for moment, words in axis.ticks(sheet.ticks):
        x = axis.x(moment)
        line = Markup('<line class="grid" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>')
        parts.append(line.format(coordinate(x), coordinate(top), coordinate(bottom)))
        half = len(words) * LETTER / 2
        edge = "start" if x < sheet.margin + half else "end" if x > sheet.width - sheet.margin - half else "middle"
        tick = Markup('<text class="tick" x="{}" y="15" text-anchor="{}">{}</text>')
        parts.append(tick.format(coordinate(x), edge, words))
    return Markup("").join(parts)


def _bounds(view: _View, axis: TimeAxis, top: float, bottom: float) -> list[Markup]:
    """A line each where service was last seen good and first seen bad."""
    line = Markup('<line class="bound {0}" x1="{1}" y1="{2}" x2="{1}" y2="{3}"><title>{4}</title></line>')
    name = Markup('<text class="bound {}" x="{}" y="{}" text-anchor="{}">{}</text>')
    parts = []
    bounds = (("good", "last good", view.timeline.last_good), ("bad", "first bad", view.timeline.first_bad))
    for kind, words, found in bounds:
        if found is not None and axis.start <= found.ts_utc <= axis.end:
            x = axis.x(found.ts_utc)
            title = zone(f"{words}: {text.moment(found.ts_utc, found.precision)}, {found.sentence}", 300)
            sides = (coordinate(one) for one in (x, top - 4, bottom))
            parts.append(line.format(kind, *sides, title))
            before = (kind == "good" and x - axis.left > BOUND) or axis.right - x < BOUND
            at = x - 4 if before else x + 4
            parts.append(name.format(kind, coordinate(at), coordinate(top + 3), "end" if before else "start", words))
    return parts
