"""What people and pipelines did shortly before: deployments and scaling, from activity log and deployment list."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from escalate.formats.stamps import parse
from escalate.model.kind import Kind
from escalate.triage.correlators.customer_action_near import actions
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import Place
from escalate.triage.result import fails, holds, unknown

BEFORE = timedelta(minutes=10)
AFTER = timedelta(minutes=2)

DEPLOYED = r'(?i)"(?:received_time|receivedTime|end_time|endTime)"\s*:\s*"(?P<when>\d{4}-\d\d-\d\dT[^"]+)"'
"""A line of the list of deployments, as ARM and Kudu write it."""

_DEPLOYMENT = re.compile(
    r"publish|slotsswap|applyslotconfig|msdeploy|zipdeploy|onedeploy|extensions/write|deployments/", re.I
)
_SCALE = re.compile(r"serverfarms/write|autoscalesettings|scaleup|scaledown|autoscale", re.I)


def deployment(index: Index) -> Test:
    """A deployment or swap near the first sign; the activity log alone does not know of a push to the SCM site."""
    moment = index.window.start if index.window else None
    if moment is None:
        return Test(unknown("The incident window is not known, so nothing can be set beside it."))
    published = [place for place in actions(index) if _DEPLOYMENT.search(_operation(place))]
    near = [place for place in published if place.ts is not None and _near(place.ts, moment)]
    if near:
        return Test(
            holds(f"{_operation(near[0])} at {near[0].ts:%Y-%m-%d %H:%M:%S} UTC, close to the start.", *near[:3])
        )
    listed = listed_deployments(index)
    recent = [(when, place) for when, place in listed if _near(when, moment)]
    if recent:
        when, place = recent[0]
        return Test(
            holds(f"The list of deployments has one of {when:%Y-%m-%d %H:%M:%S} UTC, close to the start.", place)
        )
    has_log = any(artifact.kind is Kind.ACTIVITY_LOG for artifact in index.artifacts)
    if listed:
        when, place = max(listed, key=lambda item: item[0])
        return Test(
            fails(f"No deployment in the list is near the start; the latest is of {when:%Y-%m-%d %H:%M} UTC.", place)
        )
    if has_log:
        return Test(
            unknown(
                "The activity log has no deployment near the start; one that was pushed to the SCM site by git or zip "
                "does not stand there, and the list of deployments was not collected."
            )
        )
    return Test(unknown("Neither activity log nor list of deployments was collected."))


def scale(index: Index) -> Test:
    """A change of plan or number of workers near the first sign."""
    if not any(artifact.kind is Kind.ACTIVITY_LOG for artifact in index.artifacts):
        return Test(unknown("No activity log was collected, so changes of the plan are not known."))
    moment = index.window.start if index.window else None
    if moment is None:
        return Test(unknown("The incident window is not known, so nothing can be set beside it."))
    everything = [place for place in index.facts.of(Kind.ACTIVITY_LOG) if place.ts is not None]
    near = [
        place
        for place in everything
        if place.ts is not None and _near(place.ts, moment) and _SCALE.search(_operation(place))
    ]
    if near:
        return Test(
            holds(f"{_operation(near[0])} at {near[0].ts:%Y-%m-%d %H:%M:%S} UTC, close to the start.", *near[:3])
        )
    if not everything:
        return Test(unknown("The activity log that was collected has no entry at all."))
    noun = "entry" if len(everything) == 1 else "entries"
    said = f"Nothing in the activity log near the start ({len(everything)} {noun}) changes the plan or its workers."
    return Test(fails(said, *everything[:1]))


def _operation(place: Place) -> str:
    return str(place.fields.get("operation") or place.excerpt)


def _near(when: datetime, moment: datetime) -> bool:
    return moment - BEFORE <= when <= moment + AFTER


def listed_deployments(index: Index) -> list[tuple[datetime, Place]]:
    """Times of the list of deployments, each with its line."""
    found = []
    for hit in index.watched(DEPLOYED).hits:
        stamp = parse(hit.groups.get("when", ""), naive_is_utc=True)
        if stamp is not None and "deployment" in hit.place.artifact.path.lower():
            found.append((stamp.ts, hit.place))
    return found
