"""World: two request threads of a .NET shop on Windows lock each other out, and the pool fills up behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.control_plane import activity, available, deployment
from escalate.lab.worlds.parts.counters import counters
from escalate.lab.worlds.parts.detectors import dataset, detector, minute, usual_detectors
from escalate.lab.worlds.parts.iis import write_detailed_errors, write_failed_requests, write_w3c
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.processes import kudu_process, worker_process
from escalate.lab.worlds.parts.series import Curve, metrics, rising, step
from escalate.lab.worlds.parts.tables import exceptions_table, http_table, requests_table
from escalate.lab.worlds.parts.traffic import Request, traffic
from escalate.lab.worlds.parts.windows_files import (
    AppLine,
    Event,
    ordinary_events,
    request_lines,
    write_application_log,
    write_deployment,
    write_event_log,
    write_kudu_traces,
)

NAME = "deadlock-windows"
SITE = "shop-web"
PID = 6744
HUNG_SINCE = {"RD00155DD0D38E": 34.0, "RD00155DD0E1A2": 21.0}
"""Minutes before the lab's start: each worker runs into the deadlock by itself."""
HUNG = ("/api/orders", "/api/orders/1042", "/api/cart/items")
"""Addresses that take both locks."""
REDIS = (
    "StackExchange.Redis.RedisTimeoutException: Timeout performing GET cart:{cart} (5000ms), next: GET cart:{cart}, "
    "inst: 0, qu: 0, qs: 14, aw: False, bw: SpinningDown, rs: ReadAsync, ws: Idle, in: 0, last-in: 4, cur-in: 0, "
    "sync-ops: 118, async-ops: 90311, serverEndpoint: shop-cache.redis.cache.windows.net:6380, conn-sec: 8441.2, "
    "mgr: 10 of 10 available, clientName: {machine}, IOCP: (Busy=0,Free=1000,Min=1,Max=1000), "
    "WORKER: (Busy={busy},Free={free},Min=1,Max=32767), v: 2.8.16.12844"
)
WORKERS = tuple(worker(NAME, machine) for machine in HUNG_SINCE)


def _app() -> LabApp:
    noise = Noise(NAME + "/processes")
    base = LabApp(name=SITE)
    processes = []
    for one, stuck in zip(WORKERS, (214, 121), strict=True):
        waits = (("UserRequest", stuck), ("LpcReceive", 3), ("ExecutionDelay", 2), ("EventPairLow", 6))
        processes += [
            worker_process(noise, base, one, PID, waits=waits, running=1, cpu_s=(311.4, 0.02), handles=(3120, 2)),
            kudu_process(noise, base, one, 4512),
        ]
    return LabApp(
        name=SITE,
        settings=settings(SITE, ASPNETCORE_ENVIRONMENT="Production"),
        connection_strings={"Orders": (database(SITE), "SQLAzure")},
        config={
            "use32BitWorkerProcess": False,
            "alwaysOn": True,
            "healthCheckPath": "/health",
            "netFrameworkVersion": "v8.0",
        },
        counters=counters(connections=47, threads=228, private=601_411_584, handles=3120),
        processes=tuple(processes),
    )


APP = _app()
SIBLING = LabApp(
    name="shop-admin",
    settings=settings("shop-admin"),
    counters=counters(connections=6),
    processes=tuple(
        worker_process(Noise(NAME + "/admin"), LabApp(name="shop-admin"), one, 9120, private=201_411_584)
        for one in WORKERS
    ),
)


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        waited = (start - request.at).total_seconds() / 60
        hung = HUNG_SINCE[request.worker.machine]
        if waited > hung:
            return request
        if request.path in HUNG:
            return request.ended(502, 230_000 + request.bytes_in % 190, sub=3, win32=121)
        if waited < hung - 6 and request.bytes_in % 3:  # the pool is used up: nobody takes requests from the queue
            return request.ended(503, 40 + request.bytes_in % 30, sub=2)
        return request.ended(request.status, request.ms * 9, bytes_out=request.bytes_out)

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, fate=fate)


