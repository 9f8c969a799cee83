"""Masks inside of binary data: same length, only in payload ranges, ASCII and UTF-16; results do not depend on cuts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from escalate.redact.engine import Engine
from escalate.redact.memory_rules import ArgumentRule, EnvironmentRule, LearnedRule, MemoryForms, SwallowRule, value_of
from escalate.redact.rule import AFTER, BEFORE, Hit, Rule
from escalate.redact.rules import KnownRule
from escalate.redact.scan import Matcher
from escalate.redact.wide import WideRule, narrowed

Range = tuple[int, int]
"""Begin and end of payload in a file; ranges are sorted and do not overlap."""

Patch = tuple[int, bytes]
"""What stands from an offset on, in the place of as many bytes."""

PIECE = 4 * 1024 * 1024
"""Bytes that are covered at once: few enough for the cache of a core, many enough to make up for the margins."""
MARGIN_BEFORE = 2 * (BEFORE + AFTER)
MARGIN_AFTER = 2 * AFTER
"""Bytes around a piece that decide what is found in it."""

_TEXT = re.compile(
    rb"(?:[\t\r\n\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
"""Negated classes of a pattern swallow binary; a secret is text as far as it is text."""
_MASKED = re.compile(rb"(?:\[R:[A-Z0-9_-]{1,24}:[0-9A-F]{6}\]|[*\s\0])+")
_LEARNED = "learned-value"
_EXACT = frozenset({"known-value", _LEARNED, SwallowRule.label})
"""Labels of what was found byte for byte."""
_LEAST = 3
"""Characters of the shortest thing that is masked."""
_ROUNDS = 4
"""A mask can bring neighbours together that look like something new; after this many rounds none does."""
_OF_AUTHORS = frozenset({"email", "ipv4-address", "ipv6-address"})
"""What program code names without being anybody's secret: who wrote a library, and example addresses."""


class CannotCover(ValueError):
    """Something would be left that must not leave; the message says what."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something to mask: characters at `start`, `start + step`, ... below `end`, the last of them right before it."""

    start: int
    end: int
    step: int
    """1: a byte a character; 2: UTF-16 of either byte order, whose zero bytes stay."""
    label: str
    replacement: bytes

    @property
    def place(self) -> tuple[int, int, bool, int, str]:
        """The order in which spans are masked: where several begin, what tells most comes first."""
        return (self.start, self.step, self.label == _LEARNED, self.end, self.label)


@dataclass(frozen=True)
class Zones:
    """Sorted ranges of a file."""

    payload: tuple[Range, ...] = field(repr=False)
    """Where masks may stand."""
    watched: tuple[Range, ...] = field(default=(), repr=False)
    """Where nothing is changed, and nothing secret may begin."""


@dataclass(frozen=True)
class Covered:
    """What becomes of one piece."""

    patches: tuple[Patch, ...]
    counts: dict[str, int]
    """Masks that begin in the piece, by label."""


NOTHING = Covered(patches=(), counts={})


def mask(replacement: bytes, length: int) -> bytes:
    """What stands in the place of `length` characters: the mark that text would get where there is room for it."""
    token = replacement.strip(b'\\"')
    return token.ljust(length, b"*") if len(token) <= length else b"*" * length


def patched(data: bytes, base: int, patches: Iterable[Patch]) -> bytes:
    """Bytes that begin at `base` in the file, with what the patches put there."""
    end = base + len(data)
    due = [(offset, patch) for offset, patch in patches if offset < end and offset + len(patch) > base]
    if not due:
        return data
    changed = bytearray(data)
    for offset, patch in due:
        low, high = max(offset, base), min(offset + len(patch), end)
        changed[low - base : high - base] = patch[low - offset : high - offset]
    return bytes(changed)


