"""A stop was ordered: by a line of the platform on that instance, or by an operation in the activity log."""

from __future__ import annotations

from datetime import timedelta

from escalate.model.kind import Kind
from escalate.triage.correlators.customer_action_near import actions
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

ORDER = (
    r"Stopping site \S+ because\b|State: Stopping, Action: (?:Stop|None)|was restarted by user|because of (?:a )?scale|"
    r"[Rr]ecycl\w+ (?:due to|because)|requested a recycle"
)


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    reach = timedelta(seconds=number(args, "within_s", 300))
    if hit is None or hit.place.ts is None:
        return unknown("The time of the stop is not known, so no order can be set beside it.")
    moment = hit.place.ts
    told = [
        other.place
        for other in index.watched(ORDER).hits
        if other.place.ts is not None
        and abs(other.place.ts - moment) <= reach
        and (not other.place.instance or not hit.place.instance or other.place.instance == hit.place.instance)
    ]
    if told:
        return holds(f"The platform was told to stop it: {told[0].excerpt[:120].strip()}", *told[:2])
    done = [place for place in actions(index) if place.ts is not None and abs(place.ts - moment) <= reach]
    if done:
        return holds(f"{done[0].fields.get('operation')} at {done[0].ts:%H:%M:%S} UTC ordered it.", *done[:2])
    if not any(artifact.kind is Kind.ACTIVITY_LOG for artifact in index.artifacts):
        return unknown("No activity log was collected, so who ordered the stop is not known.")
    return fails("No order to stop stands in the logs or in the activity log within five minutes.")


CORRELATOR = Correlator("stop_ordered", frozenset({"within_s"}), _evaluate, (ORDER,))
