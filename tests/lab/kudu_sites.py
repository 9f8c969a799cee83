"""SCM sites of small worlds, asked without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.test import Client, TestResponse

from escalate.lab.faults import Faults
from escalate.lab.kudu.site import KuduSite
from escalate.lab.state import THROUGH_ARM, LabState
from escalate.lab.tokens import Tokens
from escalate.lab.world import LabApp, LabWorker, Signals, World
from escalate.model.incident import Incident

FIRST = LabWorker("a1" * 32, "RD00155DD0D38E", "RD00155DD0D38E", "c0ffee000001")
SECOND = LabWorker("b2" * 32, "RD00155DD0D390", "RD00155DD0D390", "c0ffee000002")

W3WP: Mapping[str, Any] = {
    "id": 6744,
    "name": "w3wp",
    "machineName": FIRST.machine,
    "children": [8100],
    "command_line": "w3wp.exe -ap shop",
    "handle_count": [1405, 3],
    "private_memory": [601_411_584.4, 4096],
    "total_cpu_time": [90_061.5, 0.5],
    "module_count": 0,
    "_age_s": 3600,
    "_dump_bytes": 3 * 1024 * 1024,
    "_threads": [
        {"id": 1788, "state": "Wait", "wait_reason": "UserRequest", "total_processor_time": [1.5, 0.25]},
        {"id": 1792, "state": "Running", "wait_reason": "Cannot obtain wait reason unless thread is in waiting state"},
    ],
    "_modules": [{"base_address": "7ff6d4c10000", "file_name": "w3wp.exe", "file_path": "C:\\Windows\\w3wp.exe"}],
}


class Scm:
    """One SCM site of a lab that has no servers."""

    def __init__(self, state: LabState, site: KuduSite) -> None:
        self.state = state
        self.site = site
        self.token = state.tokens.issue("https://management.azure.com")[0]
        self._client = Client(site, use_cookies=False)

    @property
    def home(self) -> Path:
        return self.state.home(self.state.world.app)

    def ask(self, method: str, path: str, *, worker: LabWorker | None = FIRST, **more: Any) -> TestResponse:
        """Signed in; without a worker no cookie is sent."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        if worker is not None:
            headers["Cookie"] = f"ARRAffinity={worker.arm_id}"
        return self._client.open(path, method=method, headers=headers, **{"buffered": True, **more})

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)

    def through_arm(self, path: str, **more: Any) -> TestResponse:
        return self._client.open(path, environ_overrides={THROUGH_ARM: True}, buffered=True, **more)

    def anonymous(self, path: str, **more: Any) -> TestResponse:
        return self._client.open(path, buffered=True, **more)

    def command(self, line: str, **more: Any) -> dict[str, Any]:
        answer = self.ask("POST", "/api/command", json={"command": line, "dir": ""}, **more)
        assert answer.status_code == 200
        result: dict[str, Any] = answer.json
        return result


@contextmanager
def scm(folder: Path, platform: str = "windows", *faults: str, role: str = "Owner", **more: Any) -> Iterator[Scm]:
    app = LabApp(
        name="shop",
        settings={"PAYMENT_KEY": "invented-value"},
        counters={"app": {"connections": [100, 20]}, "clr": {"gcHandles": 211}},
        processes=(dict(W3WP),),
    )
    fields: dict[str, Any] = {
        "name": "small",
        "title": "A small world",
        "platform": platform,
        "incident": lambda start: Incident(),
        "workers": (FIRST, SECOND),
        "app": app,
    }
    world = World(**{**fields, **more})
    state = LabState(
        world=world,
        started=datetime.now(UTC),
        folder=folder,
        faults=Faults(faults),
        signals=Signals(deployments=({"id": "c0ffee", "status": 4, "message": "autumn"},)),
        tokens=Tokens(),
        role=role,
    )
    for part in ("LogFiles", "site/deployments"):
        (state.home(world.app) / part).mkdir(parents=True)
    site = KuduSite(state, world.app)
    try:
        yield Scm(state, site)
    finally:
        site.close()
