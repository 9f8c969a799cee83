"""What the scanner knows of a rule: the expressions that wake it, and a look around that says what to replace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

BEFORE = 2048
"""Bytes before a wake-up that a rule may look at, at most."""
AFTER = 32 * 1024
"""Bytes after it, at most: the longest private key with room to spare."""
RUN_ON = 1024
"""A secret at least this long may have been cut by its rule: what goes on like it goes away with it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A hyperscan expression; only where it ends is used, unless it says where it starts."""

    pattern: bytes
    caseless: bool = False
    starts: bool = False
    """Whether hyperscan tells where the match starts, too: cheap for narrow expressions only."""


class Hit(NamedTuple):
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


Wake = tuple[int, int]
"""Where an expression ended, and where it started (0: not told)."""

Span = tuple[int, int, str, bytes, bool]
"""Start, minus end, label, replacement, whether a line ends inside: in this order spans are replaced."""


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


@runtime_checkable
class Sweeping(Protocol):
    """A rule of one expression that may be woken by every line, and answers all its wake-ups in a window at once."""

    def sweep(self, data: bytes, wakes: Sequence[Wake], base: int) -> list[Span]:
        """As `Rule.find` for each; `base` is added to the offsets of what is found."""
        ...
