r"""Strings of JSON, also of JSON inside of a string: there each quote stands behind 1, 3, 7, ... backslashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from escalate.redact.handlers.structured_spans import Window

MAX_SLASHES = 7
"""JSON in JSON in JSON: deeper, a text is a text."""
_STOP = re.compile(rb"[\"\r\n]")


@dataclass(frozen=True)
class Level:
    """How deep in strings a document stands."""

    slashes: int
    """Backslashes before each quote that opens or closes a string."""

    @property
    def quote(self) -> bytes:
        """What opens and closes a string."""
        return b"\\" * self.slashes + b'"'


def level_of(slashes: int) -> Level | None:
    """The level whose quotes have that many backslashes; None: no quote of JSON has."""
    return Level(slashes) if slashes <= MAX_SLASHES and (slashes + 1) & slashes == 0 else None


def slashes_before(data: bytes, place: int) -> int:
    """How many backslashes stand before a place; no more than tell the level."""
    count = 0
    while count < 64 and place > count and data[place - count - 1] == 0x5C:
        count += 1
    return count


def string_end(window: Window, start: int, level: Level) -> tuple[int, int]:
    """Where the content of a string ends that begins at `start`, and where what follows it begins.

    A broken string ends with its line, or with the string around it.

    Raises:
        CannotRedact: the window ends first.
    """
    data, unit = window.data, level.slashes + 1
    place = start
    while True:
        stop = _STOP.search(data, place)
        if stop is None:
            end = window.cut_off()
            return end, end
        at = stop.start()
        if data[at] != 0x22:
            return at, at
        slashes = min(slashes_before(data, at), at - start)
        rest = (slashes + 1) % (2 * unit)
        if rest == unit:
            return at - level.slashes, at + 1
        if rest != 0:
            return at - slashes, at - slashes
        place = at + 1
