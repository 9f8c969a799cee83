"""World: nothing is wrong; three apps on two workers serve their users, with the noise that every plan has."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    access_lines,
    banner,
    ordinary_platform_lines,
    start_of_container,
    write_app_log,
    write_platform_log,
)
from escalate.lab.worlds.parts.control_plane import activity, available, deployment, site_status
from escalate.lab.worlds.parts.counters import counters
from escalate.lab.worlds.parts.detectors import usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.proc import memory_sample
from escalate.lab.worlds.parts.series import metrics
from escalate.lab.worlds.parts.tables import http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "all-is-well"
SITE = "parks-web"
WORKERS = (
    worker(NAME, "10-30-1-61", "lw1sdlwk000B11", container=True),
    worker(NAME, "10-30-1-62", "lw1sdlwk000B12", container=True),
)

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PYTHON|3.11",
    settings=settings(SITE),
    connection_strings={"PARKS": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "appCommandLine": "gunicorn --workers 3 --timeout 120 app:app"},
    counters=counters(connections=9, private=120 << 20),
)
SIBLINGS = tuple(
    LabApp(
        name=name,
        kind="app,linux",
        runtime="PYTHON|3.11",
        settings=settings(name),
        counters=counters(connections=3, private=70 << 20),
    )
    for name in ("parks-admin", "parks-mail")
)


def _requests(start: datetime) -> list[Request]:
    return traffic(Noise(NAME + "/traffic"), WORKERS, start, per_minute=12, fate=lambda request: request)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=False, own={}),
        health=(available(stamps.ago(start, 60 * 24 * 12)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 8), "Microsoft.Web/sites/publish/Action"),),
        detectors=(*usual_detectors(noise, APP, start, windows=False),),
        deployments=(deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 8), "Opening hours"),),
        site_status={one.machine: site_status(details="Site started.") for one in WORKERS},
        tables=(
            http_table(APP, requests),
            platform_table(noise, APP, [(stamps.ago(start, 90), WORKERS[0], "Informational", "Site started.")]),
        ),
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began = stamps.ago(start, 60 * 24 * 8)
    requests = [*traffic(noise, WORKERS, stamps.ago(start, 125), minutes=620, per_minute=14), *_requests(start)]
    for number, one in enumerate(WORKERS):
        platform = [
            *start_of_container(APP, began, number, port=8000),
            *ordinary_platform_lines(noise, APP, began, start),
        ]
        write_platform_log(home, one.machine, platform)
        mine = [request for request in requests if request.worker is one]
        write_app_log(home, one.machine, [*banner(one, "Python 3.11", began), *access_lines(mine)])


def _samples() -> dict[str, tuple[dict[str, str], ...]]:
    well = memory_sample(
        total_kb=1_955_532,
        available_kb=1_012_000,
        some=(0.1, 0.2, 0.3),
        full=(0.0, 0.1, 0.1),
        stall_us=410_110,
        scanned=310,
        swapped=0,
    )
    return {one.machine: (dict(well),) for one in WORKERS}


WORLD = World(
    name=NAME,
    title="Nothing is wrong: a Linux plan with its ordinary noise",
    platform="linux",
    incident=report(
        "Is anything wrong with our site?",
        "A colleague had to wait for a page this afternoon. We see no errors.",
        "None that we know of.",
        minutes=(-40, 30),
    ),
    workers=WORKERS,
    app=APP,
    siblings=SIBLINGS,
    tier="Basic",
    sku="B1",
    signals=_signals,
    write_home=_write_home,
    proc=_samples(),
    expected="undetermined",
)
