"""What the scanner knows of a rule: the expressions that wake it, and a look around that says what to replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

BEFORE = 2048
"""Bytes before a wake-up that a rule may look at, at most."""
AFTER = 32 * 1024
"""Bytes after it, at most: the longest private key with room to spare."""
RUN_ON = 1024
"""A secret at least this long may have been cut by its rule: what goes on like it goes away with it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A hyperscan expression; only where it ends is used."""

    pattern: bytes
    caseless: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A span to replace; offsets into the data the rule was shown."""

    start: int
    end: int
    replacement: bytes
    label: str
    """The name under which the ledger counts it."""
    value: bytes = b""
    """What stood there, for learning; never written anywhere."""

    def moved(self, by: int) -> Hit:
        """The same span in other coordinates."""
        return Hit(self.start + by, self.end + by, self.replacement, self.label, self.value)


class Rule(Protocol):
    """One thing to look for."""

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """What wakes the rule; each is bounded in length by `BEFORE`."""
        ...

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """Look around `end`, where the expression of that index ended; empty: a false alarm.

        The answer depends on nothing but `data[end - BEFORE : end + AFTER]`.
        """
        ...
