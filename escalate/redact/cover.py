"""Masks inside of binary data: same length, only in payload ranges, ASCII and UTF-16; results do not depend on cuts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from escalate.redact.engine import Engine
from escalate.redact.rule import AFTER, BEFORE, Hit, Rule
from escalate.redact.rules import KnownRule
from escalate.redact.scan import Matcher
from escalate.redact.wide import WideRule, narrowed

Range = tuple[int, int]
"""Begin and end of payload in a file; ranges are sorted and do not overlap."""

PIECE = 8 * 1024 * 1024
"""Bytes that are covered at once."""
MARGIN_BEFORE = 2 * (BEFORE + AFTER)
MARGIN_AFTER = 2 * AFTER
"""Bytes around a piece that decide what is found in it."""

_TEXT = re.compile(
    rb"(?:[\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
"""Negated classes of a pattern swallow binary; a secret is text as far as it is text."""
_MASKED = re.compile(rb"(?:\[R:[A-Z0-9_-]{1,24}:[0-9A-F]{6}\]|[*\s\0])+")
_LEAST = 3
"""Characters of the shortest thing that is masked."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Something to mask: characters at `start`, `start + step`, ... below `end`."""

    start: int
    end: int
    step: int
    """1: a byte a character; 2: UTF-16 of either byte order, whose zero bytes stay."""
    label: str
    replacement: bytes


def mask(replacement: bytes, length: int) -> bytes:
    """What stands in the place of `length` characters: the mark that text would get where there is room for it."""
    token = replacement.strip(b'\\"')
    return token.ljust(length, b"*") if len(token) <= length else b"*" * length


class Coverer:
    """Covers binary data of one case."""

    def __init__(self, engine: Engine) -> None:
        narrow: Sequence[Rule] = engine.rules
        self._first_wide = len(narrow)
        # known values look for their own UTF-16 forms
        wide = [WideRule(rule) for rule in narrow if not isinstance(rule, KnownRule)]
        self._matcher = Matcher([*narrow, *wide])

    def spans(self, data: bytes) -> list[Span]:
        """Everything in it that must not leave; touching and overlapping spans are one."""
        found: list[Span] = []
        last: dict[int, int] = {}
        for end, index, expression in self._matcher.ends(data, 0, len(data)):
            if end <= last.get(index, 0):
                continue  # inside of what this rule has already found
            for span in self._look(data, end, index, expression):
                last[index] = max(last.get(index, 0), span.end)
                found.append(span)
        return list(_joined(sorted(found)))

    def _look(self, data: bytes, end: int, index: int, expression: int) -> Iterator[Span]:
        rule = self._matcher.rules[index]
        if index < self._first_wide:
            for hit in rule.find(data, end, expression):
                yield from self._span(data[hit.start : hit.end], hit, 0, 1)
            return
        text, first = narrowed(data, end, BEFORE, AFTER)
        for hit in rule.find(text, (end - first) // 2, expression):
            yield from self._span(text[hit.start : hit.end], hit, first, 2)

    def _span(self, value: bytes, hit: Hit, first: int, step: int) -> Iterator[Span]:
        text = value if hit.label == "known-value" else _leading_text(value)
        if len(text) < _LEAST or _MASKED.fullmatch(text):
            return
        start = first + step * hit.start
        yield Span(start, start + step * len(text), step, hit.label, hit.replacement)

    def cover(self, data: bytes, base: int, piece: Range, payload: Iterable[Range]) -> tuple[bytes, dict[str, int]]:
        """The bytes of `piece` with masks in its payload, and how many spans begin in it, by label.

        `data` begins at `base` in the file, and has `MARGIN_BEFORE` and `MARGIN_AFTER` bytes around the piece where
        the file has them.
        """
        out = bytearray(data[piece[0] - base : piece[1] - base])
        counts: dict[str, int] = {}
        ranges = [(max(low, piece[0]) - base, min(high, piece[1]) - base) for low, high in payload]
        ranges = [(low, high) for low, high in ranges if low < high]
        shift = piece[0] - base
        for span in self.spans(data):
            token = mask(span.replacement, -(-(span.end - span.start) // span.step))
            touched = False
            for low, high in ranges:
                first = max(0, -(-(low - span.start) // span.step))
                stop = min(len(token), -(-(high - span.start) // span.step))
                if first < stop:
                    begin = span.start + first * span.step - shift
                    out[begin : begin + (stop - first - 1) * span.step + 1 : span.step] = token[first:stop]
                    touched = touched or low <= span.start < high
            if touched:
                counts[span.label] = counts.get(span.label, 0) + 1
        return bytes(out), counts

    def left(self, covered: bytes, piece: Range, payload: Iterable[Range]) -> set[str]:
        """The labels of what would still be masked in the payload of a covered piece.

        At its edges half of something may stand whose other half decides: the pieces beside it answer for that.
        """
        inner = (0 if piece[0] == 0 else MARGIN_AFTER, len(covered) - MARGIN_AFTER)
        ranges = [(low - piece[0], high - piece[0]) for low, high in payload]
        return {
            span.label
            for span in self.spans(covered)
            if inner[0] <= span.start < inner[1] and any(low <= span.start and span.end <= high for low, high in ranges)
        }


def _leading_text(value: bytes) -> bytes:
    match = _TEXT.match(value)
    return match[0] if match else b""


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for span in spans:
        if current is not None and span.start < current.end and span.step == current.step:
            if (span.start - current.start) % span.step == 0 and span.end > current.end:
                current = replace(current, end=span.end)
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current
