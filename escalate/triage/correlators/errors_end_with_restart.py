"""A text is in the log until the app was started anew and not after it, though it goes on: it followed the process."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalate.triage.correlators.survives_restart import starts
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown

SETTLE = timedelta(minutes=1)


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    what = text(args, "what", "this text")
    found = [one.place for one in index.watched(text(args, "regex")).hits if inside(index.window, one.place)]
    times = [place.ts for place in found if place.ts is not None]
    for start in starts(index, hit.place.instance if hit else None):
        moment = start.ts
        if moment is None or not any(ts < moment for ts in times):
            continue
        if any(ts > moment + SETTLE for ts in times):
            return holds(
                f"After a start at {moment:%H:%M:%S} UTC there is {what} as before.", start, *_after(found, moment)
            )
        if _goes_on(index, {place.site for place in found if place.site}, moment):
            return fails(f"A start at {moment:%H:%M:%S} UTC ended {what}: it followed the process.", start)
    return unknown("No restart of the app falls into the window, so it is not known whether it follows the process.")


def _after(found: list[Place], moment: datetime) -> list[Place]:
    return [place for place in found if place.ts is not None and place.ts > moment][:1]


def _goes_on(index: Index, sites: set[str], moment: datetime) -> bool:
    """Whether logs or rows, of these apps where they are named, tell of the time after the restart."""
    if sites & set(index.sites):
        return any(index.sites[site][1] > moment + SETTLE for site in sites & set(index.sites))
    return any(row.last_utc > moment + SETTLE for row in index.logs)


CORRELATOR = Correlator("errors_end_with_restart", frozenset({"regex", "what"}), _evaluate)
