"""The workers that run a site, and what runs on each: instances, siteStatus."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.sites import PAGE
from escalate.lab.world import Json, LabWorker

NEVER = "0001-01-01T00:00:00"
"""Of an error that never was (Azure/AppService, siteStatus, June 2026)."""


def _instances(ask: Ask) -> Response:
    return ask.page([_instance_of(ask, worker) for worker in ask.state.workers], PAGE)


def _instance(ask: Ask) -> Response:
    return answer(_instance_of(ask, ask.worker()))


def _instance_of(ask: Ask, worker: LabWorker) -> Json:
    scm = ask.state.scm[ask.app.resource_id]
    containers = {worker.container: {"name": ask.app.name, "id": worker.container}} if worker.container else {}
    return ask.resource(
        f"instances/{worker.arm_id}",
        "sites/instances",
        {
            "state": worker.state,
            "statusUrl": f"http://{scm}/api/processes",
            "consoleUrl": f"http://{scm}/DebugConsole",
            "detectorUrl": f"https://portal.azure.com/#resource{ask.app.resource_id}/troubleshoot",
            "containers": containers,
            "machineName": worker.machine,
            "physicalZone": None,
        },
    )


def _statuses(ask: Ask) -> Response:
    """All instances: `properties` is a list here."""
    found = [_status_of(ask, worker) for worker in ask.state.workers]
    return answer(_envelope(ask, "siteStatus", found))


def _status(ask: Ask) -> Response:
    """One instance: `properties` is an object."""
    worker = ask.worker()
    return answer(_envelope(ask, f"siteStatus/{worker.arm_id}", _status_of(ask, worker)))


def _envelope(ask: Ask, below: str, properties: object) -> Json:
    if not ask.linux or ask.state.faults.on("old-stamp"):
        raise Refusal(404, "NotFound", "No route registered for 'siteStatus'.")
    return ask.resource(below, "sites/siteStatus", properties)


def _status_of(ask: Ask, worker: LabWorker) -> Json:
    usual = {
        "state": "Started",
        "details": "Site is running.",
        "lastError": None,
        "lastErrorDetails": None,
        "lastErrorTimestamp": NEVER,
    }
    return {"instanceId": worker.arm_id, **usual, **ask.state.signals.site_status.get(worker.machine, {})}


_READ = "Microsoft.Web/sites/instances/read"
ROUTES = (
    Route("GET", "site", "/instances", _READ, _instances),
    Route("GET", "site", "/instances/<instance>", _READ, _instance),
    Route("GET", "site", "/sitestatus", "Microsoft.Web/sites/read", _statuses),
    Route("GET", "site", "/sitestatus/<instance>", "Microsoft.Web/sites/read", _status),
)
