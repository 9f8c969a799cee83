"""World: a small app on a worker whose memory is used up by what no container of the plan holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    Entry,
    access_lines,
    banner,
    ordinary_platform_lines,
    start_of_container,
    write_app_log,
    write_platform_log,
)
from escalate.lab.worlds.parts.control_plane import activity, available, deployment, site_status
from escalate.lab.worlds.parts.counters import counters
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.proc import memory_sample
from escalate.lab.worlds.parts.series import flat, metrics, rising
from escalate.lab.worlds.parts.tables import console_table, http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "host-memory-pressure"
SITE = "forms-web"
TOTAL_KB = 1_955_532
SINCE = 33.0
"""Minutes before the lab's start since when workers of gunicorn are killed."""
WORKERS = (
    worker(NAME, "10-30-0-103", "lw0sdlwk000A41", container=True),
    worker(NAME, "10-30-0-104", "lw0sdlwk000A4C", container=True),
)
"""Newer workers: files and banners have the address-like name, metrics and tables the computer's."""
SICK, HEALTHY = WORKERS
USED_MIB = {SITE: 96, "forms-admin": 74, "forms-mail": 61}
"""Memory of every app of the plan on the sick worker: small, and known."""

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PYTHON|3.11",
    settings=settings(SITE),
    connection_strings={"FORMS": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "appCommandLine": "gunicorn --workers 3 --timeout 120 app:app"},
    counters=counters(connections=9, private=USED_MIB[SITE] << 20),
)
SIBLINGS = tuple(
    LabApp(
        name=name,
        kind="app,linux",
        runtime="PYTHON|3.11",
        settings=settings(name),
        counters=counters(connections=3, private=mib << 20),
    )
    for name, mib in USED_MIB.items()
    if name != SITE
)


def _kills(start: datetime) -> list[tuple[datetime, int]]:
    """(when, pid): killed without a time-out of gunicorn before."""
    noise = Noise(NAME + "/kills")
    found, at, pid = [], stamps.ago(start, SINCE), 1_905
    while at < start - timedelta(minutes=1):
        found.append((at, pid))
        at += timedelta(minutes=noise.between(2.5, 5))
        pid += noise.whole(3, 30)
    return found


def _requests(start: datetime) -> list[Request]:
    kills = [at for at, _ in _kills(start)]

    def fate(request: Request) -> Request:
        if request.worker is not SICK or (start - request.at).total_seconds() / 60 > SINCE:
            return request
        if any(timedelta(0) <= request.at - at < timedelta(seconds=25) for at in kills):
            return request.ended(502, 3_000 + request.bytes_in)
        return request.ended(request.status, request.ms * 14, bytes_out=request.bytes_out)

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, per_minute=12, fate=fate)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own = {
        ("MemoryPercentage", SICK.machine): rising(noise, 61, 96, 100),
        ("MemoryPercentage", HEALTHY.machine): flat(noise, 54, 0.03),
    }
    for name in ("MemoryWorkingSet", "AverageMemoryWorkingSet"):
        own |= {(name, one.machine): flat(noise, USED_MIB[SITE] * 1048576.0, 0.03) for one in WORKERS}
    console = [
        (at, SICK, f"[ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?") for at, pid in _kills(start)
    ]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=False, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 12)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 8), "Microsoft.Web/sites/publish/Action"),),
        detectors=(*usual_detectors(noise, APP, start, windows=False), _memory(start)),
        deployments=(deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 8), "New form for complaints"),),
        site_status={one.machine: site_status(details="Site started.") for one in WORKERS},
        tables=(
            http_table(APP, requests),
            platform_table(
                noise,
                APP,
                [(stamps.ago(start, 90), SICK, "Warning", "Container get mounts received unexpected exception.")],
            ),
            console_table(APP, console),
        ),
    )


def _memory(start: datetime) -> dict[str, object]:
    rows = [
        (minute(stamps.ago(start, minutes)), one.machine, name, mib)
        for minutes in (45, 30, 20)
        for one in WORKERS
        for name, mib in USED_MIB.items()
    ]
    columns = (("TimeStamp", "datetime"), ("Instance", "string"), ("SiteName", "string"), ("WorkingSetMB", "long"))
    return detector(
        "linuxmemoryusage",
        "Memory usage by app",
        windows=False,
        topic="32583701",
        status="Warning",
        message="Memory of 1 instance was above 90 %; the apps of this plan used 231 MB of 1910 MB.",
        datasets=[dataset("Memory per app", columns, rows)],
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
        lines = [*banner(one, "Python 3.11", began), *access_lines(mine), *(_gunicorn(start) if one is SICK else [])]
        write_app_log(home, one.machine, lines)


def _gunicorn(start: datetime) -> list[Entry]:
    found: list[Entry] = []
    for at, pid in _kills(start):
        head = f"[{at:%Y-%m-%d %H:%M:%S} +0000]"
        found.append((at, f"{head} [1] [ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?"))
        found.append((at + timedelta(milliseconds=40), f"{head} [{pid + 3}] [INFO] Booting worker with pid: {pid + 3}"))
    return found


def _samples() -> dict[str, tuple[dict[str, str], ...]]:
    sick = tuple(
        dict(
            memory_sample(
                total_kb=TOTAL_KB,
                available_kb=96_000 - 4_000 * number,
                some=(44.1 + 9 * number, 38.7, 21.4),
                full=(22.6 + 5 * number, 17.0, 9.3),
                stall_us=177_364_870 + 2_900_000 * number,
                scanned=214_825 + 110_000 * number,
                swapped=223_248 + 90_000 * number,
                slab_kb=911_360,
            )
        )
        for number in range(4)
    )
    healthy = memory_sample(
        total_kb=TOTAL_KB,
        available_kb=812_000,
        some=(0.1, 0.2, 0.3),
        full=(0.0, 0.1, 0.1),
        stall_us=410_110,
        scanned=310,
        swapped=0,
    )
    return {SICK.machine: sick, HEALTHY.machine: (dict(healthy),)}


WORLD = World(
    name=NAME,
    title="Memory of a Linux worker is used up outside of the plan's own containers",
    platform="linux",
    incident=report(
        "Workers are killed although our apps are tiny",
        "On one of two instances gunicorn's workers get SIGKILL every few minutes. All our apps together use 230 MB.",
        "Some forms are lost; users see 502.",
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
    expected="microsoft",
    expected_rules=("L28", "N10"),
)
