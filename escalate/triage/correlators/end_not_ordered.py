"""Nobody ordered the end of a worker: the activity log and Azure's health records are there and name no reason."""

from __future__ import annotations

import re
from datetime import timedelta

from escalate.model.kind import Kind
from escalate.triage.correlators.customer_action_near import actions
from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

ORDERED = re.compile(r"planned|maintenance|upgrade|customerinitiated|customer initiated|userinitiated", re.IGNORECASE)
REACH = timedelta(minutes=30)


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    kinds = {artifact.kind for artifact in index.artifacts}
    if Kind.ACTIVITY_LOG not in kinds:
        return unknown("No activity log was collected, so a scale-in or restart by the customer is not excluded.")
    if not kinds & {Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH}:
        return unknown("Neither resource health nor service health was collected, so a planned move is not excluded.")
    ordered = [place for place in actions(index) if inside(index.window, place, timedelta(minutes=10))]
    if ordered:
        return fails(f"{ordered[0].fields.get('operation')} stands in the activity log at that time.", *ordered[:2])
    rows = index.facts.of(Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH)
    planned = [
        row
        for row in rows
        if row.ts is not None
        and inside(index.window, row, REACH)
        and ORDERED.search(f"{row.fields.get('reason')} {row.fields.get('cause')} {row.fields.get('context')}")
        and "unplanned" not in str(row.fields.get("reason")).lower()
    ]
    if planned:
        return fails("Azure's health record tells of a planned event at that time.", *planned[:2])
    return holds("Neither the activity log nor Azure's health records tell of an order that ended it.", *rows[:1])


CORRELATOR = Correlator("end_not_ordered", frozenset(), _evaluate)
