"""Deployments as the SCM site tells them: `api/deployments`."""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty
from escalate.lab.kudu.envelope import listed, single
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.world import Json


def deployments(visit: Visit) -> Response:
    """All, newest first."""
    return listed(visit, [(str(each["id"]), _shown(visit, each)) for each in _known(visit)])


def deployment(visit: Visit, name: str) -> Response:
    """One, or `latest`."""
    found = _find(visit, name)
    return single(visit, _shown(visit, found)) if found else empty(404)


def log(visit: Visit, name: str) -> Response:
    """Its log entries."""
    found = _find(visit, name)
    if found is None:
        return empty(404)
    return as_json([_entry(visit, found, each) for each in _entries(found)])


def log_entry(visit: Visit, name: str, entry: str) -> Response:
    """What stands below one entry."""
    found = _find(visit, name)
    each = next((each for each in _entries(found) if str(each["id"]) == entry), None) if found else None
    return as_json(each.get("_details", [])) if each else empty(404)


def _known(visit: Visit) -> Sequence[Json]:
    """Those of the world are the app's."""
    return visit.state.signals.deployments if visit.app is visit.state.world.app else ()


def _find(visit: Visit, name: str) -> Json | None:
    known = _known(visit)
    if name == "latest":
        return known[0] if known else None
    return next((each for each in known if str(each["id"]) == name), None)


def _entries(found: Json) -> Sequence[Json]:
    """A world that tells none has the one that every deployment has."""
    entries: Sequence[Json] = found.get("_log") or (
        {
            "log_time": found.get("received_time"),
            "id": f"{found['id']}-0",
            "message": found.get("message") or "Deployment",
            "type": 0,
            "details_url": None,
        },
    )
    return entries


def _shown(visit: Visit, found: Json) -> Json:
    url = f"{visit.base}/api/deployments/{found['id']}"
    shown = {name: value for name, value in found.items() if not name.startswith("_")}
    return {**shown, "url": url, "log_url": f"{url}/log"}


def _entry(visit: Visit, found: Json, each: Json) -> Json:
    shown = {name: value for name, value in each.items() if not name.startswith("_")}
    if "_details" in each:
        shown["details_url"] = f"{visit.base}/api/deployments/{found['id']}/log/{each['id']}"
    return shown


ROUTES = (
    Route("/api/deployments", ("GET",), deployments),
    Route("/api/deployments/<name>", ("GET",), deployment),
    Route("/api/deployments/<name>/log", ("GET",), log),
    Route("/api/deployments/<name>/log/<entry>", ("GET",), log_entry),
)