def _timeouts(start: datetime) -> list[tuple[datetime, int, str]]:
    """(when, index of the worker, text) of the cache's time-outs, which print the state of the thread pool."""
    noise = Noise(NAME + "/redis")
    found = []
    for number, one in enumerate(WORKERS):
        since = HUNG_SINCE[one.machine]
        for step_number in range(int(since * 2)):
            at = stamps.ago(start, since) + timedelta(seconds=30 * step_number + noise.between(0, 20))
            busy = 24 + step_number * 3
            text = REDIS.format(cart=noise.whole(1000, 9999), machine=one.machine, busy=busy, free=32767 - busy)
            found.append((at, number, text))
    return found


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own: dict[tuple[str, str], Curve] = {}
    for one in WORKERS:
        since = int(HUNG_SINCE[one.machine])
        own |= {
            ("CpuTime", one.machine): step(noise, 4.2, 0.3, since),
            ("Threads", one.machine): rising(noise, 42, 228, since),
            ("RequestsInApplicationQueue", one.machine): rising(noise, 0, 340, since),
            ("HealthCheckStatus", one.machine): step(noise, 100, 34, since),
            ("CpuPercentage", one.machine): step(noise, 19, 6, since),
        }
    component = WORLD.component_id
    pairs = [(at, WORKERS[number], text.partition(":")[0], text) for at, number, text in _timeouts(start)]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=True, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 9)),),
        activity=(
            activity(noise, APP, stamps.ago(start, 60 * 26), "Microsoft.Web/sites/publishxml/action"),
            activity(noise, APP, stamps.ago(start, 60 * 25), "Microsoft.Web/sites/publish/Action"),
        ),
        detectors=(*usual_detectors(noise, APP, start, windows=True), _slow(start)),
        deployments=(
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 25), "Reserve stock before the order is written"),
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 24 * 6), "Update dependencies", active=False),
        ),
        tables=(
            http_table(APP, requests),
            requests_table(APP, component, requests),
            exceptions_table(APP, component, pairs, problem="Shop.Carts.CartCache.Get"),
        ),
    )


def _slow(start: datetime) -> dict[str, object]:
    rows = [
        (minute(stamps.ago(start, minutes)), one.machine, "Wait", 190) for minutes in (30, 25, 20) for one in WORKERS
    ]
    columns = (("TimeStamp", "datetime"), ("Instance", "string"), ("State", "string"), ("Threads", "long"))
    return detector(
        "threadcount",
        "Thread count",
        windows=True,
        topic="32570955",
        status="Warning",
        message="The process has many more threads than before.",
        datasets=[dataset("Threads per instance", columns, rows)],
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    requests = _requests(start)
    days = traffic(noise, WORKERS, stamps.ago(start, 60 * 14), minutes=240, per_minute=20)
    write_w3c(home, APP, [*days, *requests])
    failed = [request for request in requests if request.status in (502, 503)]
    write_failed_requests(home, APP, failed[:: max(1, len(failed) // 24)], pid=PID, module="AspNetCoreModuleV2")
    write_detailed_errors(home, APP, failed[:12])
    write_event_log(home, [*ordinary_events(noise, APP, WORKERS, start), *_events(start)], cut=True)
    for number, one in enumerate(WORKERS):
        write_application_log(home, one, PID, _lines(noise, start, number, requests))
        write_kudu_traces(home, noise, one, start)
    write_deployment(home, noise, stamps.ago(start, 60 * 25), "Reserve stock before the order is written")


def _events(start: datetime) -> list[Event]:
    found = []
    for at, number, text in _timeouts(start)[::9]:
        told = (
            "Category: Shop.Carts.CartCache\nEventId: 0\nCart could not be read.\n\nException: \n"
            f"{text}\n   at Shop.Carts.CartCache.Get(String id)"
        )
        found.append(Event(at, ".NET Runtime", 1000, 1, WORKERS[number].computer, (told,)))
    return found


def _lines(noise: Noise, start: datetime, number: int, requests: Sequence[Request]) -> list[AppLine]:
    one = WORKERS[number]
    hung = stamps.ago(start, HUNG_SINCE[one.machine])
    lines = request_lines(requests, one)
    lines += [
        (
            hung + timedelta(seconds=1),
            "Information",
            "StockService: reserving 2 of 4711 while order 1042 is written (holds stock, wants orders)",
        ),
        (
            hung + timedelta(seconds=1),
            "Information",
            "OrderExport: exporting order 1042 while stock is read (holds orders, wants stock)",
        ),
        (hung + timedelta(minutes=2), "Warning", "OrderExport: no progress for 120 s"),
        (
            hung - timedelta(minutes=12),
            "Warning",
            f"Payment provider answered late ({noise.whole(1200, 1900)} ms), key={settings(SITE)['PAYMENT_API_KEY']}",
        ),
    ]
    lines += [(at, "Error", text) for at, where, text in _timeouts(start) if where == number]
    return sorted(lines)


WORLD = World(
    name=NAME,
    title="A .NET shop on Windows deadlocks: threads wait for each other, requests end after 230 s",
    platform="windows",
    incident=report(
        "Orders hang and then fail with 502",
        "Since about half an hour placing an order never ends, then the browser shows 502. First one instance, then "
        "the other. CPU is nearly idle. It must be the load balancer.",
        "All customers of the shop; nobody can order.",
        minutes=(-40, 30),
    ),
    workers=WORKERS,
    app=APP,
    siblings=(SIBLING,),
    tier="Standard",
    sku="S1",
    signals=_signals,
    write_home=_write_home,
    expected="customer",
    expected_rules=("L51", "T01"),
)
