"""Memory and pressure over time as small line charts, where the cited evidence holds samples of /proc."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import ceiling, coordinate, time_axis
from escalate.draft.facts import Facts
from escalate.model.incident import Window

WIDTH = 460.0
HEIGHT = 150.0
LEFT = 46.0
RIGHT = 12.0
TOP = 12.0
BOTTOM = 24.0
POINTS = 240
"""Points drawn of one series; the others are left out evenly."""


@dataclass(frozen=True, slots=True)
class _Measure:
    title: str
    unit: str
    where: str
    """What the path or lane must name, so that `some avg10` of the processor is not taken for memory."""
    pattern: re.Pattern[str]
    value: Callable[[float], float]
    least: float
    """The scale goes at least to here, so that nothing looks like much."""


_MEASURES = (
    _Measure(
        "Memory available",
        "MB",
        "meminfo",
        re.compile(r"MemAvailable:\s*(\d{1,15}) kB"),
        lambda kb: kb * 1024 / 1e6,
        100.0,
    ),
    _Measure(
        "Memory pressure, share of time stalled",
        "%",
        "memory",
        re.compile(r"some avg10=(\d{1,3}(?:\.\d{1,6})?)"),
        lambda share: share,
        20.0,
    ),
    _Measure(
        "CPU pressure, share of time stalled",
        "%",
        "cpu",
        re.compile(r"some avg10=(\d{1,3}(?:\.\d{1,6})?)"),
        lambda share: share,
        20.0,
    ),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure: the picture and the same numbers for a table."""

    title: str
    unit: str
    svg: Markup
    points: tuple[tuple[datetime, float], ...]


def charts(facts: Facts) -> tuple[Chart, ...]:
    """A chart for each measure with at least two samples."""
    made = []
    for measure in _MEASURES:
        points = _points(measure, facts)
        if len(points) >= 2:
            made.append(Chart(measure.title, measure.unit, _draw(measure, points, facts.window), points))
    return tuple(made)


def _points(measure: _Measure, facts: Facts) -> tuple[tuple[datetime, float], ...]:
    found: dict[datetime, float] = {}
    for moment, where, words in _samples(facts):
        if measure.where in where:
            match = measure.pattern.search(words)
            if match:
                found.setdefault(moment, measure.value(float(match[1])))
    ordered = sorted(found.items())
    every = -(-len(ordered) // POINTS) or 1
    return tuple(ordered[::every])


def _samples(facts: Facts) -> Iterable[tuple[datetime, str, str]]:
    paths = {item.id: item.path for item in facts.triage.evidence}
    for item in facts.triage.evidence:
        if item.ts_utc is not None:
            yield item.ts_utc, item.path.lower(), item.excerpt
    for event in facts.timeline.events:
        if event.category == "sample":
            path = paths.get(event.evidence, "") if event.evidence else ""
            yield event.ts_utc, f"{path} {event.title}".lower(), event.title


def _draw(measure: _Measure, points: tuple[tuple[datetime, float], ...], window: Window | None) -> Markup:
    span = Window(start=points[0][0], end=points[-1][0])
    axis = time_axis(span, LEFT, WIDTH - RIGHT, timedelta(seconds=2))
    top = max(measure.least, ceiling(max(value for _, value in points)))
    floor = HEIGHT - BOTTOM

    def y(value: float) -> float:
        return floor - value / top * (floor - TOP)

    parts: list[Markup] = []
    partly = window is not None and (window.start > axis.start or window.end < axis.end)
    if window is not None and partly and window.end >= axis.start and window.start <= axis.end:
        x = axis.x(window.start)
        shade = Markup('<rect class="window" x="{}" y="{}" width="{}" height="{}"/>')
        parts.append(shade.format(coordinate(x), TOP, coordinate(axis.x(window.end) - x), coordinate(floor - TOP)))
    for share in (0.0, 0.5, 1.0):
        at = coordinate(y(top * share))
        parts.append(Markup('<line class="grid" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>').format(LEFT, WIDTH - RIGHT, at))
        words = Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>')
        parts.append(words.format(LEFT - 6, coordinate(y(top * share) + 3.5), _value(top * share)))
    for moment, label in axis.ticks(about=4):
        words = Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>')
        parts.append(words.format(coordinate(min(axis.x(moment), WIDTH - RIGHT - 14)), HEIGHT - 6, label))
    track = " ".join(f"{coordinate(axis.x(moment))},{coordinate(y(value))}" for moment, value in points)
    parts.append(Markup('<polyline class="line" points="{}"/>').format(track))
    for moment, value in points:
        dot = Markup('<circle class="point" cx="{}" cy="{}" r="2.6"><title>{}</title></circle>')
        title = f"{text.moment(moment)}: {_value(value)} {measure.unit}"
        parts.append(dot.format(coordinate(axis.x(moment)), coordinate(y(value)), title))
    lowest, highest = min(v for _, v in points), max(v for _, v in points)
    name = f"{measure.title}: {_value(lowest)} to {_value(highest)} {measure.unit}, {text.span(span.start, span.end)}"
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">'
    )
    return head.format(coordinate(WIDTH), coordinate(HEIGHT), name) + Markup("").join(parts) + Markup("</svg>")


def _value(value: float) -> str:
    return coordinate(round(value, 2 if value < 10 else 0))
