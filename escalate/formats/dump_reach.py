"""Reads single places of a dump that may be cut off or damaged: what is not there is told, never raised."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import BinaryIO

LATEST = 253402300799
"""The last second that a time can hold (year 9999)."""


class Reach:
    """A dump on disk, and how far its own structure says that it reaches."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.size = raw.seek(0, io.SEEK_END)
        self.end = 0
        """The farthest end of anything the structure speaks of."""

    def claim(self, start: int, size: int) -> None:
        """The structure says that so many bytes stand there."""
        if size > 0:
            self.end = max(self.end, start + size)

    def at(self, start: int, size: int) -> bytes:
        """So many bytes from there; fewer where the file ends before."""
        if start < 0 or size <= 0 or start >= self.size:
            return b""
        self._raw.seek(start)
        return self._raw.read(min(size, self.size - start))

    @property
    def missing(self) -> int:
        """Bytes that the structure speaks of and the file does not have."""
        return max(0, self.end - self.size)


def last_part(path: str) -> str:
    """The file name of a path of Linux or Windows."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def from_epoch(seconds: int) -> datetime | None:
    """A time out of seconds since 1970; None for zero, which is how dumps say that they do not know."""
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= LATEST else None


def printable(data: bytes) -> str:
    """A text of at most one line that ends at its first NUL; what cannot be shown becomes `?`."""
    text = data.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)
