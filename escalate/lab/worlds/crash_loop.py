"""World: a custom container ends at its start, is mended in haste and then listens on the wrong port."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    Entry,
    access_lines,
    begin_of_container,
    container_name,
    ordinary_platform_lines,
    start_of_container,
    write_app_log,
    write_platform_log,
)
from escalate.lab.worlds.parts.control_plane import activity, available, deployment, site_status
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import metrics, step
from escalate.lab.worlds.parts.tables import console_table, http_table, platform_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "crash-loop"
SITE = "quotes-api"
PORT = 8080
WORKER = worker(NAME, "lw0sdlwk000QT7", container=True)
BROKEN_AT = 68.0
"""Minutes before the lab's start: the image without its configuration is deployed."""
WRONG_PORT_AT = 41.0
"""... and the image that listens on 3000."""

APP = LabApp(
    name=SITE,
    kind="app,linux,container",
    runtime="DOCKER|contosoacr.azurecr.io/quotes:2.3.1",
    settings=settings(
        SITE,
        WEBSITES_PORT=str(PORT),
        WEBSITES_ENABLE_APP_SERVICE_STORAGE="false",
        DOCKER_REGISTRY_SERVER_URL="https://contosoacr.azurecr.io",
    ),
    connection_strings={"QUOTES": (database(SITE), "SQLAzure")},
    config={"alwaysOn": True, "acrUseManagedIdentityCreds": True},
)
_CRASH = (
    "node:internal/modules/cjs/loader:1148\n  throw err;\n  ^\n\n"
    "Error: Cannot find module '/app/config/production.json'\n"
    "Require stack:\n- /app/src/config.js\n- /app/src/server.js\n"
    "    at Module._resolveFilename (node:internal/modules/cjs/loader:1145:15)\n"
    "    at Module._load (node:internal/modules/cjs/loader:986:27)\n"
    "  code: 'MODULE_NOT_FOUND'\n\nNode.js v20.18.0"
)
_TIMEOUT = (
    "Container did not start within expected time limit of 230s. Please inspect your container logs for more details."
)


def _crashes(start: datetime) -> list[datetime]:
    """Starts of containers that end by themselves after three seconds."""
    return [stamps.ago(start, BROKEN_AT - 4.5 * number) for number in range(5)]


def _unheard(start: datetime) -> list[datetime]:
    """Starts of containers that nobody hears on the port."""
    return [stamps.ago(start, WRONG_PORT_AT - 8.0 * number) for number in range(4)]


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        if (start - request.at).total_seconds() / 60 > BROKEN_AT:
            return request
        return request.ended(503, 30_000 + request.bytes_in % 900)

    return traffic(Noise(NAME + "/traffic"), (WORKER,), start, per_minute=9, fate=fate)


def _platform_rows(start: datetime) -> list[tuple[datetime, str, str]]:
    rows = []
    for at in _crashes(start):
        ended = at + timedelta(seconds=7)
        rows += [
            (at, "Informational", f"Starting container: {SITE}."),
            (ended, "Error", "Container has finished running with exit code: 1."),
            (ended + timedelta(seconds=1), "Error", _cancelled(ended)),
        ]
    for at in _unheard(start):
        gave_up = at + timedelta(seconds=231)
        rows += [
            (at, "Informational", f"Starting container: {SITE}."),
            (gave_up, "Error", _unanswered(SITE)),
        ]
    blocked = (
        "State: Blocked, Action: None, Details: Site is blocked due to multiple, consecutive cold start failures. "
        f"Site scheduled to be unblocked at {stamps.spoken(start + timedelta(minutes=9))}"
    )
    rows.append((stamps.ago(start, 12), "Error", blocked))
    return rows


def _cancelled(at: datetime) -> str:
    """The platform speaks of a time-out although the container had ended by itself."""
    return (
        "State: Stopping, Action: CancellingStartup, LastError: ContainerTimeout, "
        f"LastErrorTimestamp: {stamps.spoken(at)}, LastErrorDetails: {_TIMEOUT}, "
        f"Details: Site container: {SITE} terminated during site startup. Cancelling site startup., DetailsLevel: ERR"
    )


