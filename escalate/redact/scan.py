"""One pass over a stream: wakes the rules with hyperscan, replaces what they find, holds a bounded window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import hyperscan

from escalate.redact.rule import AFTER, BEFORE, RUN_ON, Expression, Hit, Rule

STEP = 512 * 1024
"""Bytes that are searched at once."""
_MARGIN = 2 * BEFORE
_RUN_ON = re.compile(rb"[A-Za-z0-9+/=_~%-]+")
_LINE_ENDS = re.compile(rb"[\r\n]+")


class Matcher:
    """The rules of a case in one hyperscan database."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Sequence[Rule] = tuple(rules)
        self._origin: list[tuple[int, int]] = []
        expressions: list[Expression] = []
        for index, rule in enumerate(self.rules):
            for number, expression in enumerate(rule.expressions):
                self._origin.append((index, number))
                expressions.append(expression)
        self._database: Any = None
        if expressions:
            self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            self._database.compile(
                expressions=[expression.pattern for expression in expressions],
                ids=list(range(len(expressions))),
                elements=len(expressions),
                flags=[
                    hyperscan.HS_FLAG_DOTALL | (hyperscan.HS_FLAG_CASELESS if expression.caseless else 0)
                    for expression in expressions
                ],
            )

    def ends(self, data: bytes, after: int, until: int) -> list[tuple[int, int, int]]:
        """(end, rule, expression) of every wake-up with `after < end <= until`, in that order."""
        if self._database is None:
            return []
        found: set[tuple[int, int]] = set()

        def on_match(identity: int, _start: int, end: int, _flags: int, _context: object) -> None:
            if after < end <= until:
                found.add((end, identity))

        self._database.scan(data, match_event_handler=on_match)
        return [(end, *self._origin[identity]) for end, identity in sorted(found)]


class Pass:
    """Replaces in one stream: feed it pieces of any size, then finish; the result does not depend on the cuts."""

    def __init__(self, matcher: Matcher) -> None:
        self.counts: dict[str, int] = {}
        self.found: list[Hit] | None = None
        """Set to a list by who wants to learn: every hit, with its value and absolute offsets, is added to it."""
        self._matcher = matcher
        self._window = b""
        self._incoming = bytearray()
        self._base = 0
        self._searched = 0
        self._written = 0
        self._masked_to = 0
        self._masked_by = ""
        self._open = False
        self._pending: list[Hit] = []
        self._last: dict[int, int] = {}

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; returns what can be said for certain by now."""
        self._incoming += data
        if len(self._incoming) < STEP:
            return b""
        out = bytearray()
        view = bytes(self._incoming)
        self._incoming.clear()
        for start in range(0, len(view), STEP):
            self._window += view[start : start + STEP]
            out += self._work(final=False)
        return bytes(out)

    def finish(self) -> bytes:
        """The rest, once the stream has ended."""
        self._window += bytes(self._incoming)
        self._incoming.clear()
        return self._work(final=True)

    def part(self, data: bytes, low: int, high: int) -> bytes:
        """What becomes of `data[low:high]`; what stands around it is context. For a pass that was fed nothing."""
        self._search(data, len(data))
        self._replace(data, low)
        self.counts.clear()
        return self._replace(data, high)

    def _work(self, *, final: bool) -> bytes:
        data, base = self._window, self._base
        until = len(data) if final else len(data) - AFTER
        if not final and until + base <= self._searched:
            return b""
        self._search(data, until)
        safe = base + len(data) if final else max(base + until - BEFORE, self._written)
        out = self._replace(data, safe)
        cut = max(0, until - _MARGIN)
        self._window, self._base = data[cut:], base + cut
        return out

    def _search(self, data: bytes, until: int) -> None:
        base = self._base
        for end, index, expression in self._matcher.ends(data, self._searched - base, until):
            if base + end <= self._last.get(index, 0):
                continue  # inside of what this rule has already found
            hits = self._matcher.rules[index].find(data, end, expression)
            for hit in hits:
                moved = hit.moved(base)
                self._pending.append(moved)
                self._last[index] = max(self._last.get(index, 0), moved.end)
                if self.found is not None:
                    self.found.append(moved)
        self._searched = base + until

    def _replace(self, data: bytes, safe: int) -> bytes:
        self._pending.sort(key=lambda hit: (hit.start, -hit.end, hit.label))
        out = bytearray()
        used = 0
        for hit in self._pending:
            if hit.start >= safe:
                break
            used += 1
            self._write_to(data, hit.start, out)
            joined = hit.start == self._masked_to and (self._open or hit.label == self._masked_by)
            if hit.start < self._masked_to or joined:
                if hit.end > self._masked_to:
                    self._masked_to = hit.end
                    self._open = hit.end - hit.start >= RUN_ON
                continue
            out += hit.replacement
            self.counts[hit.label] = self.counts.get(hit.label, 0) + 1
            self._masked_to, self._masked_by = hit.end, hit.label
            self._open = hit.end - hit.start >= RUN_ON
        del self._pending[:used]
        self._write_to(data, safe, out)
        return bytes(out)

    def _write_to(self, data: bytes, to: int, out: bytearray) -> None:
        """Write everything before `to` that is not masked; of what is masked, only the line ends."""
        base = self._base
        if self._open and self._masked_to < to:
            more = _RUN_ON.match(data, self._masked_to - base, to - base)
            if more:
                self._masked_to = more.end() + base
            self._open = self._masked_to >= to
        masked = min(to, self._masked_to)
        if self._written < masked:
            for ends in _LINE_ENDS.finditer(data, self._written - base, masked - base):
                out += ends[0]
            self._written = masked
        if self._written < to:
            out += data[self._written - base : to - base]
            self._written = to
