"""What a step that waits for Azure is told meanwhile."""

from __future__ import annotations

import time
from typing import Protocol


class Pulse(Protocol):
    """The step that waits for an answer."""

    def alive(self, n_bytes: int = 0) -> None:
        """Bytes came."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait on purpose."""
        ...


class Unhurried:
    """For calls outside a step."""

    def alive(self, n_bytes: int = 0) -> None:
        """Nobody watches."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
