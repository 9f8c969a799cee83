"""Starts of the app: whether one falls into the window or shortly before it."""

from __future__ import annotations

import re
from datetime import timedelta

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.ledger.cause import Test
from escalate.triage.ledger.silence import silence
from escalate.triage.result import Result, State, holds, unknown

START = re.compile(r"Starting container for site|initialized successfully|State: Started")
WARM_UP = timedelta(minutes=5)
"""How long after a start slowness may come from it."""
SOURCES = (Kind.PLATFORM_LOG, Kind.LOG_TABLE)


def cold(index: Index) -> Test:
    """A start of a container inside the window or shortly before, in the platform's own log."""
    window = index.window
    if window is None:
        return Test(unknown("The incident window is not known, so a start cannot be set beside it."))
    starts = [
        hit.place
        for hit in index.watched(LIFECYCLE).hits
        if hit.place.kind in SOURCES and hit.place.ts is not None and START.search(hit.place.excerpt)
    ]
    near = [place for place in starts if place.ts is not None and window.start - WARM_UP <= place.ts <= window.end]
    if near:
        first = near[0]
        where = f" on {first.instance}" if first.instance else ""
        said = f"{len(near)} line(s) of a start{where}, the first at {first.ts:%Y-%m-%d %H:%M:%S} UTC."
        return Test(holds(said, *near[:3]), (Measured(name="lines of a start near the window", value=len(near)),))
    quiet = silence(index, (Kind.PLATFORM_LOG,))
    if quiet.is_telling:
        said = (
            f"The platform log covers the window and has no start in it or in the {WARM_UP.seconds // 60} min before."
        )
        reaches = all(row.first_utc <= window.start - WARM_UP for row in quiet.covering)
        if reaches:
            return Test(Result(State.FAILS, said, quiet.cites))
    return Test(unknown("No platform log covers the window and the minutes before it, so a start could go unseen."))
