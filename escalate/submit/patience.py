"""Waits and tries again as often as it may, as long as the server asks, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from escalate.azure.pulse import Pulse
from escalate.azure.support_failure import SupportFailure

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long filing waits; seconds."""

    tries: int = 4
    """Of one call, the first included."""
    first_wait_s: float = 2
    longest_wait_s: float = 120
    """A server that asks for a longer pause is not waited for."""
    settle_s: float = 30
    """After a PUT whose answer was lost, the ticket is looked for so long before the next PUT."""
    look_every_s: float = 5
    """Pause between two looks at an operation, where the server names none."""
    operation_s: float = 600
    """An operation is watched so long; after that the run ends and may be resumed."""


class Tries:
    """What is left of the tries of one call."""

    def __init__(self, patience: Patience, pulse: Pulse) -> None:
        self._patience = patience
        self._pulse = pulse
        self._left = patience.tries - 1
        self._wait_s = patience.first_wait_s

    def may_go_on(self, failure: SupportFailure) -> bool:
        """Whether it may help, was not tried often enough, and the server asks for no too long a pause."""
        return failure.retryable and self._left > 0 and (failure.retry_after_s or 0) <= self._patience.longest_wait_s

    def wait_after(self, failure: SupportFailure) -> None:
        """Wait before the next try.

        Raises:
            SupportFailure: see `may_go_on`.
        """
        if not self.may_go_on(failure):
            raise failure
        asked = failure.retry_after_s
        self._left -= 1
        self._pulse.pause(asked if asked is not None else self._wait_s)
        self._wait_s = min(self._wait_s * 2, self._patience.longest_wait_s)


def read(patience: Patience, pulse: Pulse, call: Callable[[], T]) -> T:
    """The answer of a call that may be made any number of times.

    Raises:
        SupportFailure: see `Tries.wait_after`.
    """
    tries = Tries(patience, pulse)
    while True:
        try:
            return call()
        except SupportFailure as failure:
            tries.wait_after(failure)
