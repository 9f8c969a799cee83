"""Small charts, one for each measure, with a line for each worker: those with findings stand out from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from markupsafe import Markup

from escalate.draft import text
from escalate.draft.axis import TimeAxis, around, ceiling, coordinate, time_axis
from escalate.draft.claims import zone
from escalate.draft.measured import Series
from escalate.model.incident import Window

WIDTH = 320.0
HEIGHT = 150.0
LEFT = 44.0
RIGHT = 12.0
TOP = 12.0
BOTTOM = 24.0
PANELS = 9
"""Measures drawn; those in which the sick differ most from the others come first."""
LINES = 14
"""Workers drawn in one chart."""
POINTS = 180
"""Points drawn of one line; the others are left out evenly."""
MARKED = 30
"""Up to so many points each is marked."""
NEAR = timedelta(minutes=30)
"""Drawn before and after the window; a month of metrics would hide ten minutes of it."""

_SCALES = {
    "bytes": ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")),
    "bytespersecond": ((1e6, "MB/s"), (1e3, "kB/s")),
}
_UNITS = {"percent": "%", "seconds": "s", "milliseconds": "ms", "count": "", "countpersecond": "/s", "bytes": "B"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: the picture, and what its caption says."""

    measure: str
    unit: str
    svg: Markup
    left_out: int
    """Workers without a line."""


def panels(series: Sequence[Series], sick: Sequence[str], window: Window | None) -> tuple[tuple[Panel, ...], int]:
    """The charts, and how many measures there was no room for; a measure needs two points of one worker."""
    by: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for one in series:
        near = _near(one, window)
        if len(near.points) >= 2:
            by[one.measure, one.unit].append(near)
    ordered = sorted(by.values(), key=lambda group: (-_apart(group, sick), group[0].measure))
    return tuple(_panel(group, sick, window) for group in ordered[:PANELS]), max(0, len(ordered) - PANELS)


def compared(series: Sequence[Series], sick: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Workers of which numbers exist: those with findings, and the others; nothing where only one side has any."""
    names = tuple(sorted({one.worker for one in series if one.worker}))
    ill = tuple(name for name in names if name in sick)
    well = tuple(name for name in names if name not in sick)
    return (ill, well) if ill and well else ((), ())


def _near(series: Series, window: Window | None) -> Series:
    if window is None:
        return series
    near = around(window, max(NEAR, window.end - window.start))
    points = tuple((at, value) for at, value in series.points if near.start <= at <= near.end)
    return Series(series.measure, series.unit, series.worker, points, series.least)


def _apart(group: Sequence[Series], sick: Sequence[str]) -> float:
    """How far the means of the sick and of the others are apart, as a share of the larger."""
    ill = [value for one in group if one.worker in sick for _, value in one.points]
    well = [value for one in group if one.worker and one.worker not in sick for _, value in one.points]
    if not ill or not well:
        return -1.0
    top = max(abs(fmean(ill)), abs(fmean(well)))
    return abs(fmean(ill) - fmean(well)) / top if top else 0.0


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where values and moments stand on one chart."""

    axis: TimeAxis
    factor: float
    unit: str
    top: float

    def y(self, value: float) -> float:
        """The height of a value; below nought is nought."""
        floor = HEIGHT - BOTTOM
        return floor - max(0.0, value / self.factor) / self.top * (floor - TOP)

    def words(self, value: float) -> str:
        """The value with its unit."""
        return f"{_figure(value / self.factor)} {self.unit}".rstrip()


def _panel(group: Sequence[Series], sick: Sequence[str], window: Window | None) -> Panel:
    ill, well = compared(group, sick)
    shown = sorted(group, key=lambda one: (one.worker not in ill, one.worker or ""))[:LINES]
    values = [value for one in shown for _, value in one.points]
    moments = [at for one in shown for at, _ in one.points]
    axis = time_axis(Window(start=min(moments), end=max(moments)), LEFT, WIDTH - RIGHT, timedelta(seconds=2))
    most = max(*values, *(one.least for one in shown))
    factor, unit = _scale(group[0].unit, most)
    plot = _Plot(axis, factor, unit, 100.0 if unit == "%" and 20 < most <= 100 else ceiling(most / factor))
    parts = _frame(plot, window)
    for one in reversed(shown):  # the sick on top
        kind = "sick" if one.worker in ill else "well" if one.worker in well else "alone"
        parts += _line(one, kind, plot)
    name = f"{zone(group[0].measure, 80)}: {plot.words(min(values))} to {plot.words(max(values))}"
    head = Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">{}</svg>'
    )
    spoken = f"{name}, {text.span(min(moments), max(moments))}"
    svg = head.format(coordinate(WIDTH), coordinate(HEIGHT), spoken, Markup("").join(parts))
    return Panel(group[0].measure, unit, svg, len(group) - len(shown))


def _frame(plot: _Plot, window: Window | None) -> list[Markup]:
    """The incident window, unless the chart lies in it wholly, and both scales."""
    parts: list[Markup] = []
    axis, floor = plot.axis, HEIGHT - BOTTOM
    partly = window is not None and (window.start > axis.start or window.end < axis.end)
    if window is not None and partly and window.end >= axis.start and window.start <= axis.end:
        x = axis.x(window.start)
        shade = Markup('<rect class="window" x="{}" y="{}" width="{}" height="{}"/>')
        wide = max(1.5, axis.x(window.end) - x)
        parts.append(shade.format(coordinate(x), coordinate(TOP), coordinate(wide), coordinate(floor - TOP)))
    grid = Markup('<line class="grid" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>')
    tick = Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>')
    for share in (0.0, 0.5, 1.0):
        y = floor - share * (floor - TOP)
        parts.append(grid.format(coordinate(LEFT), coordinate(WIDTH - RIGHT), coordinate(y)))
        parts.append(tick.format(coordinate(LEFT - 6), coordinate(y + 3.8), "end", _figure(plot.top * share)))
    for moment, words in axis.ticks(about=3):
        x = min(axis.x(moment), WIDTH - RIGHT - 16)
        parts.append(tick.format(coordinate(x), coordinate(HEIGHT - 6), "middle", words))
    return parts


def _line(one: Series, kind: str, plot: _Plot) -> list[Markup]:
    """One worker's line; few points are marked, so that what was measured is told from what lies between."""
    points = one.points[:: -(-len(one.points) // POINTS) or 1]
    track = " ".join(f"{coordinate(plot.axis.x(at))},{coordinate(plot.y(value))}" for at, value in points)
    name = f"{one.worker}: " if one.worker else ""
    reach = f"{plot.words(min(value for _, value in points))} to {plot.words(max(value for _, value in points))}"
    line = Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>')
    parts = [line.format(kind, track, zone(f"{name}{reach}", 160))]
    if len(points) <= MARKED and kind != "well":
        dot = Markup('<circle class="point {}" cx="{}" cy="{}" r="2.4"><title>{}</title></circle>')
        for at, value in points:
            title = zone(f"{name}{text.moment(at)}: {plot.words(value)}", 160)
            parts.append(dot.format(kind, coordinate(plot.axis.x(at)), coordinate(plot.y(value)), title))
    return parts


def _scale(unit: str, most: float) -> tuple[float, str]:
    """What values are divided by, and the unit they then have."""
    name = unit.replace(" ", "").casefold()
    for factor, words in _SCALES.get(name, ()):
        if most >= factor:
            return factor, words
    return 1.0, _UNITS.get(name, unit)


def _figure(value: float) -> str:
    if value and abs(value) >= 10_000:
        return f"{value:,.0f}"
    return coordinate(round(value, 2 if abs(value) < 10 else 0))
