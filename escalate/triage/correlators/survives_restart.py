"""Server errors of one instance go on after its processes were started anew: the fault follows the worker."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

SETTLE = timedelta(minutes=2)


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    worker = hit.place.instance if hit is not None else None
    starts = [
        start
        for start in index.watched(LIFECYCLE).hits
        if start.place.ts is not None
        and inside(index.window, start.place)
        and (worker is None or start.place.instance in (None, worker))
    ]
    for start in starts:
        moment = start.place.ts
        if moment is None:
            continue
        errors = {
            minute: cell.errors
            for (name, minute), cell in index.http.minutes.items()
            if cell.errors and (worker is None or name == worker)
        }
        before = sum(count for minute, count in errors.items() if minute < moment)
        after = sum(count for minute, count in errors.items() if minute > moment + SETTLE)
        if before and after:
            return holds(
                f"Server errors before ({before}) and after ({after}) a start at {moment:%H:%M:%S} UTC.", start.place
            )
        if before:
            return fails(f"Server errors ended with the start at {moment:%H:%M:%S} UTC.", start.place)
    return unknown("No restart of the app on the affected worker falls into the window, so there is no control for it.")


CORRELATOR = Correlator("survives_restart", frozenset(), _evaluate)
