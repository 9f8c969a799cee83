"""Time and value axes: round ticks, and where on the drawing a value stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from escalate.model.incident import Window

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
DAY = 86400
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, tzinfo=UTC)
"""A log may claim any year; arithmetic on times must not fail for it."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A span of time laid over `left` to `right`, in drawing units."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, moment: datetime) -> float:
        """Where a moment stands; outside of the span it is held at the edge."""
        share = (moment - self.start) / (self.end - self.start)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def ticks(self, about: int = 7) -> list[tuple[datetime, str]]:
        """Round moments with labels: seconds, minutes, or days as the span asks for."""
        seconds = (self.end - self.start).total_seconds()
        step = next((one for one in _STEPS if seconds / one <= about), math.ceil(seconds / about / DAY) * DAY)
        first = math.ceil(self.start.timestamp() / step) * step
        pattern = "%H:%M:%S" if step < 60 else "%H:%M" if step < DAY else "%m-%d"
        moments = (datetime.fromtimestamp(at, UTC) for at in range(first, int(self.end.timestamp()) + 1, step))
        return [(moment, f"{moment:{'%m-%d' if _midnight(moment) else pattern}}") for moment in moments]


def _midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def around(window: Window, by: timedelta) -> Window:
    """The window with `by` added at both ends, within the years we reckon with."""
    start, end = (min(max(moment, EARLIEST), LATEST) for moment in (window.start, window.end))
    return Window(start=max(start - min(by, start - EARLIEST), EARLIEST), end=end + min(by, LATEST - end))


def time_axis(window: Window, left: float, right: float, least: timedelta) -> TimeAxis:
    """An axis over the window, widened evenly to `least` where that is shorter."""
    wide = around(window, max(timedelta(), least - (window.end - window.start)) / 2)
    end = max(wide.end, wide.start + least)
    return TimeAxis(wide.start, end, left, right)


def ceiling(value: float) -> float:
    """The next round number at or above: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1.0, 2.0, 5.0, 10.0) if value <= power * factor * (1 + 1e-9))


def coordinate(value: float) -> str:
    """At most two decimals, none for whole numbers: equal drawings have equal bytes."""
    words = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if words == "-0" else words
