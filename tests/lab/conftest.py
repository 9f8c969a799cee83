"""Small worlds for the tests of the lab's own servers, and plain HTTP to talk to them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from escalate.lab.server import Lab, running
from escalate.lab.world import LabApp, LabWorker, Series, Signals, Table, World, window_before
from escalate.model.incident import Incident
from tests.fakes.support_lab import SupportLab, support_lab

API = "2025-05-01"
START_OF_LOG = "2026_11_23_{machine}_default_docker.log"


@dataclass(frozen=True)
class Got:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Plain HTTP to one lab, signed in unless told otherwise."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._tokens: dict[str, str] = {}

    def token(self, resource: str = "https://management.azure.com") -> str:
        if resource not in self._tokens:
            got = self.plain(
                "GET",
                f"{self.lab.state.arm}/msi/token?{urlencode({'resource': resource, 'api-version': '2019-08-01'})}",
                {"X-IDENTITY-HEADER": self.lab.environment["IDENTITY_HEADER"]},
            )
            self._tokens[resource] = got.json["access_token"]
        return self._tokens[resource]

    def plain(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Got:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, *, version: str | None = API, data: Any = None, headers: Any = None, **query: str
    ) -> Got:
        """To ARM; `path` beginning with `~` stands for the app."""
        path = self.lab.resource_id + path[1:] if path.startswith("~") else path
        asked = {**({"api-version": version} if version else {}), **query}
        url = f"{self.lab.state.arm}{path}" + (f"?{urlencode(asked)}" if asked else "")
        sent = {"Authorization": f"Bearer {self.token()}", **(headers or {})}
        body = None if data is None else json.dumps(data).encode()
        return self.plain(method, url, sent, body)

    def get(self, path: str, **query: str) -> Got:
        return self.ask("GET", path, **query)

    def values(self, path: str, **query: str) -> list[Any]:
        """All pages."""
        got = self.get(path, **query)
        found = list(got.json["value"])
        while link := got.json.get("nextLink"):
            got = self.plain("GET", link, {"Authorization": f"Bearer {self.token()}"})
            found += got.json["value"]
        return found


def workers(windows: bool) -> tuple[LabWorker, ...]:
    names = (
        ("RD00155DD0D38E", "RD00155DD0D390", "RD00155DD0D392")
        if windows
        else ("lw0sdlwk01", "lw0sdlwk02", "lw0sdlwk03")
    )
    return tuple(
        LabWorker(
            arm_id=f"{number:x}" * 64,
            machine=name,
            computer=name if windows else f"10-30-0-{number}",
            container=f"{number}a" * 6,
        )
        for number, name in enumerate(names, start=10)
    )


def signals(start: datetime) -> Signals:
    names = [each.machine for each in workers(windows=True)]
    minute = start.replace(second=0, microsecond=0)
    record = {
        "eventTimestamp": "",
        "caller": "robin@contoso.example",
        "operationName": {"value": "Microsoft.Web/sites/restart/action"},
        "status": {"value": "Succeeded"},
        "level": "Informational",
        "resourceGroupName": "shop-rg",
    }
    app = LabApp(name="shop").resource_id
    rows = tuple((f"{minute - timedelta(minutes=ago):%Y-%m-%dT%H:%M:%S}.1234567Z", "GET", 200) for ago in range(90))
    return Signals(
        metrics=(
            *(Series("CpuTime", name, (number + 1.0,) * 60, unit="Seconds") for number, name in enumerate(names)),
            Series("CpuPercentage", names[0], (50.0,) * 58 + (float("nan"), 90.0), of_plan=True, unit="Percent"),
        ),
        health=(
            {"availabilityState": "Available", "title": "Available", "occuredTime": "2026-11-23T10:00:00Z"},
            {"availabilityState": "Unavailable", "title": "Down", "occuredTime": "2026-11-22T10:00:00Z"},
        ),
        events=({"_name": "ABC1-XYZ", "eventType": "ServiceIssue", "status": "Resolved", "title": "App Service"},),
        activity=tuple(
            {**record, "resourceId": app, "eventTimestamp": f"{minute - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"}
            for hours in range(8)
        ),
        detectors=tuple(
            {
                "metadata": {"id": f"detector{number}", "name": f"Detector {number}", "supportTopicList": []},
                "dataset": [
                    {
                        "table": {
                            "tableName": "Table_0",
                            "columns": [{"columnName": "Status", "dataType": "String", "columnType": "string"}],
                            "rows": [["Critical"]],
                        },
                        "renderingProperties": {"type": "Insights", "title": "", "description": ""},
                    }
                ],
                "status": {"message": "", "statusId": "Critical"},
            }
            for number in range(7)
        ),
        deployments=(
            {
                "id": "c0ffee",
                "status": 3,
                "message": "autumn",
                "start_time": "2026-11-23T09:00:00Z",
                "end_time": "2026-11-23T09:01:00Z",
                "active": True,
            },
        ),
        site_status={workers(windows=False)[1].machine: {"state": "Blocked", "lastError": "ContainerTimeout"}},
        tables=(
            Table(
                "AppServiceHTTPLogs",
                (("TimeGenerated", "datetime"), ("CsMethod", "string"), ("ScStatus", "long")),
                rows,
            ),
            Table("AppRequests", (("TimeGenerated", "datetime"), ("OperationId", "string")), ((rows[0][0], "a1"),)),
        ),
    )


def small_world(platform: str = "windows", **more: Any) -> World:
    windows = platform == "windows"
    fields: dict[str, Any] = {
        "name": "small",
        "title": "A small world",
        "platform": platform,
        "incident": lambda start: Incident(window=window_before(start)),
        "workers": workers(windows),
        "app": LabApp(
            name="shop",
            kind="app" if windows else "app,linux",
            runtime="" if windows else "PYTHON|3.11",
            settings={"ORDERS_KEY": "invented-value", "SLOT_NAME": "production"},
            connection_strings={"ORDERS": ("Server=tcp:orders;Password=invented", "SQLAzure")},
            config={"alwaysOn": True, "vnetName": "shop-vnet"},
            processes=({"id": 6744, "name": "w3wp", "file_name": "C:\\Windows\\System32\\inetsrv\\w3wp.exe"},),
        ),
        "siblings": (
            LabApp(name="shop", slot="staging", kind="app"),
            LabApp(name="import", kind="functionapp"),
            LabApp(name="images", kind="app"),
        ),
        "sku": "S1",
        "tier": "Standard",
        "signals": signals,
        "write_home": write_home,
        "probes": {(workers(windows)[0].machine, "orders-db:1433"): "timeout"},
    }
    return World(**{**fields, **more})


def write_home(home: Path, start: datetime) -> None:
    for each in workers(windows=False)[:2]:
        name = START_OF_LOG.format(machine=each.machine)
        (home / "LogFiles" / name).write_text(f"2026-11-23T09:00:00.000Z {each.machine} started\n")


Start = Callable[..., Wire]


@pytest.fixture
def start(socket_enabled: None, tmp_path: Path) -> Iterator[Start]:
    """Starts a lab: start("linux", faults=(...), role="Reader")."""
    with ExitStack() as stack:

        def begin(platform: str = "windows", *, faults: tuple[str, ...] = (), role: str = "Owner", **more: Any) -> Wire:
            folder = tmp_path / f"lab{len(list(tmp_path.iterdir()))}"
            world = small_world(platform, **more)
            return Wire(stack.enter_context(running(world, faults=faults, role=role, folder=folder)))

        yield begin


Support = Callable[..., SupportLab]


@pytest.fixture
def support(socket_enabled: None) -> Iterator[Support]:
    """Starts a lab for its support service: support("tickets.create#1=lost", plan="none", role="Reader")."""
    with ExitStack() as stack:
        yield lambda *mishaps, **setup: stack.enter_context(support_lab(*mishaps, **setup))
