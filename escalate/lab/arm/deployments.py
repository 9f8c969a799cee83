"""Deployments of a site, their logs, and how the instances took them."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.sites import PAGE
from escalate.lab.world import Json

_FAILED, _DONE = 3, 4
"""Kudu's numbers for the state of a deployment."""


def _own(ask: Ask) -> tuple[Json, ...]:
    """Worlds give deployments of the app; slots and siblings have none."""
    return ask.state.signals.deployments if ask.app is ask.state.world.app else ()


def _deployments(ask: Ask) -> Response:
    return ask.page([_enveloped(ask, each) for each in _own(ask)], PAGE)


def _deployment(ask: Ask) -> Response:
    return answer(_enveloped(ask, _find(ask)))


def _find(ask: Ask) -> Json:
    name = ask.args["deployment"]
    for each in _own(ask):
        if str(each["id"]).casefold() == name.casefold() or (name == "latest" and each.get("active")):
            return each
    raise Refusal(404, "NotFound", f"Deployment '{name}' not found.")


def _enveloped(ask: Ask, deployment: Json) -> Json:
    properties = {name: value for name, value in deployment.items() if not name.startswith("_")}
    return ask.resource(f"deployments/{deployment['id']}", "sites/deployments", properties)


def _log(ask: Ask) -> Response:
    """Two entries: the begin and the end, with the world's own between them where it has some (`_log`)."""
    deployment = _find(ask)
    end = "Deployment successful." if deployment["status"] == _DONE else "Deployment Failed."
    entries = [
        {"log_time": deployment["start_time"], "message": "Updating submodules.", "type": 0},
        *deployment.get("_log", ()),
        {"log_time": deployment["end_time"], "message": end, "type": 0},
    ]
    found = [
        ask.resource(
            f"deployments/{deployment['id']}/log/{number}",
            "sites/deployments/log",
            {"id": str(number), "details_url": None, **entry},
        )
        for number, entry in enumerate(entries)
    ]
    return answer({"value": found})


def _statuses(ask: Ask) -> Response:
    """Known for Linux only."""
    found = [_status_of(ask, each) for each in _own(ask)] if ask.linux else []
    return ask.page(found, PAGE)


def _status(ask: Ask) -> Response:
    deployment = _find(ask)
    if not ask.linux:
        raise Refusal(404, "NotFound", f"Cannot find deployment status with name {deployment['id']}.")
    return answer(_status_of(ask, deployment))


def _status_of(ask: Ask, deployment: Json) -> Json:
    failed = deployment["status"] == _FAILED
    count = len(ask.state.workers)
    properties = {
        "deploymentId": deployment["id"],
        "status": "RuntimeFailed" if failed else "RuntimeSuccessful",
        "numberOfInstancesInProgress": 0,
        "numberOfInstancesSuccessful": 0 if failed else count,
        "numberOfInstancesFailed": count if failed else 0,
        "failedInstancesLogs": [],
        "errors": [],
    }
    return ask.resource(f"deploymentStatus/{deployment['id']}", "sites/deploymentStatus", properties)


_READ = "Microsoft.Web/sites/deployments/read"
ROUTES = (
    Route("GET", "site", "/deployments", _READ, _deployments),
    Route("GET", "site", "/deployments/<deployment>", _READ, _deployment),
    Route("GET", "site", "/deployments/<deployment>/log", "Microsoft.Web/sites/deployments/log/read", _log),
    Route("GET", "site", "/deploymentstatus", "Microsoft.Web/sites/deploymentStatus/read", _statuses),
    Route("GET", "site", "/deploymentstatus/<deployment>", "Microsoft.Web/sites/deploymentStatus/read", _status),
)
