"""Starts one world of the lab: its disk, its processes, and its servers on loopback."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from escalate.errors import UsageError
from escalate.lab.arm.site import ArmSite
from escalate.lab.blob import BlobSite
from escalate.lab.faults import Faults
from escalate.lab.kudu.site import KuduSite
from escalate.lab.middleware import Around
from escalate.lab.processes import start_real
from escalate.lab.situation import set_up
from escalate.lab.state import ROLES, Handled, LabState, now
from escalate.lab.support.desk import SupportDesk
from escalate.lab.support.setup import SupportSetup
from escalate.lab.tokens import Tokens
from escalate.lab.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOPBACK = "127.0.0.1"
ORDINARY = SupportSetup()


@dataclass(frozen=True)
class Lab:
    """A running lab; closing it ends its servers and processes and removes a folder it made itself."""

    state: LabState
    stack: contextlib.ExitStack

    @property
    def environment(self) -> Mapping[str, str]:
        """What to export so that `escalate` talks to this lab: the cloud, and the managed identity that signs in."""
        return {
            "ESCALATE_CLOUD": self.state.arm,
            "IDENTITY_ENDPOINT": f"{self.state.arm}/msi/token",
            "IDENTITY_HEADER": self.state.tokens.identity_header,
        }

    @property
    def support(self) -> SupportDesk:
        """The support service."""
        return self.state.support

    @property
    def resource_id(self) -> str:
        """Of the app."""
        return self.state.world.app.resource_id

    @property
    def requests(self) -> tuple[Handled, ...]:
        """What was answered so far, oldest first; the oldest are forgotten after some thousands."""
        return tuple(self.state.requests)

    def close(self) -> None:
        """End everything; a second call does nothing."""
        self.stack.close()


@contextlib.contextmanager
def running(
    world: World,
    *,
    faults: Iterable[str] = (),
    role: str = "Owner",
    folder: Path | None = None,
    support: SupportSetup = ORDINARY,
    mishaps: Iterable[str] = (),
) -> Iterator[Lab]:
    """A world that runs until the block ends; without a folder it gets one of its own, which is removed at the end.

    `mishaps` are of the support service, in the form that `Mishap.parse` reads.

    Raises:
        UsageError: there is no such fault, mishap or role.
        TargetError: a process did not start.
    """
    if role not in ROLES:
        raise UsageError(f"the lab knows no role {role!r}", hint=f"one of: {', '.join(ROLES)}")
    with contextlib.ExitStack() as stack:
        started = now()
        disk = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escalate-lab-")))
        state = LabState(
            world=world,
            started=started,
            folder=disk,
            faults=Faults((*world.faults, *faults)),
            signals=world.signals(started),
            tokens=Tokens(),
            role=role,
            support=SupportDesk(setup=support),
        )
        state.support.mishaps.add(*mishaps)
        _write_homes(state)
        start_real(state, stack)
        set_up(state)
        sites = {app.resource_id: KuduSite(state, app) for app in state.apps}
        for resource_id, site in sites.items():
            stack.callback(site.close)
            state.scm[resource_id] = _serve(Around(site, state, "scm"), stack)
        state.blob = f"http://{_serve(Around(BlobSite(state), state, 'blob'), stack)}"
        arm = ArmSite(state, sites)
        state.arm = f"http://{_serve(Around(arm, state, 'arm'), stack)}"
        stack.callback(state.support.closing.set)
        yield Lab(state=state, stack=stack)


def _write_homes(state: LabState) -> None:
    for app in state.apps:
        for part in ("LogFiles", "site/wwwroot", "site/deployments", "data"):
            (state.home(app) / part).mkdir(parents=True, exist_ok=True)
    state.world.write_home(state.home(state.world.app), state.started)


class _Quiet(WSGIRequestHandler):
    """HTTP/1.1, so that answers of unknown length come in chunks; requests are kept in `Lab.requests`, not printed."""

    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        """The status line alone: `Date` comes from `Around`, and would stand there twice."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is printed."""


def _serve(app: WSGIApplication, stack: contextlib.ExitStack) -> str:
    """Serve on a free port until the stack ends; `127.0.0.1:PORT`."""
    server = make_server(LOOPBACK, 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    stack.callback(stop)
    return f"{LOOPBACK}:{server.server_port}"
