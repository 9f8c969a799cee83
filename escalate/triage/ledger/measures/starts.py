"""Starts of the app: whether one falls into the window or shortly before it."""

from __future__ import annotations

import re
from datetime import timedelta

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.ledger.cause import Test
from escalate.triage.ledger.silence import silence
from escalate.triage.place import UNNAMED
from escalate.triage.result import Cite, Result, State, holds, unknown

START = re.compile(r"Starting container for site|initialized successfully|State: Started")
WARM_UP = timedelta(minutes=5)
"""How long after a start slowness may come from it."""
AFTER = timedelta(minutes=2)
"""How long after the given start of the incident its true start may lie; a later start of the app did not cause it."""
SOURCES = (Kind.PLATFORM_LOG, Kind.LOG_TABLE)


def cold(index: Index) -> Test:
    """A start of a container where the incident begins, in the platform's own log."""
    window = index.window
    if window is None:
        return Test(unknown("The incident window is not known, so a start cannot be set beside it."))
    starts = [
        hit.place
        for hit in index.watched(LIFECYCLE).hits
        if hit.place.kind in SOURCES and hit.place.ts is not None and START.search(hit.place.excerpt)
    ]
    first, last = window.start - WARM_UP, min(window.start + AFTER, window.end)
    near = [place for place in starts if place.ts is not None and first <= place.ts <= last]
    numbers = (Measured(name="lines of a start where the incident begins", value=len(near)),)
    if near:
        where = f" on {near[0].instance}" if near[0].instance else ""
        lines = f"{len(near)} line{'' if len(near) == 1 else 's'}"
        said = f"{lines} of a start{where}, the first at {near[0].ts:%Y-%m-%d %H:%M:%S} UTC."
        return Test(holds(said, *near[:3]), numbers)
    later = [place for place in starts if place.ts is not None and last < place.ts <= window.end]
    quiet = silence(index, (Kind.PLATFORM_LOG,))
    covered = {row.lane for row in quiet.rows if row.first_utc <= first and row.last_utc >= last}
    missing = sorted({row.lane for row in quiet.rows} - covered)
    if not covered or missing:
        named = [name for name in missing if name != UNNAMED]
        of = f" of {', '.join(named)}" if named else ""
        said = f"No platform log{of} covers the start of the window and the minutes before, so a start could go unseen."
        return Test(unknown(said))
    said = f"The platform log has no start from {first:%H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
    said += f"; the first later one, at {later[0].ts:%H:%M:%S}, came after the trouble began" if later else ""
    cites = (*(Cite(place) for place in later[:1]), *quiet.cites)
    return Test(Result(State.FAILS, f"{said}.", cites), numbers)
