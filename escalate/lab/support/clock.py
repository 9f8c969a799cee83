"""The clock of the lab's support service; tests move it, so that a day passes at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """The time of this machine, and what it was moved by; thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moved = timedelta()

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._moved

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        with self._lock:
            self._moved += by


def wire(time: datetime) -> str:
    """As the service writes times: whole seconds, `Z`."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
