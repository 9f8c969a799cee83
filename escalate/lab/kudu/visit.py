"""One request at an SCM site, with all that an endpoint needs to answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from escalate.lab.faults import Faults
from escalate.lab.kudu.disk import Disk
from escalate.lab.kudu.memory import Memory
from escalate.lab.state import LabState
from escalate.lab.world import LabApp, LabWorker

ELSEWHERE = "https://scm.elsewhere.invalid"
"""Where hrefs lead with the fault `wrong-host-href`."""
GEO_LOCATION = "x-ms-geo-location"
"""The header by which Kudu knows that ARM asks for an envelope."""


@dataclass(frozen=True)
class Visit:
    """What was asked, of which app, and which worker answers."""

    state: LabState
    app: LabApp
    worker: LabWorker
    request: Request
    memory: Memory
    through_arm: bool

    @property
    def windows(self) -> bool:
        """Whether this is Kudu; else KuduLite."""
        return self.state.world.platform.startswith("windows")

    @property
    def faults(self) -> Faults:
        """Of the lab."""
        return self.state.faults

    @property
    def disk(self) -> Disk:
        """The disk as this worker sees it."""
        return Disk(self.state, self.app, self.worker)

    @property
    def base(self) -> str:
        """What hrefs begin with."""
        if self.faults.on("wrong-host-href"):
            return ELSEWHERE
        host = self.state.scm.get(self.app.resource_id)
        return f"http://{host}" if host else self.request.host_url.rstrip("/")

    def ask_json(self) -> Any:
        """The body as JSON, None when it is none."""
        return self.request.get_json(force=True, silent=True)


Endpoint = Callable[..., Response]
"""Takes the visit and the values of the rule."""


@dataclass(frozen=True)
class Route:
    """An address of the site; `recent`: the endpoints of 2026, which old stamps do not have."""

    rule: str
    methods: tuple[str, ...]
    endpoint: Endpoint
    recent: bool = False
