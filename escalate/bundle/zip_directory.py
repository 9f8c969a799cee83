"""Looks at the end of a zip before a library reads its whole directory into memory."""

from __future__ import annotations

import struct
from typing import BinaryIO

from escalate.bundle.limits import Limits

_END = b"PK\x05\x06"
_END64_LOCATOR = b"PK\x06\x07"
_END64 = b"PK\x06\x06"
_TAIL = 22 + 65_535


def directory_problem(archive: BinaryIO, size: int, limits: Limits) -> str | None:
    """Why the directory of a zip of `size` bytes should not be read; None when it may be, or when there is none."""
    archive.seek(max(0, size - _TAIL))
    tail = archive.read(_TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return None
    members, length = struct.unpack_from("<HI", tail, at + 10)
    if at >= 20 and tail[at - 20 : at - 16] == _END64_LOCATOR:
        place = struct.unpack_from("<Q", tail, at - 12)[0]
        archive.seek(min(place, size))
        record = archive.read(56)
        if len(record) == 56 and record.startswith(_END64):
            members, length = struct.unpack_from("<QQ", record, 32)
    if members > limits.members:
        return f"declares {members:,} members"
    if length > limits.directory:
        return f"its directory takes {length:,} bytes"
    return None
