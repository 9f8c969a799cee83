"""Writes minidumps: real headers and streams, invented memory, as big as wanted."""

from __future__ import annotations

import struct
import time
from pathlib import Path

SIGNATURE, VERSION = b"MDMP", 0xA793
_SYSTEM_INFO, _MISC_INFO, _MEMORY_64 = 7, 15, 9
_HEADER, _ENTRY = 32, 12
_AMD64, _WINDOWS_NT = 9, 2
FULL_MEMORY = 0x2
MARK_EVERY = 1024 * 1024
"""Memory is sparse; every so often stands the offset, so that mixed-up pieces of a download give another hash."""


def write_minidump(path: Path, pid: int, size: int, flags: int = FULL_MEMORY) -> None:
    """A dump of at least a header and three streams.

    Raises:
        OSError: it cannot be written.
    """
    system = struct.pack("<HHHBBIIIIIHH", _AMD64, 6, 0x5504, 4, 1, 10, 0, 14393, _WINDOWS_NT, 0, 0x110, 0) + bytes(24)
    misc = struct.pack("<IIIIII", 24, 0x3, pid, int(time.time()) - 3600, 271, 41)
    start = _HEADER + 3 * _ENTRY
    memory_list = start + len(system) + len(misc)
    data = memory_list + 16 + 16
    total = max(size, data + 16)
    memory = struct.pack("<QQQQ", 1, data, 0x1F2C6A90000, total - data)
    directory = b"".join(
        struct.pack("<III", kind, length, at)
        for kind, length, at in (
            (_SYSTEM_INFO, len(system), start),
            (_MISC_INFO, len(misc), start + len(system)),
            (_MEMORY_64, len(memory), memory_list),
        )
    )
    header = SIGNATURE + struct.pack("<IIIIIQ", VERSION, 3, _HEADER, 0, int(time.time()), flags)
    with path.open("wb") as file:
        file.write(header + directory + system + misc + memory)
        file.truncate(total)
        for offset in range(MARK_EVERY, total - 16, MARK_EVERY):
            file.seek(offset)
            file.write(struct.pack("<QQ", offset, pid))
