"""A restart, deployment, swap, scale or configuration write stands in the activity log shortly before the trouble."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

ACTION = re.compile(
    r"microsoft\.web/(?:sites|serverfarms)(?:/[\w.]+)*/(?:write|delete|restart/action|start/action|stop/action|"
    r"publish/action|slotsswap/action|applyslotconfig/action|restartsites/action|reboot/action)",
    re.IGNORECASE,
)
SCALING = re.compile(
    r"microsoft\.insights/autoscalesettings/scale(?:up|down)|^autoscale scale (?:up|down)", re.IGNORECASE
)
MINUTE = timedelta(minutes=1)
READING = re.compile(r"^(?:list|get|view|read|check|validate|sync)\b", re.IGNORECASE)
"""How names of operations that change nothing begin, where an export has names and not codes (`Restart Web App`)."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    before = timedelta(minutes=number(args, "within_min", 10))
    after = timedelta(minutes=number(args, "after_min", 2))
    moments = _moments(hit, index, after)
    if not any(artifact.kind is Kind.ACTIVITY_LOG for artifact in index.artifacts):
        return unknown("No activity log was collected, so deployments and configuration changes are not known.")
    if not moments:
        return unknown("Neither the incident window nor the time of the match is known.")
    moment = moments[0][0]
    near = [
        place
        for place in actions(index)
        if place.ts is not None and any(one - before <= place.ts <= one + late for one, late in moments)
    ]
    if near:
        first = near[0]
        done = first.fields.get("operation")
        return holds(f"{done} at {first.ts:%Y-%m-%d %H:%M:%S} UTC, close to the first sign.", *near[:3])
    latest = [place for place in actions(index) if place.ts is not None and place.ts <= moment]
    said = f"; the last one before it is of {latest[-1].ts:%Y-%m-%d %H:%M} UTC" if latest else ""
    minutes = before.total_seconds() / 60
    return fails(f"The activity log has no change within {minutes:.0f} min before the first sign{said}.", *latest[-1:])


def actions(index: Index) -> list[Place]:
    """Changes by people and pipelines in the activity log, oldest first."""
    found = [
        place
        for place in index.facts.of(Kind.ACTIVITY_LOG)
        if place.ts is not None and _changes(str(place.fields.get("operation", "")))
    ]
    return sorted(found, key=lambda place: place.ts.timestamp() if place.ts else 0.0)


def _changes(operation: str) -> bool:
    if "/" in operation:
        return bool(ACTION.search(operation) or SCALING.search(operation))
    return bool(operation) and not READING.search(operation)


def _moments(hit: Hit | None, index: Index, after: timedelta) -> list[tuple[datetime, timedelta]]:
    """The time of the match, and how much later a change may be; without one where window and server errors begin.

    The window is somebody's guess; the minute of the first error is not: what follows it is an answer to it.
    """
    if hit is not None and hit.place.ts is not None:
        return [(hit.place.ts, after)]
    found = [(index.window.start, after)] if index.window else []
    error = index.http.first_error
    return [*found, (error, MINUTE)] if error is not None else found


CORRELATOR = Correlator("customer_action_near", frozenset({"within_min", "after_min"}), _evaluate)
