"""World: a singleton job of a Windows app opens a connection a message; its worker has no ports left for SNAT."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.control_plane import activity, available, deployment
from escalate.lab.worlds.parts.counters import counters
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.iis import write_failed_requests, write_w3c
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.processes import kudu_process, worker_process
from escalate.lab.worlds.parts.series import metrics, rising, step
from escalate.lab.worlds.parts.tables import dependencies_table, exceptions_table, http_table, requests_table
from escalate.lab.worlds.parts.traffic import Request, traffic
from escalate.lab.worlds.parts.windows_files import (
    Event,
    ordinary_events,
    request_lines,
    write_application_log,
    write_event_log,
    write_kudu_traces,
)

NAME = "snat-one-instance"
SITE = "notify-web"
PAYMENT = "api.payments.contoso.example"
WEBHOOKS = "hooks.partner.fabrikam.example"
SINCE = 38.0
"""Minutes before the lab's start since when ports are used up."""
WORKERS = tuple(worker(NAME, f"RD0003FF{name}") for name in ("47609F", "4A11C0", "4B7D22"))
SICK = WORKERS[0]
PID = 8420
TIMED_OUT = (
    "A connection attempt failed because the connected party did not properly respond after a period of time, or "
    "established connection failed because connected host has failed to respond."
)


def _app() -> LabApp:
    noise = Noise(NAME + "/processes")
    base = LabApp(name=SITE)
    processes = []
    for one in WORKERS:
        waits = (("UserRequest", 61 if one is SICK else 27), ("LpcReceive", 3), ("ExecutionDelay", 9))
        handles = (4210, 35) if one is SICK else (1405, 1)
        processes += [
            worker_process(noise, base, one, PID, waits=waits, handles=handles),
            kudu_process(noise, base, one, 5108),
        ]
    return LabApp(
        name=SITE,
        settings=settings(SITE, PAYMENT_ENDPOINT=f"https://{PAYMENT}/v2", WEBHOOK_ENDPOINT=f"https://{WEBHOOKS}/in"),
        connection_strings={"Notify": (database(SITE), "SQLAzure")},
        config={"alwaysOn": True, "netFrameworkVersion": "v8.0", "vnetRouteAllEnabled": False},
        counters=counters(connections=212, threads=61, handles=4210),
        processes=tuple(processes),
    )


APP = _app()


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        left = (start - request.at).total_seconds() / 60
        if request.worker is not SICK or left > SINCE or not request.path.startswith("/api/"):
            return request
        return request.ended(500, 21_000 + request.bytes_in % 400) if request.bytes_in % 10 < 7 else request

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, per_minute=14, fate=fate)


def _calls(start: datetime) -> list[tuple[datetime, int, str, bool, float]]:
    """(when, worker, target, success, ms) of outgoing calls."""
    noise = Noise(NAME + "/calls")
    found = []
    for minutes in range(120, 0, -1):
        for number, one in enumerate(WORKERS):
            for _ in range(8 if one is SICK else 4):
                at = stamps.ago(start, minutes) + timedelta(seconds=noise.between(0, 59))
                sick = one is SICK and minutes <= SINCE and noise.chance(0.7)
                target = noise.one_of((PAYMENT, WEBHOOKS) if one is SICK else (PAYMENT,))
                found.append(
                    (
                        at,
                        number,
                        target,
                        not sick,
                        round(noise.between(21_000, 21_100) if sick else noise.between(40, 190), 1),
                    )
                )
    return sorted(found)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    since = int(SINCE)
    own = {
        ("AppConnections", SICK.machine): rising(noise, 40, 260, since + 10),
        ("Handles", SICK.machine): rising(noise, 1400, 4210, since + 10),
        ("TcpSynSent", SICK.machine): step(noise, 0.4, 61, since),
        ("TcpTimeWait", SICK.machine): step(noise, 25, 710, since),
    }
    component = WORLD.component_id
    calls = _calls(start)
    failed = [
        (at, WORKERS[number], "System.Net.Sockets.SocketException", f"{TIMED_OUT} ({target}:443)")
        for at, number, target, good, _ in calls
        if not good
    ]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=True, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 30)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 2), "Microsoft.Web/sites/publish/Action"),),
        detectors=(
            *usual_detectors(noise, APP, start, windows=True, leave_out=frozenset({"snatportexhaustion"})),
            _snat(start),
            _tcp(start),
        ),
        deployments=(
            deployment(
                APP, noise.digits(40), stamps.ago(start, 60 * 24 * 2), "Webhooks: one HttpClient for each message"
            ),
        ),
        tables=(
            http_table(APP, requests),
            requests_table(APP, component, requests),
            dependencies_table(
                APP,
                component,
                [
                    (
                        at,
                        WORKERS[number],
                        "HTTP",
                        target,
                        f"POST https://{target}/v2/events",
                        good,
                        "202" if good else "Faulted",
                        ms,
                    )
                    for at, number, target, good, ms in calls
                ],
            ),
            exceptions_table(APP, component, failed, problem="Notify.Webhooks.Sender.Send"),
        ),
    )


