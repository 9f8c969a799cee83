"""The verifier's engine: Aho-Corasick over anchors and known values, then `re` on the bytes around a hit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick, Implementation

from escalate.bundle.cookies import COOKIES
from escalate.bundle.judgement import blank_masks
from escalate.bundle.known_search import KnownSearch, apart
from escalate.bundle.patterns import AFTER, BEFORE, PATTERNS, Pattern
from escalate.bundle.vendor_patterns import SHAPES

KNOWN_VALUE = "known value"


@dataclass(frozen=True)
class Hit:
    """Something that must not leave: `offset` in the buffer, never the value."""

    rule: str
    offset: int


class SecondEngine:
    """All patterns and known values, compiled once; holds no state of a scan."""

    def __init__(self, known: Sequence[bytes] = ()) -> None:
        self._by_anchor: list[tuple[Pattern, bool]] = []
        anchors: list[bytes] = []
        for pattern in (*PATTERNS, *COOKIES, *SHAPES):
            for anchor in pattern.anchors:
                anchors += [anchor, _wide(anchor)]
                self._by_anchor += [(pattern, False), (pattern, True)]
        self._known = KnownSearch(known)
        self._literals = BytesAhoCorasick([*anchors, *self._known.needles], implementation=Implementation.DFA)
        self.look_behind = max(2 * BEFORE, self._known.longest)
        """Bytes of earlier input a search may need."""
        self.look_ahead = max(2 * AFTER, self._known.longest)
        """Bytes of later input a search may need."""

    def find(self, buffer: bytes, start: int, end: int) -> Iterator[Hit]:
        """Hits whose anchor or known value begins in `buffer[start:end]`; what lies around is context."""
        by_anchor, needles, known = self._by_anchor, self._known.needles, list[tuple[int, int]]()
        for index, at, _ in self._literals.find_matches_as_indexes(buffer.lower(), overlapping=True):
            if index >= len(by_anchor):
                known += self._known.around(needles[index - len(by_anchor)], at, buffer)
                continue
            if not start <= at < end:
                continue
            pattern, wide = by_anchor[index]
            if wide or not pattern.at_anchor:
                if _matches(pattern, buffer, at, 2 if wide else 1):
                    yield Hit(pattern.rule, at)
            elif (match := pattern.regex.match(buffer, at, at + AFTER)) and _holds(pattern, buffer, at, match):
                yield Hit(pattern.rule, at)
        yield from (Hit(KNOWN_VALUE, at) for at in apart(known) if start <= at < end)


def _holds(pattern: Pattern, buffer: bytes, at: int, match: re.Match[bytes]) -> bool:
    """Judge a match; masks are blanked where there are any, which never makes more match."""
    begin = max(0, at - BEFORE)
    around = buffer[begin : match.end() + BEFORE]
    blanked = blank_masks(around)
    if blanked is around:
        return pattern.accept(match)
    left = pattern.regex.match(blanked, at - begin)
    return left is not None and pattern.accept(left)


def _matches(pattern: Pattern, buffer: bytes, at: int, step: int) -> bool:
    """Look around an anchor; with a step of 2 at every other byte, which reads UTF-16 of either byte order."""
    begin = at - min(at // step, BEFORE) * step
    window = blank_masks(buffer[begin : at + AFTER * step : step])
    anchor = (at - begin) // step
    if pattern.at_anchor:
        match = pattern.regex.match(window, anchor)
        return match is not None and pattern.accept(match)
    return any(
        match.start() <= anchor < match.end() and pattern.accept(match) for match in pattern.regex.finditer(window)
    )


def _wide(anchor: bytes) -> bytes:
    """UTF-16 of ASCII without the outer zero byte, which is before or after it depending on the byte order."""
    return b"\0".join(anchor[index : index + 1] for index in range(len(anchor)))