class Coverer:
    """Covers binary data of one case."""

    def __init__(self, engine: Engine, learned: tuple[str, ...] = (), *, only_learned: bool = False) -> None:
        """For the rules of the engine and those of memory, and values that were learned from the file itself."""
        inputs = engine.inputs
        more: list[Rule] = [LearnedRule(learned, inputs.key)] if learned else []
        if only_learned:
            self._first_wide = len(more)
            self._matcher = Matcher(more)
            return
        text: list[Rule] = [*engine.rules, EnvironmentRule(inputs.key), ArgumentRule(inputs.key)]
        more.append(SwallowRule(inputs.key))
        memory = more + [MemoryForms(value, inputs.key) for value in inputs.known_values]
        self._first_wide = len(text) + len(memory)
        # known values look for their own UTF-16 forms
        wide = [WideRule(rule) for rule in text if not isinstance(rule, KnownRule)]
        self._matcher = Matcher([*text, *memory, *wide])

    def spans(self, data: bytes) -> list[Span]:
        """Everything in it that must not leave; touching and overlapping spans are one."""
        return list(_joined(sorted((span for span, _ in self._found(data)), key=lambda span: span.place)))

    def learn(self, data: bytes) -> tuple[bool, list[str]]:
        """Whether anything is found in it, and which values are worth to be looked for alone, in order."""
        found, values = False, dict[str, None]()
        for span, rule in self._found(data):
            found = True
            secret = data[span.start : span.end : span.step]
            if (value := value_of(rule, secret)) is not None:
                values[value] = None
        return found, list(values)

    def _found(self, data: bytes) -> Iterator[tuple[Span, Rule]]:
        last: dict[int, int] = {}
        for end, index, expression in self._matcher.ends(data, 0, len(data)):
            if end <= last.get(index, 0):
                continue  # inside of what this rule has already found
            for span in self._look(data, end, index, expression):
                last[index] = max(last.get(index, 0), span.end)
                rule = self._matcher.rules[index]
                yield span, rule.rule if isinstance(rule, WideRule) else rule

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
        text = value if hit.label in _EXACT else _leading_text(value)
        if len(text) < _LEAST or _MASKED.fullmatch(text):
            return
        start = first + step * hit.start
        end = start + step * (len(text) - 1) + 1
        if step == 1 and len(text) % 2 == 0 and b"\0" in text:
            for odd in (0, 1):  # a known value found its own UTF-16 form, of one byte order or the other
                if not text[1 - odd :: 2].strip(b"\0"):
                    start, end, step = start + odd, end - 1 + odd, 2
                    break
        yield Span(start, end, step, hit.label, hit.replacement)

    def cover(self, data: bytes, base: int, piece: Range, zones: Zones) -> Covered:
        """What to change in `piece`.

        `data` begins at `base` in the file, and has `MARGIN_BEFORE` and `MARGIN_AFTER` bytes around the piece where
        the file has them; so have the zones.

        Raises:
            CannotCover: something secret begins in a watched range, or would still be found after masking.
        """
        spans = self.spans(data)
        self._watch(spans, base, piece, zones.watched)
        payload = [(max(0, low - base), min(len(data), high - base)) for low, high in zones.payload]
        spans = [span for span in spans if any(low < span.end and span.start < high for low, high in payload)]
        if not spans:
            return NOTHING
        work, changes, counts = bytearray(data), list[Range](), Counter[str]()
        for _ in range(_ROUNDS):
            fresh = [(span, done) for span in spans if (done := _apply(work, span, payload, again=bool(changes)))]
            if not fresh:
                break
            for span, done in fresh:
                changes += done
                counts[span.label] += piece[0] <= done[0][0] + base < piece[1]
            spans = self.spans(bytes(work))
        else:
            raise CannotCover(f"after masking this was still found: {', '.join(sorted({one.label for one in spans}))}")
        low, high = piece[0] - base, piece[1] - base
        patches = [(max(start, low), min(end, high)) for start, end in sorted(changes) if start < high and end > low]
        return Covered(
            patches=tuple((start + base, bytes(work[start:end])) for start, end in patches),
            counts={label: count for label, count in counts.items() if count},
        )

    def _watch(self, spans: Sequence[Span], base: int, piece: Range, watched: Sequence[Range]) -> None:
        for span in spans:
            start = span.start + base
            if piece[0] <= start < piece[1] and span.label not in _OF_AUTHORS:
                for low, high in watched:
                    if low <= start < high:
                        raise CannotCover(f"a part of it that must stay as it is holds something secret: {span.label}")


def _apply(work: bytearray, span: Span, payload: Sequence[Range], *, again: bool) -> list[Range]:
    """Mask a span as far as it is payload; the ranges that changed. From the second round on, without marks."""
    length = -(-(span.end - span.start) // span.step)
    whole = any(low <= span.start and span.end <= high for low, high in payload)
    token = mask(span.replacement, length) if whole and not again else b"*" * length
    changed: list[Range] = []
    for low, high in payload:
        first = max(0, -(-(low - span.start) // span.step))
        stop = min(length, -(-(high - span.start) // span.step))
        if first < stop:
            begin = span.start + first * span.step
            end = begin + (stop - first - 1) * span.step + 1
            if work[begin : end : span.step] != token[first:stop]:
                work[begin : end : span.step] = token[first:stop]
                changed.append((begin, end))
    return changed


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
