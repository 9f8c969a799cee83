"""Services that tickets are filed for."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.catalogue import SERVICES, Service
from escalate.lab.support.operation import route
from escalate.lab.support.refusals import absent
from escalate.lab.world import Json


def service_named(name: str) -> Service:
    """By GUID.

    Raises:
        Refusal: there is none.
    """
    found = next((each for each in SERVICES if each.guid == name.lower()), None)
    if found is None:
        raise absent("Microsoft.Support/services", name)
    return found


def _json(service: Service) -> Json:
    return {
        "id": service.id,
        "name": service.guid,
        "type": "Microsoft.Support/services",
        "properties": {"displayName": service.name, "resourceTypes": list(service.resource_types)},
    }


def _list(ask: Ask) -> Response:
    """All at once: the list has no pages."""
    return answer({"value": [_json(each) for each in SERVICES]})


def _get(ask: Ask) -> Response:
    return answer(_json(service_named(ask.args["service"])))


ROUTES = (
    route("services.list", "GET", "root", "/services", "services/read", _list),
    route("services.get", "GET", "root", "/services/<service>", "services/read", _get),
)
