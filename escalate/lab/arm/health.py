"""Resource health of site and plan, and service health events."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route, both
from escalate.lab.arm.times import stamp
from escalate.lab.world import SUBSCRIPTION, Json

PAGE = 3


def _history(ask: Ask) -> list[Json]:
    """Newest first. The platform's view of a plan holds for every app on it."""
    known = ask.state.signals.health or (_nothing_known(ask),)
    found = []
    for at, properties in enumerate(known):
        name = "current" if at == 0 else str(properties.get("occuredTime", at)).replace("T", "+")
        found.append(
            {
                "id": f"{ask.resource_id}/providers/Microsoft.ResourceHealth/availabilityStatuses/{name}",
                "name": name,
                "type": "Microsoft.ResourceHealth/AvailabilityStatuses",
                "location": ask.state.world.region.lower().replace(" ", ""),
                "properties": properties,
            }
        )
    return found


def _nothing_known(ask: Ask) -> Json:
    return {
        "availabilityState": "Available",
        "title": "Available",
        "summary": "There aren't any known Azure platform problems affecting this resource.",
        "reasonType": "",
        "occuredTime": stamp(ask.state.started),
        "reportedTime": stamp(ask.state.started),
        "reasonChronicity": "Persistent",
    }


def _statuses(ask: Ask) -> Response:
    return ask.page(_history(ask), PAGE)


def _current(ask: Ask) -> Response:
    return answer(_history(ask)[0])


def _events_of(ask: Ask) -> list[Json]:
    return [
        {
            "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ResourceHealth/events/{event['_name']}",
            "name": event["_name"],
            "type": "/providers/Microsoft.ResourceHealth/events",
            "properties": {name: value for name, value in event.items() if not name.startswith("_")},
        }
        for event in ask.state.signals.events
    ]


def _events(ask: Ask) -> Response:
    return ask.page(_events_of(ask), PAGE)


def _impacted(ask: Ask) -> Response:
    """The apps of the plan, and the plan."""
    event = ask.args["event"]
    if event.casefold() not in (str(each["_name"]).casefold() for each in ask.state.signals.events):
        raise Refusal(404, "NotFound", f"The event with tracking id '{event}' was not found.")
    world = ask.state.world
    base = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ResourceHealth/events/{event}/impactedResources"
    targets = [(app.resource_id, "Microsoft.Web/sites") for app in ask.state.apps]
    targets.append((world.plan_id, "Microsoft.Web/serverfarms"))
    found = [
        {
            "id": f"{base}/{number}",
            "name": str(number),
            "type": "Microsoft.ResourceHealth/events/impactedResources",
            "properties": {
                "targetResourceType": kind,
                "targetResourceId": target,
                "targetRegion": world.region.lower().replace(" ", ""),
                "info": [],
            },
        }
        for number, (target, kind) in enumerate(targets)
    ]
    return ask.page(found, PAGE)


_BASE = "/providers/microsoft.resourcehealth"
_STATUS = "Microsoft.ResourceHealth/availabilityStatuses/read"
_EVENT = "Microsoft.ResourceHealth/events/read"
ROUTES = (
    *both(f"{_BASE}/availabilitystatuses", _STATUS, _statuses),
    *both(f"{_BASE}/availabilitystatuses/current", _STATUS, _current),
    *both(f"{_BASE}/events", _EVENT, _events),
    Route("GET", "subscription", f"{_BASE}/events", _EVENT, _events),
    Route(
        "GET",
        "subscription",
        f"{_BASE}/events/<event>/impactedresources",
        "Microsoft.ResourceHealth/impactedResources/read",
        _impacted,
    ),
)
