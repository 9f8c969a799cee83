"""Finds known values in all their forms, however many they are: by a few bytes of each, then by comparing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation

from escalate.bundle.known_forms import known_forms

_NEEDLE = 8
"""Bytes; automata for whole values are too large for the caches, and four times as slow."""


class KnownSearch:
    """All forms of some values, compiled once."""

    def __init__(self, values: Sequence[bytes]) -> None:
        forms = known_forms(values)
        self._forms: dict[bytes, list[tuple[int, bytes]]] = {}
        for form in forms:
            at = _most_telling(form)
            self._forms.setdefault(form[at : at + _NEEDLE], []).append((at, form))
        self._needles = list(self._forms)
        self._engine = BytesAhoCorasick(self._needles, implementation=Implementation.DFA) if forms else None
        self.longest = len(forms[0]) if forms else 0
        """Bytes of the longest form."""

    def find(self, buffer: bytes) -> Iterator[int]:
        """Where a form begins; where two overlap, only the first, and the longer of two that begin at once."""
        if self._engine is None:
            return
        found = [
            (place - at, -len(form))
            for number, place, _ in self._engine.find_matches_as_indexes(buffer, overlapping=True)
            for at, form in self._forms[self._needles[number]]
            if place >= at and buffer.startswith(form, place - at)
        ]
        end = 0
        for place, length in sorted(found):
            if place >= end:
                yield place
                end = place - length


def _most_telling(form: bytes) -> int:
    """Where its most varied bytes begin: the start of many a value is a word that stands on every line."""
    last = max(0, len(form) - _NEEDLE)
    return max(range(0, last + 1, last // 8 + 1), key=lambda at: len(set(form[at : at + _NEEDLE])))
