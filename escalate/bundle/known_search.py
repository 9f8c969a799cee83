"""Finds known values in all their forms, however many they are: by a few bytes of each, then by comparing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from escalate.bundle.known_forms import known_forms

_NEEDLE = 8
"""Bytes; automata for whole values are too large for the caches, and four times as slow."""


class KnownSearch:
    """All forms of some values, each with a needle by which to find it."""

    def __init__(self, values: Sequence[bytes]) -> None:
        forms = known_forms(values)
        self._forms: dict[bytes, list[tuple[int, bytes]]] = {}
        for form in forms:
            at = _most_telling(form)
            self._forms.setdefault(form[at : at + _NEEDLE].lower(), []).append((at, form))
        self.needles = tuple(self._forms)
        """In lower case: they are looked for together with what is spelt either way."""
        self.longest = len(forms[0]) if forms else 0
        """Bytes of the longest form."""

    def around(self, needle: bytes, place: int, buffer: bytes) -> Iterator[tuple[int, int]]:
        """Begin and end of the forms that stand around a needle."""
        for at, form in self._forms[needle]:
            if place >= at and buffer.startswith(form, place - at):
                yield place - at, place - at + len(form)


def apart(found: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Where stretches begin; where two overlap, only the first, and the longer of two that begin at once."""
    last = 0
    for begin, end in sorted(found, key=lambda stretch: (stretch[0], -stretch[1])):
        if begin >= last:
            yield begin
            last = end


def _most_telling(form: bytes) -> int:
    """Where its most varied bytes begin: the start of many a value is a word that stands on every line."""
    last = max(0, len(form) - _NEEDLE)
    return max(range(0, last + 1, last // 8 + 1), key=lambda at: len(set(form[at : at + _NEEDLE])))
