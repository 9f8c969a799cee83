"""The identity join: every name of every worker in one table, filled in as steps learn more."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from escalate.model.survey import Worker


class Roster:
    """Workers by ARM id, with all their names; thread safe."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._lock = threading.Lock()
        self._workers = {worker.arm_id: worker for worker in workers}

    @property
    def workers(self) -> tuple[Worker, ...]:
        """In the order of the survey."""
        with self._lock:
            return tuple(self._workers.values())

    def find(self, name: str) -> Worker | None:
        """The worker of that name; a container log's infix `RD0015_default` also finds `RD0015`."""
        key = name.casefold()
        with self._lock:
            for worker in self._workers.values():
                if key in worker.names or key.split("_")[0] in worker.names:
                    return worker
        return None

    def label(self, name: str | None) -> str | None:
        """The name that people use for a worker; a name nobody knows stays as it is."""
        if name is None:
            return None
        worker = self.find(name)
        return worker.label if worker else name

    def learn(
        self,
        arm_id: str,
        *,
        machine: str | None = None,
        computer: str | None = None,
        metric: str | None = None,
        infixes: Iterable[str] = (),
        containers: Iterable[str] = (),
    ) -> None:
        """Add names of a worker; the first machine and computer name seen stay. An id that is not known is added."""
        with self._lock:
            known = self._workers.get(arm_id, Worker(arm_id=arm_id))
            self._workers[arm_id] = known.model_copy(
                update={
                    "machine": known.machine or machine,
                    "computer": known.computer or computer,
                    "metric": known.metric or metric,
                    "infixes": tuple(dict.fromkeys((*known.infixes, *infixes))),
                    "containers": tuple(dict.fromkeys((*known.containers, *containers))),
                }
            )
