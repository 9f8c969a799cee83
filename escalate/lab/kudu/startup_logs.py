"""What is newer than the published Kudu: startup logs of Linux containers and the check of their configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json, empty, plain, refused
from escalate.lab.kudu.visit import Route, Visit

_PLATFORM_LOG = re.compile(r"^(?P<date>\d{4}_\d{2}_\d{2})_(?P<machine>[^_]+)_docker\.log$")
_FAILED = re.compile(
    r"failing site start|didn't respond to HTTP pings|Container .* exited|Site startup .*failed", re.IGNORECASE
)
_STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", re.MULTILINE)
SUCCEEDED, FAILED = "succeeded", "failed"
_OLD_STAMP = "Invalid startup log filename."


@dataclass(frozen=True)
class _Log:
    """What a worker's platform log tells of starts; one file a day and worker."""

    name: str
    machine: str
    outcome: str
    at: datetime
    path: Path


def startup_logs(visit: Visit) -> Response:
    """The list, by `type` and `instance`, or the newest one's text with `latest=true`."""
    if visit.windows:
        return empty(404)
    if visit.faults.on("old-stamp"):
        return refused(400, _OLD_STAMP)
    asked = visit.request.args
    outcome, machine = asked.get("type", "").casefold(), asked.get("instance", "").casefold()
    found = [
        log
        for log in _logs(visit)
        if (not outcome or log.outcome == outcome) and (not machine or log.machine.casefold() == machine)
    ]
    if asked.get("latest", "").casefold() != "true":
        return as_json({"files": [log.name for log in found]})
    return _text(found[0]) if found else refused(404, "No startup logs were found.")


def startup_log(visit: Visit, name: str) -> Response:
    """One by its name."""
    if visit.windows:
        return empty(404)
    if visit.faults.on("old-stamp"):
        return refused(400, _OLD_STAMP)
    log = next((log for log in _logs(visit) if log.name == name), None)
    return _text(log) if log else refused(404, f"The startup log '{name}' was not found.")


def summary(visit: Visit) -> Response:
    """Starts of each worker, by outcome."""
    if visit.windows:
        return empty(404)
    if visit.faults.on("old-stamp"):
        return refused(400, _OLD_STAMP)
    machine = visit.request.args.get("instance", "").casefold()
    logs = _logs(visit)
    return as_json(
        [
            {
                "InstanceId": worker.machine,
                "Startup": {
                    "Succeeded": len(
                        good := [log for log in logs if log.machine == worker.machine and log.outcome == SUCCEEDED]
                    ),
                    "Failed": len(
                        bad := [log for log in logs if log.machine == worker.machine and log.outcome == FAILED]
                    ),
                    "MostRecentSuccess": good[0].at.isoformat() if good else None,
                    "MostRecentFailure": bad[0].at.isoformat() if bad else None,
                    "SummaryFetchStatus": "Success",
                },
            }
            for worker in visit.state.workers
            if not machine or worker.machine.casefold() == machine
        ]
    )


def configuration_check(visit: Visit) -> Response:
    """A file on the disk of one worker: the others have none."""
    world = visit.state.world
    wanted = visit.request.args.get("instance", "").casefold()
    holder = visit.state.workers[world.sick]
    if visit.windows or visit.worker != holder or (wanted and wanted != holder.machine.casefold()):
        return empty(404)
    settings = visit.app.settings
    checks = {
        "WEBSITES_PORT": settings.get("WEBSITES_PORT", ""),
        "WEBSITES_CONTAINER_START_TIME_LIMIT": settings.get("WEBSITES_CONTAINER_START_TIME_LIMIT", "230"),
        "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "true" if world.storage_mounted else "false",
        "linuxFxVersion": visit.app.runtime,
        "alwaysOn": bool(visit.app.config.get("alwaysOn", False)),
        "healthCheckPath": visit.app.config.get("healthCheckPath"),
    }
    return as_json(
        {
            "siteName": visit.app.name,
            "instance": holder.machine,
            "timestamp": visit.state.started.isoformat(),
            "configuration": checks,
        }
    )


def _logs(visit: Visit) -> list[_Log]:
    """From the platform logs, newest first."""
    found: list[_Log] = []
    for path in visit.disk.logs.iterdir():
        match = _PLATFORM_LOG.match(path.name)
        if match is None:
            continue
        text = path.read_text("utf-8", "replace")
        outcome = FAILED if _FAILED.search(text) else SUCCEEDED
        at = datetime.fromisoformat(
            (_STAMP.findall(text) or [f"{match['date'].replace('_', '-')}T00:00:00"])[-1]
        ).replace(tzinfo=UTC)
        name = f"{match['date']}_{match['machine']}_{outcome}_startup.log"
        found.append(_Log(name, match["machine"], outcome, at, path))
    return sorted(found, key=lambda log: log.at, reverse=True)


def _text(log: _Log) -> Response:
    return plain(
        log.path.read_text("utf-8", "replace"),
        headers={
            "X-StartupLog-Filename": log.name,
            "X-StartupLog-Date": log.at.isoformat(),
            "X-StartupLog-Instance": log.machine,
            "X-StartupLog-Outcome": log.outcome,
        },
    )


ROUTES = (
    Route("/api/startuplogs", ("GET",), startup_logs),
    Route("/api/startuplogs/summary", ("GET",), summary),
    Route("/api/startuplogs/<name>", ("GET",), startup_log),
    Route("/api/troubleshoot/config", ("GET",), configuration_check, recent=True),
)
