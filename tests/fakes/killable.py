"""Runs the machine of filing in processes of their own that a test can end at any moment, as SIGKILL does."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.filing import run_by_itself

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.fakes.filing"])
LONGEST_S = 60


class Run:
    """One run; begun at once."""

    def __init__(self, root: Path, environment: Mapping[str, str], read_s: float = 5) -> None:
        self.process = _CONTEXT.Process(target=run_by_itself, args=(str(root), dict(environment), read_s))
        self.process.start()

    def kill(self) -> None:
        """End it at once; it waits for an answer while the lab's own thread calls this.

        Not joined here: two threads that join one process take its exit code from each other.
        """
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)

    def ended(self) -> int | None:
        """Its exit code, when it has ended: negative where a signal ended it."""
        self.process.join(LONGEST_S)
        return self.process.exitcode