def _unanswered(container: str) -> str:
    return (
        f"Container {container} didn't respond to HTTP pings on port: {PORT}, failing site start. "
        "See container logs for debugging."
    )


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own = {
        ("HealthCheckStatus", WORKER.machine): step(noise, 100, 0, int(BROKEN_AT)),
        ("CpuTime", WORKER.machine): step(noise, 4.2, 0.6, int(BROKEN_AT)),
    }
    last = _unheard(start)[-1] + timedelta(seconds=231)
    deployments = (
        deployment(APP, noise.digits(12), stamps.ago(start, WRONG_PORT_AT + 1), "quotes:2.3.1", deployer="contosoacr"),
        deployment(
            APP, noise.digits(12), stamps.ago(start, BROKEN_AT + 1), "quotes:2.3.0", deployer="contosoacr", active=False
        ),
    )
    return Signals(
        metrics=metrics(noise, (WORKER,), requests, start, windows=False, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 5)),),
        activity=(
            activity(noise, APP, stamps.ago(start, WRONG_PORT_AT + 1), "Microsoft.Web/sites/config/write"),
            activity(noise, APP, stamps.ago(start, BROKEN_AT + 1), "Microsoft.Web/sites/config/write"),
        ),
        detectors=(*usual_detectors(noise, APP, start, windows=False), _starts(start)),
        deployments=deployments,
        site_status={
            WORKER.machine: site_status(
                "Blocked",
                "Site is blocked due to multiple, consecutive cold start failures.",
                error="ContainerTimeout",
                told=_TIMEOUT,
                at=last,
            )
        },
        tables=(
            http_table(APP, requests),
            platform_table(noise, APP, [(at, WORKER, level, text) for at, level, text in _platform_rows(start)]),
            console_table(
                APP,
                [
                    (at + timedelta(seconds=6), WORKER, line)
                    for at in _crashes(start)
                    for line in _CRASH.split("\n")
                    if line
                ],
            ),
        ),
    )


def _starts(start: datetime) -> dict[str, object]:
    rows = [
        (minute(at), WORKER.machine, "ContainerTimeout")
        for at in (*_crashes(start), *_unheard(start))
        if at < stamps.ago(start, 15)
    ]
    return detector(
        "linuxcontainerstartfailure",
        "Container start failures",
        windows=False,
        topic="32629077",
        status="Critical",
        message="Your container failed to start several times.",
        datasets=[
            dataset("Starts", (("TimeStamp", "datetime"), ("Instance", "string"), ("LastError", "string")), rows)
        ],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began = stamps.ago(start, 60 * 24 * 5)
    platform: list[Entry] = [
        *start_of_container(APP, began, 0, port=PORT),
        *ordinary_platform_lines(noise, APP, began, stamps.ago(start, BROKEN_AT + 2)),
    ]
    console: list[Entry] = list(
        access_lines(
            [
                *traffic(noise, (WORKER,), stamps.ago(start, 130), minutes=900, per_minute=14),
                *(one for one in _requests(start) if one.status < 500),
            ]
        )
    )
    for run, at in enumerate(_crashes(start), start=1):
        name = container_name(APP, run)
        platform += begin_of_container(APP, at, run, PORT)
        platform += [
            (at + timedelta(seconds=7), f"ERROR - Container {name} for site {SITE} has exited, failing site start"),
            (at + timedelta(seconds=7.2), f"ERROR - {_unanswered(name)}"),
            (at + timedelta(seconds=7.4), f"INFO  - Stopping site {SITE} because it failed during startup."),
        ]
        console.append((at + timedelta(seconds=6), _CRASH))
    for run, at in enumerate(_unheard(start), start=20):
        name = container_name(APP, run)
        late = f"Container {name} for site {SITE} did not start within expected time limit."
        platform += begin_of_container(APP, at, run, PORT)
        for seconds in range(20, 230, 15):
            told = f"Waiting for response to warmup request for container {name}. Elapsed time = {seconds}.0443067 sec"
            platform.append((at + timedelta(seconds=seconds), f"INFO  - {told}"))
        platform += [
            (at + timedelta(seconds=231), f"ERROR - {late} Elapsed time = 231.0443067 sec"),
            (at + timedelta(seconds=231.2), f"ERROR - {_unanswered(name)}"),
            (at + timedelta(seconds=231.4), f"INFO  - Stopping site {SITE} because it failed during startup."),
        ]
        console.append(
            (
                at + timedelta(seconds=5),
                "> quotes@2.3.1 start\n> node src/server.js\n\nquotes listening on http://127.0.0.1:3000",
            )
        )
    write_platform_log(home, WORKER.machine, platform)
    write_app_log(home, WORKER.machine, console)


WORLD = World(
    name=NAME,
    title="A custom container ends at its start, then listens on the wrong port",
    platform="linux-container",
    incident=report(
        "Container timeout, the site does not start any more",
        "Since the release the site answers 503. The platform says the container did not start within 230 s, although "
        "it runs on every laptop.",
        "The quotes API is down.",
        minutes=(-70, 10),
    ),
    workers=(WORKER,),
    app=APP,
    tier="Basic",
    sku="B2",
    signals=_signals,
    write_home=_write_home,
    expected="customer",
    expected_rules=("L01", "L02", "L07"),
    storage_mounted=False,
)
