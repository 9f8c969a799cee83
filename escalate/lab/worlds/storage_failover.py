"""World: the file server under a stamp fails over; mounts of all workers are down, all apps of the plan restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, LabWorker, Signals, World
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
from escalate.lab.worlds.parts.control_plane import (
    activity,
    available,
    deployment,
    service_event,
    site_status,
    unavailable,
)
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import metrics, step
from escalate.lab.worlds.parts.tables import console_table, http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "storage-failover"
SITE = "media-cms"
TRACKING_ID = "8KX2-T9G"
FAULT_AT, BACK_AT = 64.0, 57.0
"""Minutes before the lab's start: mounts lost, and there again."""
WORKERS = tuple(worker(NAME, machine, container=True) for machine in ("lw0mdlwk0003LA", "lw0mdlwk0003LB"))

_LEVELS = {"INFO ": "Informational", "WARN ": "Warning", "ERROR": "Error"}
"""The platform's log to its table."""

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PHP|8.2",
    settings=settings(SITE),
    connection_strings={"CMS": (database(SITE), "MySql")},
    config={"alwaysOn": True},
)
SIBLINGS = (
    LabApp(name="media-api", kind="app,linux", runtime="PYTHON|3.11", settings=settings("media-api")),
    LabApp(name="media-jobs", kind="app,linux", runtime="PYTHON|3.11", settings=settings("media-jobs")),
)


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        left = (start - request.at).total_seconds() / 60
        if not BACK_AT <= left <= FAULT_AT:
            return request
        if left > FAULT_AT - 3:
            return request.ended(500, 30_000 + request.bytes_in)
        return request.ended(503, 20 + request.bytes_in % 50)

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, fate=fate)


def _faults(start: datetime, one: LabWorker) -> list[tuple[datetime, str, str]]:
    """(when, level, message) of the platform about the mounts of one worker."""
    at = stamps.ago(start, FAULT_AT) + timedelta(seconds=4 if one is WORKERS[0] else 9)
    restart = at + timedelta(minutes=3)
    told = [
        (at + timedelta(seconds=30 * number), "ERROR", f"Azure storage volume media for site {SITE} faulted")
        for number in range(5)
    ]
    return [
        *told,
        (at + timedelta(seconds=20), "WARN ", "Volume content of the plan is not answering, the mount is tried again"),
        (restart, "INFO ", f"Stopping site {SITE} because its storage volume faulted"),
        (
            restart + timedelta(seconds=50),
            "ERROR",
            "Failed to mount volume media. Output: mount error(112): Host is down",
        ),
    ]


def _console(start: datetime, one: LabWorker) -> list[tuple[datetime, str]]:
    noise = Noise(f"{NAME}/console/{one.machine}")
    at = stamps.ago(start, FAULT_AT) + timedelta(seconds=11)
    found = []
    while at < stamps.ago(start, FAULT_AT - 3):
        name = f"/mounts/media/2026/{noise.whole(1, 12):02d}/{noise.digits(8)}.jpg"
        found.append(
            (at, f"[{at:%d-%b-%Y %H:%M:%S} UTC] PHP Warning:  fopen({name}): Failed to open stream: Host is down")
        )
        at += timedelta(seconds=noise.between(2, 12))
    return found


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    fault, back = stamps.ago(start, FAULT_AT), stamps.ago(start, BACK_AT)
    own = {
        (name, one.machine): step(noise, level, level * factor, int(FAULT_AT), int(BACK_AT))
        for one in WORKERS
        for name, level, factor in (
            ("IoReadBytesPerSecond", 90_000, 0.01),
            ("DiskQueueLength", 0.2, 40),
            ("CpuPercentage", 19, 0.3),
        )
    }
    rows = [(at, one, _LEVELS[level], text) for one in WORKERS for at, level, text in _faults(start, one)]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=False, own=own),
        health=(
            available(back + timedelta(minutes=5)),
            unavailable(
                fault,
                "Degraded (Unplanned)",
                "The storage that holds the content of this web app was failing over to another file server.",
                event_id=TRACKING_ID,
                until=back,
                state="Degraded",
            ),
        ),
        events=(
            service_event(
                TRACKING_ID,
                "App Service - West Europe - Storage volumes not available",
                "Between the given times web apps of some scale units lost the connection to their storage volumes "
                "while a file server failed over.",
                fault,
                back,
            ),
        ),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 11), "Microsoft.Web/sites/config/write"),),
        detectors=(*usual_detectors(noise, APP, start, windows=False), _volumes(start)),
        deployments=(deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 12), "Theme of the autumn"),),
        site_status={one.machine: site_status(details="Site started.") for one in WORKERS},
        tables=(
            http_table(APP, requests),
            platform_table(noise, APP, rows),
            console_table(APP, [(at, one, text) for one in WORKERS for at, text in _console(start, one)]),
        ),
    )


def _volumes(start: datetime) -> dict[str, object]:
    at = stamps.ago(start, FAULT_AT)
    rows = [
        (minute(at), app.name, one.machine, "Storage volume movement") for app in (APP, *SIBLINGS) for one in WORKERS
    ]
    columns = (("TimeStamp", "datetime"), ("SiteName", "string"), ("Instance", "string"), ("Event", "string"))
    return detector(
        "platformevents",
        "Platform events",
        windows=False,
        topic="32570954",
        status="Critical",
        message="Your application was recycled because of a file server failover.",
        datasets=[dataset("Events", columns, rows)],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began, back = stamps.ago(start, 60 * 24 * 11), stamps.ago(start, BACK_AT)
    old = traffic(noise, WORKERS, stamps.ago(start, 150), minutes=560, per_minute=14)
    requests = [*old, *_requests(start)]
    for number, one in enumerate(WORKERS):
        platform: list[Entry] = [(at, f"{level} - {text}") for at, level, text in _faults(start, one)]
        platform += start_of_container(APP, began, number)
        platform += start_of_container(APP, back - timedelta(seconds=30), 10 + number, seconds=21)
        platform += ordinary_platform_lines(noise, APP, stamps.ago(start, 60 * 30), start)
        write_platform_log(home, one.machine, platform)
        mine = [request for request in requests if request.worker is one and request.status != 503]
        write_app_log(home, one.machine, [*banner(one, "PHP 8.2", began), *access_lines(mine), *_console(start, one)])


WORLD = World(
    name=NAME,
    title="The storage under a Linux plan fails over: mounts are down, all apps restart",
    platform="linux",
    incident=report(
        "Three apps of our plan failed at once with 'Host is down'",
        "Reading files of the media share failed with 'Host is down' on both instances, then all apps of the plan "
        "restarted. After seven minutes all was well again.",
        "All sites of the media group, seven minutes.",
        minutes=(-72, -50),
    ),
    workers=WORKERS,
    app=APP,
    siblings=SIBLINGS,
    tier="PremiumV2",
    sku="P1v2",
    signals=_signals,
    write_home=_write_home,
    expected="microsoft",
    expected_rules=("L19", "N13", "W27"),
)
