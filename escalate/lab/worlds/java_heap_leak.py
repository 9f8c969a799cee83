"""World: a Java service on Linux keeps every session in its heap until one worker has no memory left for objects."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from escalate.lab.world import LabApp, LabWorker, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    Entry,
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
from escalate.lab.worlds.parts.series import metrics, rising, step
from escalate.lab.worlds.parts.tables import console_table, exceptions_table, http_table, platform_table, requests_table
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "java-heap-leak"
SITE = "orders-api"
WORKERS = tuple(worker(NAME, machine, container=True) for machine in ("lw0sdlwk0007XK", "lw0sdlwk0007Y2"))
SICK, HEALTHY = WORKERS
FULL_SINCE = 26.0
"""Minutes before the lab's start since when objects cannot be made any more."""
HEAP_MB = 2048

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="JAVA|17-java17",
    settings=settings(
        SITE,
        JAVA_OPTS=f"-Xmx{HEAP_MB}m -Xlog:gc",
        SPRING_DATASOURCE_URL=f"jdbc:sqlserver://{SITE}-db.database.windows.net:1433;database=orders",
    ),
    connection_strings={"ORDERS": (database(SITE), "SQLAzure")},
    config={"alwaysOn": True, "healthCheckPath": "/health", "javaVersion": "17"},
)
SIBLING = LabApp(name="orders-docs", kind="app,linux", runtime="NODE|20-lts", settings=settings("orders-docs"))


def _requests(start: datetime) -> list[Request]:
    def fate(request: Request) -> Request:
        left = (start - request.at).total_seconds() / 60
        if request.worker is not SICK or left > FULL_SINCE + 20:
            return request
        if left > FULL_SINCE:  # the collector stops the world ever more often
            return request.ended(request.status, request.ms * 7, bytes_out=request.bytes_out)
        if request.path.startswith("/api") or request.bytes_in % 3 == 0:
            return request.ended(500 if request.bytes_in % 4 else 503, 4_000 + request.bytes_in % 3_000)
        return request.ended(request.status, request.ms * 40, bytes_out=request.bytes_out)

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, fate=fate)


