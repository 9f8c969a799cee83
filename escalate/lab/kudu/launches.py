"""What an SCM site has started and not waited for: processes of the host and work of its own; ended with the lab."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LAST_WAIT_S = 10


@dataclass
class Launches:
    """Thread safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def process(self, argv: Sequence[str], environment: Mapping[str, str], directory: Path) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own, without input and output, and forget it.

        Raises:
            OSError: it cannot be started.
        """
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env=dict(environment),
            start_new_session=True,
        )
        with self._lock:
            self._processes.append(process)
            self._processes[:] = [each for each in self._processes if each.poll() is None or each is process]
        return process

    def work(self, job: Callable[[], None]) -> None:
        """Do something beside the requests."""
        thread = threading.Thread(target=job, daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
        thread.start()

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the lab; whether it goes on."""
        return not self._ended.wait(seconds)

    def close(self) -> None:
        """Kill every process group that was started, and wait for the work."""
        self._ended.set()
        with self._lock:
            processes, threads = tuple(self._processes), tuple(self._threads)
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # the whole group has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LAST_WAIT_S)
        for thread in threads:
            thread.join(LAST_WAIT_S)
