"""The chunks of a Windows event log, each as a small log of its own, so that memory does not grow with the file.

Layout: [MS-EVEN6] and the public descriptions of the format; a header of 4 KiB, then chunks of 64 KiB.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from escalate.redact.handlers.registry import CannotRedact

HEADER = 4096
CHUNK = 65536
_MAGIC = b"ElfFile\0"
_CHUNK_MAGIC = b"ElfChnk\0"
_NUMBERS = struct.Struct("<8s2Q")
_COUNT_AT = 42
_FLAGS_AT = 120
_DIRTY = 1
_CRC_AT = 124
DAMAGED = "the event log is damaged, or was copied while it was in use; this exports it whole: wevtutil epl LOG FILE"


@dataclass(frozen=True)
class Chunk:
    """A log with one chunk."""

    file: BinaryIO
    events: int
    """How many its header says it has."""
    size: int


def chunks(raw: BinaryIO) -> Iterator[Chunk]:
    """Every chunk that is in use.

    Raises:
        CannotRedact: the file is cut off, or something stands between its chunks.
    """
    header = raw.read(HEADER)
    if len(header) < HEADER or not header.startswith(_MAGIC):
        raise CannotRedact("the event log is cut off")
    in_use = bool(int.from_bytes(header[_FLAGS_AT:_CRC_AT], "little") & _DIRTY)
    expected = int.from_bytes(header[_COUNT_AT : _COUNT_AT + 2], "little")
    used = 0
    while data := raw.read(CHUNK):
        if len(data) == CHUNK and not any(data[: len(_CHUNK_MAGIC)]):
            continue  # logs are made longer in advance, and keep what was on the disk there
        if len(data) < CHUNK or not data.startswith(_CHUNK_MAGIC):
            raise CannotRedact(DAMAGED)
        used += 1
        _, first, last = _NUMBERS.unpack_from(data)
        yield Chunk(io.BytesIO(header + data), (last - first + 1) % (1 << 64), CHUNK)
    if used != expected and not in_use:  # the count is brought up to date when the log is closed
        raise CannotRedact(f"the event log should have {expected} parts and has {used}")
