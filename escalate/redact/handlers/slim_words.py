"""Words of a stack that may leave, as Crashpad has it: small numbers, and pointers into that stack or a module."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable

from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import outside
from escalate.redact.handlers.registry import CannotRedact

SMALL = 4096
"""Numbers up to this one, of either sign, say nothing (Crashpad, `snapshot/sanitized`)."""
RED_ZONE = 128
"""Bytes below the stack pointer that a function may use (ABI of x86-64); more than any other machine has."""
LONGEST_STACK = 1 << 20
"""Bytes of a stack that are kept, from the stack pointer on."""
_SENTINEL = {8: 0x0DEFACED0DEFACED, 4: 0x0DEFACED}
_CODES = {8: "Q", 4: "I"}
_HIGHEST = {8: 1 << 48, 4: 1 << 32}
"""No process has memory beyond: text of eight characters is no pointer, whatever a damaged dump declares."""
_LARGEST_MODULE = 1 << 32
_SPACE = 0x20
_LONGEST_RUN = 3
"""Small numbers in a row that could be letters: longer runs are text of one word a letter."""


class Modules:
    """Addresses at which modules are loaded."""

    def __init__(self, ranges: Iterable[Range], word: int) -> None:
        """For words of so many bytes.

        Raises:
            CannotRedact: no module can be there.
        """
        self.word = word
        self._ends: dict[int, int] = {}
        for low, high in ranges:
            self._check(low, high)
            if high - low > _LARGEST_MODULE:
                raise CannotRedact("it declares a module that is too large to be one")
            self._ends[low] = max(high, self._ends.get(low, 0))
        self._starts = sorted(self._ends)

    def holds(self, address: int) -> bool:
        """Whether a module is loaded there."""
        place = bisect_right(self._starts, address) - 1
        return place >= 0 and address < self._ends[self._starts[place]]

    def deface(self, stack: bytes, own: Range) -> tuple[bytes, int]:
        """A stack whose addresses are `own`, without what may not leave; how many words were replaced.

        Raises:
            CannotRedact: no stack can be there.
        """
        self._check(*own)
        words = array(_CODES[self.word], stack)
        if sys.byteorder == "big":
            words.byteswap()
        low, high, negative, sentinel = *own, (1 << 8 * self.word) - SMALL, _SENTINEL[self.word]
        changed, run = 0, 0
        for place, value in enumerate(words):
            if value <= SMALL:
                run = run + 1 if value >= _SPACE else 0
                if run > _LONGEST_RUN:
                    first = place if run > _LONGEST_RUN + 1 else place - _LONGEST_RUN
                    changed += place + 1 - first
                    words[first : place + 1] = array(_CODES[self.word], [sentinel] * (place + 1 - first))
                continue
            run = 0
            if value >= negative or low <= value < high or value == sentinel or self.holds(value):
                continue
            words[place] = sentinel
            changed += 1
        if sys.byteorder == "big":
            words.byteswap()
        return words.tobytes(), changed

    def _check(self, low: int, high: int) -> None:
        if not SMALL <= low <= high <= _HIGHEST[self.word]:
            raise CannotRedact("it declares memory where no process has any")


def stack_range(pointer: int, holder: Range, word: int) -> Range:
    """What is kept of a stack: from below its pointer up to the end of the memory that holds it, in whole words."""
    low = max(pointer - RED_ZONE, holder[0])
    low += -low % word
    high = min(holder[1], low + LONGEST_STACK)
    return (low, max(low, high - high % word))


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Sorted; those that touch or overlap are one."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def without(ranges: Iterable[Range], others: Iterable[Range]) -> list[Range]:
    """What of some ranges is in none of the others."""
    kept: list[Range] = []
    gaps = outside(others, 1 << 64)
    for low, high in ranges:
        first = bisect_right(gaps, low, key=lambda one: one[1])
        for start, end in gaps[first:]:
            if start >= high:
                break
            kept.append((max(low, start), min(high, end)))
    return kept
