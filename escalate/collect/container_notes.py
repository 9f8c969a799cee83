"""What the steps of one run have learned of the site's containers: their processes, and what they cannot do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from escalate.collect.probe_targets import ProbeTarget
from escalate.model.outcome import Gap


@dataclass(frozen=True)
class ContainerProcess:
    """One process of a container, as its /proc tells."""

    pid: int
    parent: int
    rss: int
    """Resident bytes."""
    threads: int
    uid: int
    name: str
    executable: str
    """Empty where it may not be read."""
    is_site: bool
    """Whether it has the environment that the platform gives to the site."""
    runtime: str | None


@dataclass(frozen=True)
class Closed:
    """Commands give nothing in a container, and why."""

    kind: type[Gap]
    reason: str


@dataclass
class ContainerNotes:
    """One run's; thread safe; workers by ARM id ("" where none was chosen)."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _processes: dict[str, tuple[ContainerProcess, ...]] = field(default_factory=dict)
    _closed: dict[str, Closed] = field(default_factory=dict)
    _captures: dict[str, str] = field(default_factory=dict)
    _claims: set[str] = field(default_factory=set)
    _targets: tuple[ProbeTarget, ...] | None = None

    def processes(self, worker: str) -> tuple[ContainerProcess, ...] | None:
        """What was seen there; None: nobody has looked yet."""
        with self._lock:
            return self._processes.get(worker)

    def saw(self, worker: str, processes: tuple[ContainerProcess, ...]) -> None:
        """Remember the processes there."""
        with self._lock:
            self._processes[worker] = processes

    def closed(self, worker: str) -> Closed | None:
        """Why commands give nothing there, if that is known."""
        with self._lock:
            return self._closed.get(worker)

    def close(self, worker: str, closed: Closed) -> None:
        """Commands give nothing there: later steps need not wait to find out again."""
        with self._lock:
            self._closed[worker] = closed

    def captured(self, worker: str) -> str | None:
        """The collector that has captured packets there."""
        with self._lock:
            return self._captures.get(worker)

    def capture(self, worker: str, collector: str) -> None:
        """Packets were captured there."""
        with self._lock:
            self._captures[worker] = collector

    def claim(self, key: str) -> bool:
        """Whether the caller is the first of the run to ask with this key."""
        with self._lock:
            is_first = key not in self._claims
            self._claims.add(key)
            return is_first

    @property
    def targets(self) -> tuple[ProbeTarget, ...] | None:
        """Whom the site's settings name; None: they were not read yet."""
        with self._lock:
            return self._targets

    def found_targets(self, targets: tuple[ProbeTarget, ...]) -> None:
        """Remember whom the site's settings name."""
        with self._lock:
            self._targets = targets
