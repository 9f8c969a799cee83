"""World: an app behind a private endpoint; its SCM site is out of reach and only the control plane answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from escalate.lab.world import LabApp, Signals, World
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.container_logs import (
    access_lines,
    banner,
    start_of_container,
    write_app_log,
    write_platform_log,
)
from escalate.lab.worlds.parts.control_plane import activity, available, site_status
from escalate.lab.worlds.parts.detectors import usual_detectors
from escalate.lab.worlds.parts.noise import Noise
from escalate.lab.worlds.parts.people import database, report, settings, worker
from escalate.lab.worlds.parts.series import metrics
from escalate.lab.worlds.parts.traffic import Request, traffic

NAME = "scm-private"
SITE = "claims-web"
SINCE = 50.0
WORKERS = tuple(worker(NAME, machine, container=True) for machine in ("lw0sdlwk000C11", "lw0sdlwk000C19"))

APP = LabApp(
    name=SITE,
    kind="app,linux",
    runtime="DOTNETCORE|8.0",
    settings=settings(SITE),
    connection_strings={"CLAIMS": (database(SITE), "SQLAzure")},
    config={
        "alwaysOn": True,
        "publicNetworkAccess": "Disabled",
        "vnetName": "claims-vnet",
        "vnetRouteAllEnabled": True,
        "scmIpSecurityRestrictionsUseMain": True,
    },
)


def _requests(start: datetime) -> list[Request]:
    """Both workers answer slowly, and now and then with 500: that is all one can see from outside."""

    def fate(request: Request) -> Request:
        if (start - request.at).total_seconds() / 60 > SINCE or request.path.startswith("/static"):
            return request
        if request.bytes_in % 7 == 0:
            return request.ended(500, 8_000 + request.bytes_in)
        return request.ended(request.status, request.ms * 21, bytes_out=request.bytes_out)

    return traffic(Noise(NAME + "/traffic"), WORKERS, start, per_minute=12, fate=fate)


def _signals(start: datetime) -> Signals:
    noise = Noise(NAME)
    return Signals(
        metrics=metrics(noise, WORKERS, _requests(start), start, windows=False),
        health=(available(stamps.ago(start, 60 * 24 * 2)),),
        activity=(activity(noise, APP, stamps.ago(start, 60 * 24 * 6), "Microsoft.Web/sites/publish/Action"),),
        detectors=tuple(usual_detectors(noise, APP, start, windows=False)),
        site_status={one.machine: site_status(details="Site started.") for one in WORKERS},
    )


def _write_home(home: Path, start: datetime) -> None:
    began = stamps.ago(start, 60 * 24 * 6)
    requests = _requests(start)
    for number, one in enumerate(WORKERS):
        write_platform_log(home, one.machine, start_of_container(APP, began, number))
        mine = [request for request in requests if request.worker is one]
        write_app_log(home, one.machine, [*banner(one, ".NET 8", began), *access_lines(mine)])


WORLD = World(
    name=NAME,
    title="An app behind a private endpoint is slow; its SCM site cannot be reached from here",
    platform="linux",
    incident=report(
        "Claims pages are slow and sometimes fail",
        "Pages take seconds since about an hour, some end with 500.",
        "Two hundred clerks.",
        minutes=(-55, 20),
    ),
    workers=WORKERS,
    app=APP,
    tier="PremiumV3",
    sku="P1v3",
    signals=_signals,
    write_home=_write_home,
    faults=frozenset({"scm-private"}),
    expected="undetermined",
)