def _errors(start: datetime) -> list[tuple[datetime, str]]:
    noise = Noise(NAME + "/errors")
    places = (
        "nio-8080-exec-4] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Handler dispatch failed: root cause",
        "session-sweeper] c.c.orders.SessionStore                  : sweep failed",
    )
    found = []
    at = stamps.ago(start, FULL_SINCE)
    while at < start:
        text = (
            f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z ERROR 88 --- [{noise.one_of(places)}\n\n"
            "java.lang.OutOfMemoryError: Java heap space\n"
            "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)\n"
            "\tat com.contoso.orders.SessionStore.remember(SessionStore.java:41)\n"
            "\tat com.contoso.orders.CheckoutController.checkout(CheckoutController.java:88)"
        )
        found.append((at, text))
        at += timedelta(seconds=noise.between(20, 70))
    return found


def _gc_lines(start: datetime, one: LabWorker, days_up: float) -> list[Entry]:
    """`-Xlog:gc` of four hours; what a collection leaves behind grows on the sick worker only."""
    noise = Noise(f"{NAME}/gc/{one.machine}")
    found: list[Entry] = []
    at, number = stamps.ago(start, 240), 4_100
    while at < start:
        share = 1 - (start - at).total_seconds() / 60 / 240
        kept = int(410 + noise.between(-20, 20) + (1_630 * min(1.0, share * 1.12) if one is SICK else 0))
        kept = min(kept, HEAP_MB - 3)
        left = (start - at).total_seconds() / 60
        up = days_up * 86_400 - left * 60
        if one is SICK and left < FULL_SINCE + 20:
            pause, before, ms = "Full (G1 Compaction Pause)", HEAP_MB - 1, noise.between(1900, 3400)
            at += timedelta(seconds=noise.between(3, 8))
        else:
            pause, before, ms = "Young (Normal) (G1 Evacuation Pause)", min(kept + 320, HEAP_MB), noise.between(6, 24)
            at += timedelta(seconds=noise.between(6, 16))
        text = f"[{up:.3f}s][info][gc] GC({number}) Pause {pause} {before}M->{kept}M({HEAP_MB}M) {ms:.3f}ms"
        found.append((at, text))
        number += 1
    return [(at, text) for at, text in found if at < start]


def _app_lines(one: LabWorker, requests: list[Request]) -> list[Entry]:
    """What Spring Boot prints on an ordinary day."""
    found: list[Entry] = []
    for number, request in enumerate(request for request in requests if request.worker is one):
        head = f"{request.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3]
        what = f"{request.method} {request.path} {request.status} {request.ms}ms trace={request.log_id}"
        found.append((request.at, f"{head}Z  INFO 88 --- [nio-8080-exec-{number % 10}] c.c.orders.AccessLog : {what}"))
        if number % 400 == 7:
            kept = f"{number * 3} sessions are remembered"
            found.append((request.at, f"{head}Z  WARN 88 --- [scheduling-1] c.c.orders.SessionStore : {kept}"))
        if number % 900 == 11:
            pool = f"pool opened with {database(SITE)}"
            found.append((request.at, f"{head}Z DEBUG 88 --- [main] c.c.orders.DataSource : {pool}"))
    return found


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    requests = _requests(start)
    own = {
        ("MemoryPercentage", SICK.machine): rising(noise, 52, 91, 110),
        ("MemoryWorkingSet", SICK.machine): rising(noise, 1.1e9, 2.6e9, 110),
        ("AverageMemoryWorkingSet", SICK.machine): rising(noise, 1.1e9, 2.6e9, 110),
        ("CpuTime", SICK.machine): rising(noise, 6, 110, int(FULL_SINCE) + 20),
        ("CpuPercentage", SICK.machine): rising(noise, 18, 97, int(FULL_SINCE) + 20),
        ("HealthCheckStatus", SICK.machine): step(noise, 100, 12, int(FULL_SINCE)),
    }
    component = WORLD.component_id
    oom = [(at, SICK, "java.lang.OutOfMemoryError", "Java heap space") for at, _ in _errors(start)]
    return Signals(
        metrics=metrics(noise, WORKERS, requests, start, windows=False, own=own),
        health=(available(stamps.ago(start, 60 * 24 * 20)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 51), "Microsoft.Web/sites/publish/Action"),),
        detectors=tuple(usual_detectors(noise, APP, start, windows=False)),
        deployments=(
            deployment(APP, noise.digits(40), stamps.ago(start, 60 * 51), "Remember the session of each checkout"),
        ),
        site_status={one.machine: site_status(details="Site started 2 days ago.") for one in WORKERS},
        tables=(
            http_table(APP, requests),
            platform_table(
                noise,
                APP,
                [
                    (
                        stamps.ago(start, 60 * 50),
                        one,
                        "Informational",
                        "Site startup probe succeeded after 31.2 seconds.",
                    )
                    for one in WORKERS
                ],
            ),
            console_table(APP, [(at, SICK, text.split("\n")[2]) for at, text in _errors(start)]),
            requests_table(APP, component, requests),
            exceptions_table(APP, component, oom, problem="com.contoso.orders.SessionStore.remember"),
        ),
    )


def _write_home(home: Path, start: datetime) -> None:
    noise = Noise(NAME + "/home")
    began = stamps.ago(start, 60 * 50)
    days = traffic(noise, WORKERS, stamps.ago(start, 60 * 12), minutes=420, per_minute=22)
    requests = [*days, *_requests(start)]
    for number, one in enumerate(WORKERS):
        write_platform_log(
            home,
            one.machine,
            [
                *start_of_container(APP, began + timedelta(seconds=number), number),
                *ordinary_platform_lines(noise, APP, began, start),
            ],
        )
        lines = [*banner(one, "Java 17", began), *_app_lines(one, requests), *_gc_lines(start, one, 50 / 24)]
        write_app_log(home, one.machine, lines + (_errors(start) if one is SICK else []))


WORLD = World(
    name=NAME,
    title="A Java service on Linux fills its heap on one of two workers",
    platform="linux",
    incident=report(
        "Every second request to the orders API fails",
        "About half of the calls to /api/orders end with 500 or take seconds. A restart helped last week for two days.",
        "Both mobile apps and the web shop; some hundred orders an hour are lost.",
        minutes=(-35, 30),
    ),
    workers=WORKERS,
    app=APP,
    siblings=(SIBLING,),
    tier="PremiumV3",
    sku="P1v3",
    signals=_signals,
    write_home=_write_home,
    real="java",
    expected="customer",
    expected_rules=("L11", "E01", "E02"),
)
