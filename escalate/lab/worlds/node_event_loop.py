"""World: one request of a Node service computes for minutes on the event loop, and all others wait behind it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    Entry,
    ordinary_platform_lines,
    start_of_container,
    write_app_log,
    write_platform_log,
)
from escalate.lab.worlds.parts.control_plane import activity, available, deployment, site_status
from escalate.lab.worlds.parts.detectors import usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import metrics, step
from escalate.lab.worlds.parts.tables import console_table, http_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "node-event-loop"
SITE = "search-api"
SINCE = 24.0
WORKER = worker(NAME, "lw0sdlwk000N08", container=True)

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="NODE|20-lts",
    settings=settings(SITE),
    connection_strings={"SEARCH": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "appCommandLine": "node server.js"},
)


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        if (start - request.at).total_seconds() / 60 > SINCE or request.bytes_in % 5 == 0:
            return request
        if request.bytes_in % 3 == 0:
            return request.ended(499, 15_000 + request.bytes_in)
        return request.ended(504, 240_000 + request.bytes_in % 40)

    return traffic(Noise(NAME + "/traffic"), (WORKER,), start, per_minute=8, fate=fate)


def _late(start: datetime) -> list[Entry]:
    noise = Noise(NAME + "/late")
    found: list[Entry] = []
    at = stamps.ago(start, SINCE)
    while at < start:
        told = f"event loop was blocked for {noise.whole(9000, 61000)} ms"
        found.append((at, _pino(at, 40, msg=told, route="POST /api/reports")))
        at += timedelta(seconds=noise.between(40, 90))
    return found


def _lines(requests: list[Request]) -> list[Entry]:
    return [(one.at, _completed(one)) for one in requests if one.status not in (499, 504)]


def _completed(request: Request) -> str:
    asked = {"id": request.log_id, "method": request.method, "url": request.path, "remoteAddress": request.ip}
    answered = {"statusCode": request.status}
    return _pino(request.at, 30, req=asked, res=answered, responseTime=request.ms, msg="request completed")


def _pino(at: datetime, level: int, **fields: object) -> str:
    """One line as the pino logger writes it."""
    return json.dumps({"level": level, "time": stamps.millis(at), "name": "search", **fields}, separators=(",", ":"))


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own = {
        ("CpuTime", WORKER.machine): step(noise, 4.2, 58, int(SINCE)),
        ("CpuPercentage", WORKER.machine): step(noise, 19, 97, int(SINCE)),
        ("HealthCheckStatus", WORKER.machine): step(noise, 100, 15, int(SINCE)),
    }
    return Signals(
        metrics=metrics(noise, (WORKER,), requests, start, windows=False, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 6)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 5), "Microsoft.Web/sites/publish/Action"),),
        detectors=tuple(usual_detectors(noise, APP, start, windows=False, leave_out=frozenset({"cpuanalysis"}))),
        deployments=(
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 5), "Reports are rendered in the API itself"),
        ),
        site_status={WORKER.machine: site_status(details="Site started.")},
        tables=(
            http_table(APP, requests),
            console_table(APP, [(at, WORKER, text) for at, text in _late(start)], level="Informational"),
        ),
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began = stamps.ago(start, 60 * 5 - 1)
    requests = [*traffic(noise, (WORKER,), stamps.ago(start, 122), minutes=170, per_minute=22), *_requests(start)]
    write_platform_log(
        home,
        WORKER.machine,
        [*start_of_container(APP, began, 6), *ordinary_platform_lines(noise, APP, began, start)],
    )
    write_app_log(home, WORKER.machine, [*_lines(requests), *_late(start)])


WORLD = World(
    name=NAME,
    title="A Node service computes on its event loop; requests wait until the front end gives up",
    platform="linux",
    incident=report(
        "504 after four minutes",
        "Most requests end with 504 after exactly 240 s; the platform seems to cut them.",
        "Search in the shop does not work.",
        minutes=(-30, 30),
    ),
    workers=(WORKER,),
    app=APP,
    tier="Basic",
    sku="B1",
    signals=_signals,
    write_home=_write_home,
    real="node",
    expected="customer",
    expected_rules=("L51",),
)
