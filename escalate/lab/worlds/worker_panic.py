"""World: a worker of a Linux plan is gone from one second to the next; all apps of the plan start on a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, LabWorker, Series, Signals, World
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
from escalate.lab.worlds.parts.control_plane import activity, available, deployment, site_status, unavailable
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import COUNTED, metrics, only
from escalate.lab.worlds.parts.tables import console_table, http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "worker-panic"
SITE = "catalog-web"
LOST = worker(NAME, "lw1sdlwk0003MN", container=True)
"""Not in the plan any more; only logs and metrics still know it."""
NEW = worker(NAME, "lw1sdlwk0005QP", container=True)
HEALTHY = worker(NAME, "lw1sdlwk0003MT", container=True)
LOST_AT = 47.3
BACK_AT = 44.1
"""Minutes before the lab's start."""

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PYTHON|3.12",
    settings=settings(SITE, WEBSITES_PORT="8000"),
    connection_strings={"CATALOG": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "healthCheckPath": "/health"},
)
SIBLINGS = tuple(
    LabApp(name=name, kind="app,linux", runtime="NODE|20-lts", settings=settings(name))
    for name in ("catalog-search", "catalog-images")
)


def _requests(start: datetime) -> list[Request]:
    """The front end goes on sending to the lost worker for two and a half minutes."""

    def fate(request: Request) -> Request:
        left = (start - request.at).total_seconds() / 60
        if request.worker is not LOST or left > LOST_AT:
            return request
        if left > LOST_AT - 2.5:
            return request.ended(503 if request.bytes_in % 3 else 502, 12_000 + request.bytes_in, sub=0)
        return replace(request, worker=NEW)

    every = traffic(Noise(NAME + "/traffic"), (LOST, HEALTHY), start, fate=fate)
    back = stamps.ago(start, BACK_AT)
    return [request for request in every if request.worker is not NEW or request.at > back]


def _started(noise: Noise, start: datetime) -> list[tuple[datetime, LabWorker, str, str]]:
    back = stamps.ago(start, BACK_AT)
    started = (
        "State: Started, Action: None, LastError: None, LastErrorTimestamp: 01/01/0001 00:00:00, "
        f"Details: Site started at {stamps.spoken(back)} (UTC), DetailsLevel: INFO"
    )
    rows = [
        (back - timedelta(seconds=41), NEW, "Informational", "Site: catalog-web is starting on a new instance."),
        (back - timedelta(seconds=39), NEW, "Informational", "Pulling image from local cache."),
        (back - timedelta(seconds=20), NEW, "Warning", "Container get mounts received unexpected exception."),
        (back, NEW, "Informational", "Site startup probe succeeded after 37.1 seconds."),
        (back + timedelta(seconds=0.2), NEW, "Informational", started),
    ]
    return rows + [
        (stamps.ago(start, noise.between(50, 120)), HEALTHY, "Informational", "Health of the site was reported.")
        for _ in range(6)
    ]


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    lost_at, back = stamps.ago(start, LOST_AT), stamps.ago(start, BACK_AT)
    return Signals(
        metrics=tuple(map(_lived, metrics(noise, (LOST, NEW, HEALTHY), requests, start, windows=False))),
        health=(
            available(back + timedelta(minutes=6)),
            unavailable(
                lost_at,
                "Unavailable (Unplanned)",
                "We're sorry, your web app was unavailable because of an unexpected failure of the host it ran on. "
                "It was started on another host without action on your side.",
                until=back,
            ),
        ),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 4), "Microsoft.Web/sites/publish/Action"),),
        detectors=(*usual_detectors(noise, APP, start, windows=False), _restarts(start)),
        deployments=(
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 4), "Catalog of the autumn season"),
        ),
        site_status={one.machine: site_status(details="Site started.") for one in (NEW, HEALTHY)},
        tables=(
            http_table(APP, requests),
            platform_table(noise, APP, _started(noise, start)),
            console_table(APP, [(back, NEW, "[INFO] Starting gunicorn 22.0.0")]),
        ),
    )


def _lived(series: Series) -> Series:
    """What a machine says of itself: only while it is there."""
    if series.metric in COUNTED or series.machine == HEALTHY.machine:
        return series
    if series.machine == LOST.machine:
        return replace(series, values=only(series.values, until=int(LOST_AT)))
    return replace(series, values=only(series.values, since=int(BACK_AT)))


def _restarts(start: datetime) -> dict[str, object]:
    at = stamps.ago(start, BACK_AT)
    rows = [(minute(at), app.name, NEW.machine, "Platform") for app in (APP, *SIBLINGS)]
    columns = (("TimeStamp", "datetime"), ("SiteName", "string"), ("Instance", "string"), ("Reason", "string"))
    return detector(
        "webapprestart",
        "Web App Restarted",
        windows=False,
        topic="32570954",
        status="Warning",
        message="All apps of the plan were started on another instance.",
        datasets=[dataset("Starts", columns, rows)],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    lost_at, back = stamps.ago(start, LOST_AT), stamps.ago(start, BACK_AT)
    began = stamps.ago(start, 60 * 24 * 3)
    requests = [*traffic(noise, (LOST, HEALTHY), stamps.ago(start, 130), minutes=600, per_minute=14), *_requests(start)]
    for one, since, until in (
        (LOST, began, lost_at),
        (HEALTHY, began, start),
        (NEW, back - timedelta(seconds=38), start),
    ):
        mine = [request for request in requests if request.worker is one and since <= request.at <= until]
        write_platform_log(
            home,
            one.machine,
            [
                *_platform(since, len(one.machine) % 7),
                *ordinary_platform_lines(noise, APP, since + timedelta(minutes=4), until),
            ],
        )
        write_app_log(home, one.machine, [*banner(one, "Python 3.12", since), *_gunicorn(since), *access_lines(mine)])


def _platform(since: datetime, run: int) -> Sequence[Entry]:
    return start_of_container(APP, since, run, seconds=37.1, port=8000)


def _gunicorn(since: datetime) -> list[Entry]:
    at = since + timedelta(seconds=30)
    head = f"[{at:%Y-%m-%d %H:%M:%S} +0000]"
    return [
        (at, f"{head} [72] [INFO] Starting gunicorn 22.0.0"),
        (at, f"{head} [72] [INFO] Listening at: http://0.0.0.0:8000 (72)"),
        (at, f"{head} [72] [INFO] Using worker: sync"),
        (at, f"{head} [75] [INFO] Booting worker with pid: 75"),
    ]


WORLD = World(
    name=NAME,
    title="A worker of a Linux plan disappears; all apps of the plan start on a new one",
    platform="linux",
    incident=report(
        "All our apps of the plan restarted at the same time",
        "For three minutes half of the requests failed, in three apps at once. Nobody deployed or restarted anything. "
        "The logs stop in the middle.",
        "Three web apps, all customers, three minutes.",
        minutes=(-58, -36),
    ),
    workers=(NEW, HEALTHY),
    app=APP,
    siblings=SIBLINGS,
    tier="PremiumV2",
    sku="P1v2",
    signals=_signals,
    write_home=_write_home,
    expected="microsoft",
    expected_rules=("L60", "N09", "N13"),
)
