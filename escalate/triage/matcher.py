"""All text patterns at once: a hyperscan prefilter over batches of records, Python's `re` as the judge."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import hyperscan

from escalate.model.kind import Kind


@dataclass(frozen=True)
class Pattern:
    """One pattern of a rule, or one that a correlator wants to know about."""

    key: str
    regex: re.Pattern[str]
    kinds: frozenset[Kind] = frozenset()
    """Empty: every kind."""


class Matcher:
    """Finds which records of a batch may match which pattern; one scan of the joined batch for all rules.

    A pattern that hyperscan cannot take even as a prefilter is tried on every record: slower, never lost.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        everything = range(len(self.patterns))
        whole = _compiled(self.patterns, everything)
        taken = list(everything) if whole else [n for n in everything if _compiled([patterns[n]], [n])]
        self._always = tuple(sorted(set(everything) - set(taken)))
        self._database = whole or (_database([patterns[number] for number in taken], taken) if taken else None)

    def matches(self, texts: Sequence[str]) -> Iterator[tuple[int, Pattern, re.Match[str]]]:
        """(index of the text, pattern, match) in the order of texts, then of patterns; at most one match a pair."""
        found = self._candidates(texts)
        for number in self._always:
            found.update((index, number) for index in range(len(texts)))
        for index, number in sorted(found):
            pattern = self.patterns[number]
            match = pattern.regex.search(texts[index])
            if match:
                yield index, pattern, match

    def _candidates(self, texts: Sequence[str]) -> set[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        if self._database is None:
            return found
        ends: set[tuple[int, int]] = set()

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            ends.add((end, number))

        self._database.scan("\n".join(texts).encode("utf-8", "replace"), match_event_handler=on_match)
        if ends:
            starts = _starts(texts)
            for end, number in ends:
                # A match that is found at its first byte after a text's end belongs to the text before it.
                found.add((bisect.bisect_right(starts, max(0, end - 1)) - 1, number))
        return found


def _starts(texts: Sequence[str]) -> list[int]:
    """Where each text begins in the joined bytes."""
    sizes = (len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts)
    return list(itertools.accumulate((size + 1 for size in sizes), initial=0))[:-1]


@functools.lru_cache(maxsize=4)
def matcher_for(patterns: tuple[Pattern, ...]) -> Matcher:
    """A matcher of these patterns; compiling takes longer than reading a small case, so the last few are kept."""
    return Matcher(patterns)


def _flags() -> int:
    return int(hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_MULTILINE)


def _extra(pattern: Pattern) -> int:
    wanted = 0
    if pattern.regex.flags & re.IGNORECASE:
        wanted |= int(hyperscan.HS_FLAG_CASELESS)
    if pattern.regex.flags & re.DOTALL:
        wanted |= int(hyperscan.HS_FLAG_DOTALL)
    return wanted


def _expression(pattern: Pattern) -> bytes:
    # Inline flags at the start are given as flags instead: the prefilter joins texts, where they could differ.
    return re.sub(r"^\(\?[aims]+\)", "", pattern.regex.pattern).encode()


def _compiled(patterns: Sequence[Pattern], numbers: Sequence[int]) -> hyperscan.Database | None:
    try:
        return _database(patterns, numbers)
    except hyperscan.HyperscanError:
        return None


def _database(patterns: Sequence[Pattern], numbers: Sequence[int]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[_expression(pattern) for pattern in patterns],
        ids=list(numbers),
        elements=len(patterns),
        flags=[_flags() | _extra(pattern) for pattern in patterns],
    )
    return database
