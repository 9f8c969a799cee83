"""A sink that compares what must stay as it is with the original, while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from escalate.redact.cover import Patch, Range, patched
from escalate.redact.engine import Sink
from escalate.redact.handlers.registry import CannotRedact


class GuardedSink:
    """Passes a same-length copy on, in order: puts its own patches in, and lets nothing else change outside payload."""

    def __init__(self, sink: Sink, original: BinaryIO, payload: Sequence[Range], patches: Sequence[Patch] = ()) -> None:
        self._sink = sink
        self._original = original
        self._payload = payload
        self._patches = sorted(patches)
        self._at = 0
        self._next = 0

    def write(self, data: bytes, /) -> object:
        """Take the next bytes.

        Raises:
            CannotRedact: they differ from the original where nothing may.
        """
        start, end = self._at, self._at + len(data)
        self._at = end
        for low, high in self._kept(start, end):
            self._original.seek(low)
            if self._original.read(high - low) != data[low - start : high - start]:
                raise CannotRedact("its structure would change")
        return self._sink.write(patched(data, start, self._patches))

    def _kept(self, start: int, end: int) -> list[Range]:
        """The parts of a stretch that are no payload; stretches come in order."""
        kept, at = list[Range](), start
        while self._next < len(self._payload) and self._payload[self._next][1] <= start:
            self._next += 1
        for low, high in self._payload[self._next :]:
            if low >= end:
                break
            if low > at:
                kept.append((at, low))
            at = high
        if at < end:
            kept.append((at, end))
        return kept

    def finish(self, size: int) -> None:
        """All was written.

        Raises:
            CannotRedact: the result is not as long as the original.
        """
        if self._at != size:
            raise CannotRedact("its size would change")
