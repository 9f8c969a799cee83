"""Problem classifications of a service."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.catalogue import Classification, Service
from escalate.lab.support.operation import route
from escalate.lab.support.refusals import absent
from escalate.lab.support.services import service_named
from escalate.lab.world import Json


def classification_named(service: Service, name: str) -> Classification:
    """By GUID.

    Raises:
        Refusal: that service has none of that name.
    """
    found = next((each for each in service.classifications if each.guid == name.lower()), None)
    if found is None:
        raise absent("Microsoft.Support/services/problemClassifications", name)
    return found


def _json(service: Service, one: Classification) -> Json:
    properties: Json = {"displayName": one.name}
    if one.consents:
        properties["secondaryConsentEnabled"] = [
            {"type": consent.type, "description": consent.description} for consent in one.consents
        ]
    return {
        "id": one.id(service),
        "name": one.guid,
        "type": "Microsoft.Support/problemClassifications",
        "properties": properties,
    }


def _list(ask: Ask) -> Response:
    service = service_named(ask.args["service"])
    return answer({"value": [_json(service, each) for each in service.classifications]})


def _get(ask: Ask) -> Response:
    service = service_named(ask.args["service"])
    return answer(_json(service, classification_named(service, ask.args["classification"])))


_BELOW = "/services/<service>/problemclassifications"
_ACTION = "services/problemClassifications/read"
ROUTES = (
    route("classifications.list", "GET", "root", _BELOW, _ACTION, _list),
    route("classifications.get", "GET", "root", f"{_BELOW}/<classification>", _ACTION, _get),
)
