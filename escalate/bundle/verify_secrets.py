"""Looks for secrets in a stream of any length, in bounded memory, and says on which line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from escalate.bundle.second_engine import SecondEngine

_MOST_PER_RULE = 20
"""Hits reported for one rule in one stream; a file full of secrets needs no longer list."""


@dataclass(frozen=True)
class Leak:
    """One hit: the rule, the line (from 1) and the byte (from 0) where it begins."""

    rule: str
    line: int
    offset: int


class SecretScanner:
    """Takes one stream piece by piece."""

    def __init__(self, engine: SecondEngine) -> None:
        self._engine = engine
        self._buffer = b""
        self._base = 0
        """Offset in the stream of the first byte of the buffer."""
        self._searched = 0
        """Offset in the stream up to which anchors were looked at."""
        self._lines = 0
        """Line feeds before the first byte of the buffer."""
        self._counts: Counter[str] = Counter()
        self.leaks: list[Leak] = []

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the stream."""
        self._buffer += chunk
        if len(self._buffer) >= 4 * self._engine.look_ahead:
            self._search(len(self._buffer) - self._engine.look_ahead)

    def finish(self) -> list[Leak]:
        """Everything found, after the last piece."""
        self._search(len(self._buffer))
        return self.leaks

    def _search(self, end: int) -> None:
        counted, lines = 0, self._lines
        hits = self._engine.find(self._buffer, self._searched - self._base, end)
        for hit in sorted(hits, key=lambda hit: hit.offset):
            self._counts[hit.rule] += 1
            if self._counts[hit.rule] > _MOST_PER_RULE:
                continue
            lines += self._buffer.count(b"\n", counted, hit.offset)
            counted = hit.offset
            leak = Leak(hit.rule, lines + 1, self._base + hit.offset)
            self.leaks.append(leak)
        self._searched = self._base + end
        drop = max(0, end - self._engine.look_behind)
        self._lines += self._buffer.count(b"\n", 0, drop)
        self._base += drop
        self._buffer = self._buffer[drop:]
