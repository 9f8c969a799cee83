"""A fault that Azure itself records for this service and region, or this app, in the time of the incident."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from escalate.formats.stamps import parse
from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

OURS = re.compile(r"\bapp service|\bweb apps?\b|\bfunctions?\b|\bfunction apps?\b|microsoft\.web", re.IGNORECASE)
"""Services of which a fault reaches an app; a fault of another service is that service's."""

UNENDED = timedelta(hours=24)
"""How long an event counts that tells no end."""

NOTICE = re.compile(r"planned|maintenance|advisory|security|billing", re.IGNORECASE)
"""Events that tell of something that is no fault."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    margin = timedelta(minutes=number(args, "margin_min", 30))
    if index.window is None:
        return unknown("The incident window was not given, so no event can be set beside it.")
    events = index.facts.of(Kind.SERVICE_HEALTH)
    statuses = index.facts.of(Kind.RESOURCE_HEALTH)
    if not events and not statuses:
        return unknown("Neither resource health nor service health was collected.")
    for event in events:
        if _is_fault(event) and _covers(event, index, margin):
            return _checked(event, index)
    for status in statuses:
        if _is_unplanned(status) and inside(index.window, status, margin):
            return holds(
                f"Resource health calls the app unavailable by the platform's fault from {_when(status)}.", status
            )
    return fails("Azure's health records tell of no fault of the platform at that time.", *(*events, *statuses)[:1])


def _checked(event: Place, index: Index) -> Result:
    """The event, if service and region are ours; unknown where the record does not name them."""
    services, regions = str(event.fields.get("services") or ""), str(event.fields.get("regions") or "")
    ours = _plain(index.incident.target.region or "")
    name = str(event.fields.get("tracking_id") or "")
    if services and not OURS.search(services):
        return fails(f"The event {name} is of another service ({services}).", event)
    if regions and ours and ours not in {_plain(region) for region in regions.split(";")} | {"global"}:
        return fails(f"The event {name} is of another region ({regions}).", event)
    if not services or not regions or not ours:
        return unknown(f"Whether the event {name} reached this service and region is not in the evidence.")
    return holds(
        f"Azure records the fault {name} of {services} in {regions} from {_when(event)}.",
        event,
        tracking_id=name,
        began=_when(event),
    )


def _is_fault(event: Place) -> bool:
    return not NOTICE.search(str(event.fields.get("reason") or ""))


def _is_unplanned(status: Place) -> bool:
    fields = status.fields
    is_down = str(fields.get("state") or "").lower() in ("unavailable", "degraded")
    return is_down and str(fields.get("reason") or "").lower() == "unplanned"


def _covers(event: Place, index: Index, margin: timedelta) -> bool:
    """Whether the event's own span and the incident window overlap."""
    window = index.window
    if window is None or event.ts is None:
        return False
    until = _until(event) or event.ts + UNENDED
    return event.ts <= window.end + margin and until >= window.start


def _until(event: Place) -> datetime | None:
    value = event.fields.get("until")
    stamp = parse(value, naive_is_utc=True) if isinstance(value, str) else None
    return stamp.ts if stamp else None


def _plain(region: str) -> str:
    return re.sub(r"[^a-z0-9]", "", region.lower())


def _when(place: Place) -> str:
    return f"{place.ts:%H:%M:%S} UTC" if place.ts else "an unknown time"


CORRELATOR = Correlator("fault_confirmed", frozenset({"margin_min"}), _evaluate)
