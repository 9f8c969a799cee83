"""ARM's envelope, which Kudu puts around its objects when ARM asks (`x-ms-geo-location`)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json
from escalate.lab.kudu.visit import GEO_LOCATION, Visit
from escalate.lab.world import Json

Named = tuple[str, Json]
"""The name in the id of ARM, and the object."""


def listed(visit: Visit, found: Iterable[Named]) -> Response:
    """A list, in an envelope each and one around them when ARM asks."""
    if GEO_LOCATION not in visit.request.headers:
        return as_json([data for _, data in found])
    base = _id(visit)
    return as_json({"value": [_envelope(visit, f"{base}/{name}", data) for name, data in found]})


def single(visit: Visit, data: Json) -> Response:
    """One object."""
    if GEO_LOCATION not in visit.request.headers:
        return as_json(data)
    return as_json(_envelope(visit, _id(visit), data))


def _id(visit: Visit) -> str:
    """ARM gives its own address as `Referer`."""
    referrer = visit.request.headers.get("Referer", "")
    if referrer:
        return urlsplit(referrer).path.rstrip("/")
    return visit.app.resource_id + visit.request.path.removeprefix("/api").rstrip("/")


def _envelope(visit: Visit, resource_id: str, data: Json) -> Json:
    """Type and name take turns in the id, beginning with Microsoft.Web/sites."""
    parts = resource_id.split("/")[6:]
    return {
        "id": resource_id,
        "name": "/".join(parts[2::2]),
        "type": "/".join((*parts[:1], *parts[1::2])),
        "location": visit.request.headers[GEO_LOCATION],
        "properties": data,
    }
