"""Watches over one running step: signs of life, giving up, and the children that must die with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time

from escalate.collect.piece import Abandoned

GRACE_S = 2.0
"""Between asking a child to end and making it; a debugger needs it to let go of its process in good order."""


class Watch:
    """Shared by the thread that does a step and the one that supervises it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._last = time.monotonic()
        self._bytes = 0

    def alive(self, n_bytes: int = 0) -> None:
        """A sign of life, with so many bytes more.

        Raises:
            Abandoned: the step was given up.
        """
        if self._given_up.is_set():
            raise Abandoned
        with self._lock:
            self._last = time.monotonic()
            self._bytes += n_bytes

    def pause(self, seconds: float) -> None:
        """Wait on purpose, which is not standing still.

        Raises:
            Abandoned: the step was given up meanwhile.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._given_up.wait(min(left, 1.0))
            self.alive()

    @property
    def silent_s(self) -> float:
        """Seconds since the last sign of life."""
        with self._lock:
            return time.monotonic() - self._last

    @property
    def bytes_seen(self) -> int:
        """Bytes that came so far."""
        with self._lock:
            return self._bytes

    def add_child(self, child: subprocess.Popen[bytes]) -> None:
        """From now on the child ends when the step is given up."""
        with self._lock:
            self._children.add(child)
        if self._given_up.is_set():
            end_group(child)

    def remove_child(self, child: subprocess.Popen[bytes]) -> None:
        """The child has ended."""
        with self._lock:
            self._children.discard(child)

    def give_up(self) -> None:
        """End the step: its children now, its thread at its next sign of life."""
        self._given_up.set()
        with self._lock:
            children = list(self._children)
        for child in children:
            end_group(child)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child and all it started: SIGTERM, a moment, SIGKILL."""
    if child.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
