"""A capture as a stream: a window of bounded size that slides over it."""

from __future__ import annotations

from typing import Protocol

STEP = 1 << 20
LONGEST = 16 << 20
"""Bytes of the longest record that is believed; tcpdump and Wireshark write at most 256 KiB of a packet."""


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        ...


class Window:
    """The next bytes of a source."""

    def __init__(self, source: Source) -> None:
        self.data = b""
        self.at = 0
        self._source = source
        self._ended = False

    def has(self, size: int) -> bool:
        """Whether so many bytes stand at `at` of `data`; reads as far as that takes."""
        while len(self.data) - self.at < size and not self._ended:
            more = self._source.read(max(STEP, size))
            self._ended = not more
            self.data = self.data[self.at :] + more
            self.at = 0
        return len(self.data) - self.at >= size

    def rest(self) -> int:
        """Bytes that are left behind `at`, once there are fewer than were asked for."""
        return len(self.data) - self.at
