"""One pass over a stream: wakes the rules with hyperscan, replaces what they find, holds a bounded window."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import hyperscan

from escalate.redact.rule import AFTER, BEFORE, RUN_ON, Expression, Hit, Rule, Span, Sweeping, Wake

STEP = 1024 * 1024
"""Bytes that are searched at once; a few of these fit into the cache of a core."""
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
                flags=[_flags(expression) for expression in expressions],
            )

    def wakes(self, data: bytes, after: int, until: int) -> Iterator[tuple[int, int, list[Wake]]]:
        """(rule, expression, wake-ups) with `after < end <= until`, by rule and expression; each list is sorted."""
        if self._database is None:
            return
        found: defaultdict[int, list[Wake]] = defaultdict(list)

        def on_match(identity: int, start: int, end: int, _flags: int, _context: object) -> None:
            found[identity].append((end, start))

        self._database.scan(data, match_event_handler=on_match)
        for identity in sorted(found):
            wakes = found[identity]
            wakes.sort()
            low, high = bisect_right(wakes, (after, len(data))), bisect_right(wakes, (until, len(data)))
            if low < high:
                yield *self._origin[identity], wakes[low:high]

    def ends(self, data: bytes, after: int, until: int) -> list[tuple[int, int, int]]:
        """(end, rule, expression) of every wake-up with `after < end <= until`, in that order."""
        return sorted(
            {(end, rule, number) for rule, number, wakes in self.wakes(data, after, until) for end, _ in wakes}
        )


def _flags(expression: Expression) -> int:
    caseless = hyperscan.HS_FLAG_CASELESS if expression.caseless else 0
    starts = hyperscan.HS_FLAG_SOM_LEFTMOST if expression.starts else 0
    return int(hyperscan.HS_FLAG_DOTALL | caseless | starts)


class Pass:
    """Replaces in one stream: feed it pieces of any size, then finish; the result does not depend on the cuts."""

    def __init__(self, matcher: Matcher) -> None:
        self.counts: dict[str, int] = {}
        self.found: list[Hit] | None = None
        """Set to a list by who wants to learn: every hit, with its value and absolute offsets, is added to it."""
        self._matcher = matcher
        self._window = b""
        self._incoming: list[bytes] = []
        self._waiting = 0
        self._base = 0
        self._searched = 0
        self._written = 0
        self._masked_to = 0
        self._masked_by = ""
        self._open = False
        self._pending: list[Span] = []
        self._last: dict[int, int] = {}

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; returns what can be said for certain by now."""
        self._incoming.append(data)
        self._waiting += len(data)
        if self._waiting < STEP:
            return b""
        whole = data if self._waiting == len(data) else b"".join(self._incoming)
        self._incoming.clear()
        self._waiting = 0
        return b"".join(self._take(whole[start : start + STEP]) for start in range(0, len(whole), STEP))

    def finish(self) -> bytes:
        """The rest, once the stream has ended."""
        self._window += b"".join(self._incoming)
        self._incoming.clear()
        return self._work(final=True)

    def part(self, data: bytes, low: int, high: int) -> bytes:
        """What becomes of `data[low:high]`; what stands around it is context. For a pass that was fed nothing."""
        self._search(data, len(data))
        self._replace(data, low)
        self.counts.clear()
        return self._replace(data, high)

    def _take(self, piece: bytes) -> bytes:
        self._window += piece
        return self._work(final=False)

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
        asked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for index, expression, wakes in self._matcher.wakes(data, self._searched - base, until):
            rule = self._matcher.rules[index]
            if self.found is None and isinstance(rule, Sweeping):
                self._pending += rule.sweep(data, wakes, base)
            else:
                asked[index] += [(end, expression) for end, _ in wakes]
        for index, places in asked.items():
            places.sort()
            self._ask(data, index, places)
        self._searched = base + until

    def _ask(self, data: bytes, index: int, places: Iterable[tuple[int, int]]) -> None:
        base, rule = self._base, self._matcher.rules[index]
        last = self._last.get(index, 0) - base
        for end, expression in places:
            if end <= last:
                continue  # inside of what this rule has already found
            for hit in rule.find(data, end, expression):
                last = max(last, hit.end)
                broken = _LINE_ENDS.search(data, hit.start, hit.end) is not None
                self._pending.append((hit.start + base, -hit.end - base, hit.label, hit.replacement, broken))
                if self.found is not None:
                    self.found.append(hit.moved(base))
        self._last[index] = last + base

    def _replace(self, data: bytes, safe: int) -> bytes:
        """What is said for certain before `safe`.

        This loop runs for every address of a log: what needs no care is written on the spot.
        """
        base, counts = self._base, self.counts
        self._pending.sort()
        out: list[bytes] = []
        used, settled = 0, not self._open and self._written >= self._masked_to
        for start, minus_end, label, replacement, broken in self._pending:
            if start >= safe:
                break
            used += 1
            if settled and start > self._masked_to:
                out.append(data[self._written - base : start - base])
            else:
                self._write_to(data, start, out)
                joined = start == self._masked_to and (self._open or label == self._masked_by)
                if start < self._masked_to or joined:
                    if -minus_end > self._masked_to:
                        self._masked_to = -minus_end
                        self._open = -minus_end - start >= RUN_ON
                        settled = False
                    continue
            out.append(replacement)
            counts[label] = counts.get(label, 0) + 1
            self._masked_to = end = -minus_end
            self._masked_by = label
            if broken or end - start >= RUN_ON:
                self._open = end - start >= RUN_ON
                self._written, settled = start, False
            else:
                self._open = False
                self._written, settled = end, True
        del self._pending[:used]
        self._write_to(data, safe, out)
        return b"".join(out)

    def _write_to(self, data: bytes, to: int, out: list[bytes]) -> None:
        """Write everything before `to` that is not masked; of what is masked, only the line ends."""
        base = self._base
        if self._open and self._masked_to < to:
            more = _RUN_ON.match(data, self._masked_to - base, to - base)
            if more:
                self._masked_to = more.end() + base
            self._open = self._masked_to >= to
        masked = min(to, self._masked_to)
        if self._written < masked:
            out += _LINE_ENDS.findall(data, self._written - base, masked - base)
            self._written = masked
        if self._written < to:
            out.append(data[self._written - base : to - base])
            self._written = to