def _snat(start: datetime) -> dict[str, object]:
    rows = []
    for minutes in (60, 45, 35, 30, 25, 20):
        sick = minutes <= SINCE
        rows += [
            (
                minute(stamps.ago(start, minutes)),
                one.machine,
                128 if sick and one is SICK else 11,
                412 if sick and one is SICK else 0,
            )
            for one in WORKERS
        ]
    columns = (("TimeStamp", "datetime"), ("Instance", "string"), ("Used", "long"), ("Failed", "long"))
    return detector(
        "snatportexhaustion",
        "SNAT Port Exhaustion",
        windows=True,
        topic="32581616",
        status="Critical",
        message="SNAT port allocations failed on 1 of 3 instances",
        datasets=[dataset("SNAT per instance", columns, rows)],
    )


def _tcp(start: datetime) -> dict[str, object]:
    rows = [
        (minute(stamps.ago(start, 25)), one.machine, SITE, f"w3wp({PID})", 260 if one is SICK else 34)
        for one in WORKERS
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
        status="Success",
        message="TCP connections stay below the limit of the instance",
        datasets=[dataset("TCP connections by process", columns, rows)],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    requests = _requests(start)
    write_w3c(home, APP, [*traffic(noise, WORKERS, stamps.ago(start, 60 * 15), minutes=200, per_minute=14), *requests])
    failed = [request for request in requests if request.status == 500]
    write_failed_requests(home, APP, failed[:: max(1, len(failed) // 12)], pid=PID, module="AspNetCoreModuleV2")
    calls = _calls(start)
    told = [
        Event(at, ".NET Runtime", 1000, 1, SICK.computer, (_told(target),))
        for at, _, target, good, _ in calls
        if not good
    ]
    write_event_log(home, [*ordinary_events(noise, APP, WORKERS, start), *told[::6]])
    for number, one in enumerate(WORKERS):
        lines = request_lines(requests, one)
        for at, where, target, good, _ in calls:
            if where == number:
                end = "202" if good else f"failed: {TIMED_OUT} [{target}:443]"
                lines.append((at, "Information" if good else "Error", f"POST https://{target}/v2/events {end}"))
        if one is SICK:
            taken = "WebhookDispatcher: lock taken, this instance sends all webhooks"
            lines.append((stamps.ago(start, 118), "Information", taken))
        write_application_log(home, one, PID, sorted(lines))
        write_kudu_traces(home, noise, one, start, count=20)


def _told(target: str) -> str:
    return (
        f"Category: Notify.Webhooks.Sender\nEventId: 0\nSending to {target} failed\n\nException: \n"
        f"System.Net.Sockets.SocketException (10060): {TIMED_OUT}"
    )


WORLD = World(
    name=NAME,
    title="Outgoing connections of a Windows app time out on one of three workers: SNAT ports are used up",
    platform="windows",
    incident=report(
        "Payments fail on one instance",
        "On one of three instances calls to the payment provider and to partners time out after 21 s. The other two "
        "are fine, so this instance must have a broken network.",
        "A third of all payments.",
        minutes=(-45, 30),
    ),
    workers=WORKERS,
    app=APP,
    tier="Standard",
    sku="S2",
    signals=_signals,
    write_home=_write_home,
    probes={(SICK.machine, f"{PAYMENT}:443"): "timeout", (SICK.machine, f"{WEBHOOKS}:443"): "timeout"},
    expected="customer",
    expected_rules=("N01",),
)
