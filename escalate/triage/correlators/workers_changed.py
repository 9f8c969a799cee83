"""Requests move from one worker to another that was not there before."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    minutes: dict[str, list[datetime]] = defaultdict(list)
    for name, minute in index.http.minutes:
        if name:
            minutes[name].append(minute)
    if len(minutes) < 2:
        return unknown("HTTP rows name fewer than two workers.")
    for old, seen in minutes.items():
        for new, later in minutes.items():
            if old == new or max(seen) >= max(later) or min(later) <= max(seen):
                continue
            rows = [
                place for (name, _), found in index.http.samples.items() if name in (old, new) for place in found[:1]
            ]
            if rows:
                said = f"The last request on {old} is of {max(seen):%H:%M} UTC,"
                said += f" the first on {new} of {min(later):%H:%M} UTC."
                return holds(said, *rows[:3], before=old, after=new)
    return fails("The same workers answer from beginning to end.")


CORRELATOR = Correlator("workers_changed", frozenset(), _evaluate)
