"""Whether the subscription is registered for Microsoft.Support, and registering it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.support.operation import route
from escalate.lab.world import SUBSCRIPTION, Json

_TYPES = ("supportTickets", "services", "services/problemClassifications", "fileWorkspaces", "fileWorkspaces/files")


def _state(ask: Ask) -> Json:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Support",
        "namespace": "Microsoft.Support",
        "registrationPolicy": "RegistrationRequired",
        "registrationState": ask.state.support.registration,
        "resourceTypes": [
            {"resourceType": each, "locations": [], "apiVersions": ["2024-04-01", "2020-04-01"]} for each in _TYPES
        ],
    }


def _get(ask: Ask) -> Response:
    """The state before what this reading brings to an end: `Registering` is seen once."""
    told = answer(_state(ask))
    desk = ask.state.support
    if desk.registration == "Registering":
        desk.registration = "Registered"
    return told


def _register(ask: Ask) -> Response:
    """A write on the customer's subscription, which is noted."""
    desk = ask.state.support
    desk.registrations.append(desk.clock.now())
    if desk.registration == "NotRegistered":
        desk.registration = "Registering"
    return answer(_state(ask))


ROUTES: tuple[Route, ...] = (
    route("provider.get", "GET", "subscription", "", "register/read", _get),
    route("provider.register", "POST", "subscription", "/register", "register/action", _register),
)
