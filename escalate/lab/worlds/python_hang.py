"""World: all workers of a small Python service wait for one lock; gunicorn ends them after its own time-out."""

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
from escalate.lab.worlds.parts.detectors import usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import metrics, step
from escalate.lab.worlds.parts.tables import console_table, http_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "python-hang"
SITE = "export-api"
SINCE = 29.0
TIMEOUT_S = 30
WORKER = worker(NAME, "lw0sdlwk000P31", container=True)

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="PYTHON|3.12",
    settings=settings(SITE),
    connection_strings={"EXPORT": (database(SITE), "PostgreSQL")},
    config={"alwaysOn": True, "appCommandLine": f"gunicorn --workers 4 --timeout {TIMEOUT_S} app:app"},
)


def _timeouts(start: datetime) -> list[tuple[datetime, int]]:
    """(when, pid) of workers that did not answer."""
    first = stamps.ago(start, SINCE)
    return [
        (first + timedelta(seconds=(TIMEOUT_S + 4) * turn + slot * 0.4), 1_900 + 4 * turn + slot)
        for turn in range(int(SINCE * 60 / (TIMEOUT_S + 4)) - 1)
        for slot in range(4)
    ]


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        if (start - request.at).total_seconds() / 60 > SINCE or request.bytes_in % 4 == 0:
            return request
        return request.ended(502, TIMEOUT_S * 1000 + request.bytes_in % 600)

    return traffic(Noise(NAME + "/traffic"), (WORKER,), start, per_minute=8, fate=fate)


def _lines(start: datetime) -> list[Entry]:
    found: list[Entry] = []
    for at, pid in _timeouts(start):
        killed = at + timedelta(seconds=1)
        found += [
            (at, f"{_head(at, 72)} [CRITICAL] WORKER TIMEOUT (pid:{pid})"),
            (killed, f"{_head(killed, 72)} [ERROR] Worker (pid:{pid}) was sent SIGKILL! Perhaps out of memory?"),
            (killed, f"{_head(killed, pid + 4)} [INFO] Booting worker with pid: {pid + 4}"),
        ]
    began = stamps.ago(start, SINCE + 0.6)
    return [(began, "order export took the order lock and waits for a reply that never comes"), *found]


def _head(at: datetime, pid: int) -> str:
    return f"[{at:%Y-%m-%d %H:%M:%S} +0000] [{pid}]"


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own = {
        ("CpuTime", WORKER.machine): step(noise, 4.2, 0.4, int(SINCE)),
        ("HealthCheckStatus", WORKER.machine): step(noise, 100, 21, int(SINCE)),
    }
    return Signals(
        metrics=metrics(noise, (WORKER,), requests, start, windows=False, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 2)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 30), "Microsoft.Web/sites/publish/Action"),),
        detectors=tuple(usual_detectors(noise, APP, start, windows=False)),
        deployments=(
            deployment(
                APP, noise.digits(40), stamps.ago(start, 60 * 30), "Export holds the lock until the partner answers"
            ),
        ),
        site_status={WORKER.machine: site_status(details="Site started.")},
        tables=(
            http_table(APP, requests),
            console_table(APP, [(at, WORKER, text) for at, text in _lines(start)]),
        ),
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began = stamps.ago(start, 60 * 29)
    requests = [*traffic(noise, (WORKER,), stamps.ago(start, 125), minutes=700, per_minute=12), *_requests(start)]
    write_platform_log(
        home,
        WORKER.machine,
        [*start_of_container(APP, began, 3, port=8000), *ordinary_platform_lines(noise, APP, began, start)],
    )
    served = [request for request in requests if request.status != 502]
    write_app_log(home, WORKER.machine, [*banner(WORKER, "Python 3.12", began), *access_lines(served), *_lines(start)])


WORLD = World(
    name=NAME,
    title="A Python service hangs behind one lock; gunicorn ends its workers",
    platform="linux",
    incident=report(
        "Exports hang, workers are 'out of memory'",
        "Exports never end. The log says workers were killed, perhaps out of memory.",
        "The nightly partners; about forty exports.",
        minutes=(-35, 30),
    ),
    workers=(WORKER,),
    app=APP,
    tier="Basic",
    sku="B1",
    signals=_signals,
    write_home=_write_home,
    real="python",
    expected="customer",
    expected_rules=("L38", "E02", "E03"),
)
