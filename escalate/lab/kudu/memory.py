"""What an SCM site remembers between requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from escalate.lab.kudu.launches import Launches
from escalate.lab.world import Json


@dataclass
class Capture:
    """A network capture of a Linux site."""

    id: str
    machine: str
    seconds: int
    started: datetime
    file: Path
    status: str = "created"
    """created, analyzing, then ready, nopackets or failed."""


@dataclass
class Session:
    """A DaaS session; its progress is told by how often it was asked for."""

    body: Json
    polls: int = 0


@dataclass
class Memory:
    """Of one site; take `lock` for changes."""

    launches: Launches = field(default_factory=Launches)
    lock: threading.RLock = field(default_factory=threading.RLock)
    profiles: set[tuple[str, int]] = field(default_factory=set)
    """(machine, pid) of processes that are being profiled."""
    dumping: bool = False
    """Whether the one file that Kudu dumps to is in use."""
    captures: dict[str, Capture] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
