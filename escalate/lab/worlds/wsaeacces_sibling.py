"""World: sockets of a Windows app are refused (10013) because a sibling on the same worker holds nearly all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.control_plane import activity, available, deployment
from escalate.lab.worlds.parts.counters import counters
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.iis import write_w3c
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.processes import kudu_process, worker_process
from escalate.lab.worlds.parts.series import metrics
from escalate.lab.worlds.parts.tables import exceptions_table, http_table, requests_table
from escalate.lab.worlds.parts.traffic import Request, traffic
from escalate.lab.worlds.parts.windows_files import (
    Event,
    ordinary_events,
    request_lines,
    write_application_log,
    write_event_log,
    write_kudu_traces,
)

NAME = "wsaeacces-sibling"
SITE = "billing-timer"
HOG = "feed-import"
SINCE = 42.0
LIMIT = 1920
"""Connections that a small worker allows to all its apps together."""
WORKER = worker(NAME, "RD0003FF9B1D26")
PID = 11488
REFUSED = "An attempt was made to access a socket in a way forbidden by its access permissions"
LEDGER = "ledger.contoso.example"
_NOISE = Noise(NAME + "/processes")

APP = LabApp(
    name=SITE,
    kind="functionapp",
    settings=settings(
        SITE,
        FUNCTIONS_EXTENSION_VERSION="~4",
        FUNCTIONS_WORKER_RUNTIME="dotnet-isolated",
        LEDGER_ENDPOINT=f"https://{LEDGER}/v1",
    ),
    connection_strings={"Billing": (database(SITE), "SQLAzure")},
    config={"alwaysOn": True},
    counters=counters(connections=9, connection_limit=LIMIT, handles=640),
    processes=(
        worker_process(_NOISE, LabApp(name=SITE), WORKER, PID, private=90_112_000),
        kudu_process(_NOISE, LabApp(name=SITE), WORKER, 3316),
    ),
)
SIBLINGS = (
    LabApp(
        name=HOG,
        kind="functionapp",
        settings=settings(HOG),
        counters=counters(connections=1_897, connection_limit=LIMIT, handles=9_114, threads=88),
        processes=(
            worker_process(_NOISE, LabApp(name=HOG), WORKER, 10324, handles=(9_114, 60), waits=(("UserRequest", 80),)),
        ),
    ),
    LabApp(
        name="web-prices",
        settings=settings("web-prices"),
        counters=counters(connections=14, connection_limit=LIMIT, handles=1_210),
        processes=(worker_process(_NOISE, LabApp(name="web-prices"), WORKER, 8420),),
    ),
)


def _refused(start: datetime) -> list[datetime]:
    noise = Noise(NAME + "/refused")
    return [stamps.ago(start, left) + timedelta(seconds=noise.between(15, 19)) for left in range(int(SINCE), 0, -1)]


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        if (start - request.at).total_seconds() / 60 > SINCE or not request.path.startswith("/api/orders"):
            return request
        return request.ended(500, 80 + request.bytes_in % 60)

    return traffic(Noise(NAME + "/traffic"), (WORKER,), start, per_minute=10, fate=fate)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    component = WORLD.component_id
    failed = [(at, WORKER, "System.Net.Sockets.SocketException", REFUSED) for at in _refused(start)]
    failed += [
        (at + timedelta(seconds=2), WORKER, "Azure.RequestFailedException", "Unable to connect to the remote server")
        for at in _refused(start)[::5]
    ]
    return Signals(
        metrics=metrics(noise, (WORKER,), requests, start, windows=True),
        health=(available(stamps.ago(start, 60 * 24 * 3)),),
        activity=(
            activity(noise, APP, stamps.ago(start, 60 * 24 * 3), "Microsoft.Web/sites/publish/Action"),
            activity(
                noise,
                APP,
                stamps.ago(start, 60 * 7),
                "Microsoft.Web/sites/publish/Action",
                resource_id=SIBLINGS[0].resource_id,
            ),
        ),
        detectors=(*usual_detectors(noise, APP, start, windows=True), _tcp(start)),
        deployments=(
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 3), "Bill at the end of the month"),
        ),
        tables=(
            http_table(APP, requests),
            requests_table(APP, component, requests),
            exceptions_table(APP, component, sorted(failed), problem="Billing.Ledger.Post"),
        ),
    )


def _tcp(start: datetime) -> dict[str, object]:
    held = ((HOG, 10324, 1_897), ("web-prices", 8420, 14), (SITE, PID, 9))
    rows = [
        (
            minute(stamps.ago(start, left)),
            WORKER.machine,
            name,
            f"w3wp({pid})",
            count if left <= SINCE else min(count, 60),
        )
        for left in (60, 40, 30, 20)
        for name, pid, count in held
    ]
    columns = (
        ("TimeStamp", "datetime"),
        ("Instance", "string"),
        ("SiteName", "string"),
        ("Process", "string"),
        ("Count", "long"),
    )
    return detector(
        "tcpconnections",
        "TCP Connections",
        windows=True,
        topic="32581616",
        status="Critical",
        message="TCP connections reached the limit of the instance",
        datasets=[dataset("TCP connections by process", columns, rows)],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    requests = _requests(start)
    write_w3c(
        home, APP, [*traffic(noise, (WORKER,), stamps.ago(start, 60 * 11), minutes=400, per_minute=12), *requests]
    )
    told = (
        "Application: dotnet.exe\nCoreCLR Version: 8.0.1024.46610\nDescription: The process was terminated due to an "
        f"unhandled exception.\nException Info: System.Net.Sockets.SocketException (10013): {REFUSED}."
    )
    crashes = [Event(at, ".NET Runtime", 1026, 1, WORKER.computer, (told,)) for at in _refused(start)[::7]]
    write_event_log(home, [*ordinary_events(noise, APP, [WORKER], start), *crashes])
    lines = request_lines(requests, WORKER)
    lines += [
        (at, "Error", f"BillingTimer: POST https://{LEDGER}/v1/entries failed: {REFUSED}.") for at in _refused(start)
    ]
    lines += [(stamps.ago(start, 97), "Warning", f"Host lock lease acquired by instance ID '{WORKER.arm_id[:32]}'.")]
    write_application_log(home, WORKER, PID, sorted(lines))
    write_kudu_traces(home, noise, WORKER, start)


WORLD = World(
    name=NAME,
    title="Sockets of a Windows app are refused (10013): a sibling app holds the worker's connections",
    platform="windows",
    incident=report(
        "The billing timer no longer bills",
        "Every call to the ledger fails with 'forbidden by its access permissions'. Nothing was changed in this app. "
        "It must be the platform's firewall.",
        "No bills since three quarters of an hour.",
        minutes=(-50, 30),
    ),
    workers=(WORKER,),
    app=APP,
    siblings=SIBLINGS,
    tier="Standard",
    sku="S1",
    signals=_signals,
    write_home=_write_home,
    probes={(WORKER.machine, f"{LEDGER}:443"): "forbidden"},
    expected="customer",
    expected_rules=("W08", "W13"),
)
