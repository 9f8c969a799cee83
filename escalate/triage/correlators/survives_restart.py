"""Server errors of one instance go on after its processes were started anew: the fault follows the worker."""

from __future__ import annotations

import re
from datetime import timedelta

from escalate.triage.correlators.customer_action_near import actions
from escalate.triage.index import LIFECYCLE, Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

SETTLE = timedelta(minutes=2)
RESTART = re.compile(
    r"microsoft\.web/(?:sites|serverfarms)(?:/[\w.]+)*/(?:restart|restartsites|start)/action", re.IGNORECASE
)


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    worker = hit.place.instance if hit is not None else None
    errors = {
        minute: cell.errors
        for (name, minute), cell in index.http.minutes.items()
        if cell.errors and (worker is None or name == worker)
    }
    for start in starts(index, worker):
        moment = start.ts
        if moment is None:
            continue
        before = sum(count for minute, count in errors.items() if minute < moment)
        after = sum(count for minute, count in errors.items() if minute > moment + SETTLE)
        if before and after:
            return holds(
                f"Server errors before ({before}) and after ({after}) a start at {moment:%H:%M:%S} UTC.", start
            )
        if before:
            return fails(f"Server errors ended with the start at {moment:%H:%M:%S} UTC.", start)
    return unknown("No restart of the app on the affected worker falls into the window, so there is no control for it.")


def starts(index: Index, worker: str | None) -> list[Place]:
    """Starts on the worker inside the window, as its logs tell them, then restarts of the app in the activity log."""
    logged = [
        start.place for start in index.watched(LIFECYCLE).hits if start.place.instance in (None, worker) or not worker
    ]
    asked = [place for place in actions(index) if RESTART.search(str(place.fields.get("operation", "")))]
    return [place for place in (*logged, *asked) if place.ts is not None and inside(index.window, place)]


CORRELATOR = Correlator("survives_restart", frozenset(), _evaluate)
