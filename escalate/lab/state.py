"""What the servers of one running lab share: the world, its disk, its processes, its faults, what they were asked."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from escalate.lab.faults import Faults
from escalate.lab.processes import SickProcess
from escalate.lab.support.desk import SupportDesk
from escalate.lab.tokens import Tokens
from escalate.lab.world import LabApp, LabWorker, Signals, World

ROLES = ("Owner", "Website Contributor", "Support Request Contributor", "Reader")
READERS = frozenset({"Reader", "Support Request Contributor"})
"""Roles that may do nothing to a site but read."""
KEPT_REQUESTS = 10_000
THROUGH_ARM = "escalate.lab.through_arm"
"""True in the WSGI environ of a request that ARM's extensions path hands to an SCM site: ARM has checked sign-in and
role, and no network rule of the SCM host stands in its way. `?instance=` names the worker."""

HostKind = Literal["arm", "scm", "blob"]


@dataclass(frozen=True)
class Handled:
    """One request that a server of the lab answered."""

    method: str
    host: HostKind
    target: str
    """Path and query; a signature in it is blanked."""
    status: int
    body: bytes = b""
    """Of a small request to ARM."""


@dataclass
class LabState:
    """One running lab; `ports` are filled in before the first request."""

    world: World
    started: datetime
    """Aware UTC; the signals are relative to it."""
    folder: Path
    """The lab's own disk; HOME of the app is `folder / "home"`, of a sibling `folder / "homes" / its name`."""
    faults: Faults
    signals: Signals
    tokens: Tokens
    role: str = "Owner"
    """Of the signed-in identity."""
    support: SupportDesk = field(default_factory=SupportDesk)
    """The support service."""
    processes: dict[str, SickProcess] = field(default_factory=dict)
    """Really running processes by machine; empty where the world has none."""
    arm: str = ""
    """`http://127.0.0.1:PORT`"""
    blob: str = ""
    scm: dict[str, str] = field(default_factory=dict)
    """Resource id of an app to `127.0.0.1:PORT`."""
    requests: deque[Handled] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    """What was answered, oldest first."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def apps(self) -> tuple[LabApp, ...]:
        """The app and its siblings."""
        return (self.world.app, *self.world.siblings)

    @property
    def workers(self) -> tuple[LabWorker, ...]:
        """The workers that are in the plan now: with the fault `worker-replaced` another stands for the sick one."""
        if not self.faults.on("worker-replaced"):
            return self.world.workers
        sick = self.world.sick
        return tuple(_successor(each) if at == sick else each for at, each in enumerate(self.world.workers))

    def home(self, app: LabApp) -> Path:
        """HOME of an app."""
        if app is self.world.app:
            return self.folder / "home"
        return self.folder / "homes" / (f"{app.name}-{app.slot}" if app.slot else app.name)

    def worker(self, name: str) -> LabWorker | None:
        """The worker of that ARM id, machine or computer name, if it is in the plan now."""
        key = name.casefold()
        return next(
            (
                each
                for each in self.workers
                if key in (each.arm_id.casefold(), each.machine.casefold(), each.computer.casefold())
            ),
            None,
        )


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def _successor(gone: LabWorker) -> LabWorker:
    """The machine that the platform gives instead of one that left."""
    digest = hashlib.sha256(gone.arm_id.encode()).hexdigest()
    return dataclasses.replace(
        gone,
        arm_id=digest,
        machine=_renamed(gone.machine, digest),
        computer=_renamed(gone.computer, digest),
        container=digest[:12] if gone.container else "",
    )


def _renamed(name: str, digest: str) -> str:
    """A name of the same form: its last four digits differ."""
    new = str(int(digest[:8], 16) % 10_000).zfill(4)
    return name if not name else f"{name[:-4]}{new}"
