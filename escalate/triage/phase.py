"""Before, during and after the incident window: the three times that are compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from escalate.model.incident import Window
from escalate.triage.place import WINDOW_MARGIN

Phase = Literal["before", "during", "after"]
PHASES: tuple[Phase, ...] = ("before", "during", "after")

REACH = timedelta(hours=24)
"""How far before and after the window a record still belongs to the same comparison: a day has a shape of its own."""


def phase_of(ts: datetime | None, window: Window | None) -> Phase | None:
    """The phase of a moment; None without window or time, in the margin between two phases, and a day away."""
    if window is None or ts is None:
        return None
    if ts < window.start:
        return "before" if WINDOW_MARGIN < window.start - ts <= REACH else None
    if ts > window.end:
        return "after" if WINDOW_MARGIN < ts - window.end <= REACH else None
    return "during"


def span_of(phase: Phase, window: Window) -> tuple[datetime, datetime]:
    """Start and end of a phase."""
    if phase == "before":
        return window.start - REACH, window.start - WINDOW_MARGIN
    if phase == "after":
        return window.end + WINDOW_MARGIN, window.end + REACH
    return window.start, window.end
