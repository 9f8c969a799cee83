"""World: an app with nothing wrong, whose owner is sure that the platform has a defect."""

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
from escalate.lab.worlds.parts.tables import console_table, http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "healthy"
SITE = "museum-web"
UP_SINCE = 60 * 24 * 6
"""Minutes before the lab's start since when the containers run."""
UPSTREAM = "/products/4711"
WORKERS = (
    worker(NAME, "10-30-0-61", "lw1sdlwk0002B7", container=True),
    worker(NAME, "10-30-0-62", "lw1sdlwk0002B8", container=True),
)

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PYTHON|3.12",
    settings=settings(SITE),
    connection_strings={"CATALOGUE": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "healthCheckPath": "/health"},
    counters=counters(connections=6, private=140 << 20),
)


def _requests(start: datetime, *, minutes: int = 120) -> list[Request]:
    """One in some thousand ends with 500, as everywhere."""
    noise = Noise(f"{NAME}/traffic/{minutes}")

    def fate(request: Request) -> Request:
        if request.path == UPSTREAM and noise.chance(0.004):
            return request.ended(500, request.ms, bytes_out=310)
        return request

    return traffic(noise, WORKERS, start, minutes=minutes, fate=fate)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    up = stamps.ago(start, UP_SINCE)
    failed = [(each.at, each.worker, f'KeyError: "label" for {UPSTREAM}') for each in requests if each.status == 500]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=False),
        health=(available(stamps.ago(start, 60 * 24 * 30)),),
        activity=(activity(noise, APP, up, "Microsoft.Web/sites/publish/Action"),),
        detectors=tuple(usual_detectors(noise, APP, start, windows=False)),
        deployments=(deployment(APP, noise.digits(40), up, "Opening hours of the new wing"),),
        site_status={one.machine: site_status(details="Site started.") for one in WORKERS},
        tables=(
            http_table(APP, requests),
            platform_table(
                noise, APP, [(stamps.ago(start, 200), WORKERS[0], "Informational", "Site is healthy; no recycling.")]
            ),
            console_table(APP, failed),
        ),
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(f"{NAME}/home")
    up = stamps.ago(start, UP_SINCE)
    requests = [*_requests(stamps.ago(start, 125), minutes=620), *_requests(start)]
    for number, one in enumerate(WORKERS):
        platform = [*start_of_container(APP, up, number), *ordinary_platform_lines(noise, APP, up, start)]
        write_platform_log(home, one.machine, platform)
        mine = [request for request in requests if request.worker is one]
        write_app_log(home, one.machine, [*banner(one, "Python 3.12", up), *access_lines(mine)])


def _sample(available_kb: int) -> dict[str, str]:
    """Half of the memory is free, and nothing waits for any."""
    return dict(
        memory_sample(
            total_kb=3_921_408,
            available_kb=available_kb,
            some=(0.0, 0.0, 0.0),
            full=(0.0, 0.0, 0.0),
            stall_us=10_110,
            scanned=0,
            swapped=0,
        )
    )


WORLD = World(
    name=NAME,
    title="Nothing is wrong with the app, and its owner blames the kernel",
    platform="linux",
    incident=report(
        "Kernel bug on our App Service host",
        "The site felt slow to two colleagues this morning. We suspect a kernel defect of the host and want its dump.",
        "Two people noticed; no orders were lost.",
        minutes=(-60, 0),
    ),
    workers=WORKERS,
    app=APP,
    tier="Standard",
    sku="S1",
    signals=_signals,
    write_home=_write_home,
    proc={one.machine: (_sample(2_010_224),) for one in WORKERS},
    expected="undetermined",
)
