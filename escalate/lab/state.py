"""What the servers of one running lab share: the world, its disk, its processes, its faults."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from escalate.lab.faults import Faults
from escalate.lab.processes import SickProcess
from escalate.lab.tokens import Tokens
from escalate.lab.world import LabApp, LabWorker, Signals, World

ROLES = ("Owner", "Website Contributor", "Reader")


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
    processes: dict[str, SickProcess] = field(default_factory=dict)
    """Really running processes by machine; empty where the world has none."""
    arm: str = ""
    """`http://127.0.0.1:PORT`"""
    blob: str = ""
    scm: dict[str, str] = field(default_factory=dict)
    """Resource id of an app to `127.0.0.1:PORT`."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def home(self, app: LabApp) -> Path:
        """HOME of an app."""
        if app is self.world.app:
            return self.folder / "home"
        return self.folder / "homes" / (f"{app.name}-{app.slot}" if app.slot else app.name)

    def worker(self, name: str) -> LabWorker | None:
        """The worker of that ARM id, machine or computer name."""
        key = name.casefold()
        return next(
            (
                each
                for each in self.world.workers
                if key in (each.arm_id, each.machine.casefold(), each.computer.casefold())
            ),
            None,
        )
