"""Large sealed files stand on disk as raw deflate streams: written once, copied into each zip without packing again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from isal import igzip_lib, isal_zlib

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.redaction import Packed, Sealed

SUFFIX = ".deflate"
PACKED_FROM = 64 * 1024 * 1024
"""Bytes; a sealed file of at least this size may stand in its packed form (contract: "Case folder")."""
LEVEL = 1
"""Of isal: higher levels cost time and save nothing."""
CHUNK = 1 << 20
_DAMAGED = cast("type[Exception]", igzip_lib.IsalError)  # its stub says that it is an instance


class PackingSink:
    """Takes the bytes of a file in order, and writes its raw deflate stream into `out`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._engine = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
        self._hasher = hashlib.sha256()
        self._crc = 0
        self._packed = 0
        self.size = 0
        """Bytes taken so far."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        self.size += len(data)
        self._hasher.update(data)
        self._crc = isal_zlib.crc32(data, self._crc)
        self._packed += self._out.write(self._engine.compress(data))
        return len(data)

    def finish(self) -> tuple[str, Packed]:
        """The hash of what was taken, and what stands in `out` now; to be called once."""
        self._packed += self._out.write(self._engine.flush())
        return self._hasher.hexdigest(), Packed(size=self._packed, crc32=self._crc)


def place_of(case: Case, item: Sealed) -> Path:
    """Where a sealed file stands on disk."""
    return case.path(Room.REDACTED, item.path + SUFFIX if item.packed else item.path)


class Reader(Protocol):
    """Anything with a blocking read; an empty answer is the end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        ...


def unpacked(raw: Reader) -> Iterator[bytes]:
    """The bytes of a raw deflate stream, piece by piece; nothing may follow it.

    Raises:
        ValueError: it is no such stream, or something follows it.
        EOFError: it is cut off.
    """
    engine = isal_zlib.decompressobj(-15)
    while not engine.eof:
        data = engine.unconsumed_tail or raw.read(CHUNK)
        if not data:
            raise EOFError("the packed file is cut off")
        try:
            piece = engine.decompress(data, CHUNK)
        except _DAMAGED as error:
            raise ValueError("the packed file is no deflate stream") from error
        if piece:
            yield piece
    if engine.unused_data or raw.read(1):
        raise ValueError("something follows the packed file")
