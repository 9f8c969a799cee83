"""Proves that a file is the dump it claims to be: its header, its streams, and that nothing is cut off."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from escalate.azure.call import looks_like_html

SHARE_OF_PRIVATE = 0.4
"""A full dump is at least so big, of the private memory."""
BITNESS_BYTES = 16 * 1024
"""A dump of 12 KB is what a 32-bit Kudu makes of a 64-bit process (projectkudu/kudu#3427)."""
MINIDUMP, ELF = b"MDMP", b"\x7fELF"

_HEADER = struct.Struct("<4sHHIIIIQ")
_ENTRY = struct.Struct("<III")
_VERSION = 0xA793
_MOST_STREAMS = 4096
_MEMORY_64 = 9
_RANGES = struct.Struct("<QQ")
_MOST_RANGES = 4_000_000
_ET_CORE = 4
_MOST_SEGMENTS = 65_535


class NotADumpError(Exception):
    """Why a file is not taken for a dump; the text is for people."""


class BitnessError(NotADumpError):
    """A dump of a few KB: whoever made it could not see into the process."""


def check_minidump(place: Path, *, full_of: int | None = None) -> None:
    """Check a Windows dump; `full_of`: it holds the whole memory, of a process with so many private bytes.

    Raises:
        NotADumpError: it is none, it is cut off, or it is too small.
    """
    size = place.stat().st_size
    with place.open("rb") as handle:
        head = handle.read(512)
        _refuse_page(head)
        if not head.startswith(MINIDUMP) or len(head) < _HEADER.size:
            raise NotADumpError(f"{size} bytes that begin with {head[:4].hex(' ') or 'nothing'}, not with MDMP")
        _, version, _, streams, directory, *_ = _HEADER.unpack_from(head)
        if version != _VERSION or not 0 < streams <= _MOST_STREAMS:
            raise NotADumpError(f"the header of the dump is damaged: version {version:x}, {streams} streams")
        if directory + streams * _ENTRY.size > size:
            raise NotADumpError(f"cut off: {size} bytes, and the list of streams ends behind them")
        if size <= BITNESS_BYTES:
            raise BitnessError(f"a dump of {size} bytes: 32-bit Kudu cannot see into a 64-bit process")
        _check_streams(handle, streams, directory, size)
    if full_of is not None and size < SHARE_OF_PRIVATE * full_of:
        raise NotADumpError(f"{size} bytes, of a process with {full_of} private bytes: that is no full dump")


def check_elf_core(place: Path) -> None:
    """Check a Linux core.

    Raises:
        NotADumpError: it is none, or its segments end behind its end.
    """
    size = place.stat().st_size
    with place.open("rb") as handle:
        head = handle.read(512)
        _refuse_page(head)
        if not head.startswith(ELF) or len(head) < 64:
            raise NotADumpError(f"{size} bytes that begin with {head[:4].hex(' ') or 'nothing'}, not with ELF")
        order = "<" if head[5] == 1 else ">"
        kind = struct.unpack_from(f"{order}H", head, 16)[0]
        if kind != _ET_CORE:
            raise NotADumpError(f"an ELF file of type {kind}, not a core")
        end = _end_of_segments(handle, head, order)
    if end > size:
        raise NotADumpError(f"cut off: {size} bytes, and its segments need {end}")


def _check_streams(handle: BinaryIO, streams: int, directory: int, size: int) -> None:
    handle.seek(directory)
    entries = handle.read(streams * _ENTRY.size)
    for kind, length, at in _ENTRY.iter_unpack(entries):
        if at + length > size:
            raise NotADumpError(f"cut off: {size} bytes, and stream {kind} ends at {at + length}")
        if kind == _MEMORY_64 and length >= _RANGES.size:
            end = _end_of_memory(handle, at, length)
            if end > size:
                raise NotADumpError(f"cut off: {size} bytes, and its memory ends at {end}")


def _end_of_memory(handle: BinaryIO, at: int, length: int) -> int:
    """Where the memory ends that Memory64List describes: it stands at the end of the file, in one piece."""
    handle.seek(at)
    count, base = _RANGES.unpack(handle.read(_RANGES.size))
    fits = (length - _RANGES.size) // _RANGES.size
    if count > min(fits, _MOST_RANGES):
        raise NotADumpError(f"its list of memory names {count} ranges, and has room for {fits}")
    ranges = handle.read(count * _RANGES.size)
    return int(base + sum(n_bytes for _, n_bytes in _RANGES.iter_unpack(ranges)))


def _end_of_segments(handle: BinaryIO, head: bytes, order: str) -> int:
    wide = head[4] == 2
    table = int(struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)[0])
    entry, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    shape = struct.Struct(f"{order}IIQQQQ" if wide else f"{order}IIIII")
    if not 0 < count <= _MOST_SEGMENTS or entry < shape.size:
        raise NotADumpError(f"a core with {count} segments of {entry} bytes")
    handle.seek(table, os.SEEK_SET)
    rows = handle.read(entry * count)
    if len(rows) < entry * count:
        raise NotADumpError("cut off: its list of segments is not whole")
    ends = []
    for number in range(count):
        fields = shape.unpack_from(rows, number * entry)
        ends.append(fields[2] + fields[5] if wide else fields[1] + fields[4])
    return int(max(ends))


def _refuse_page(head: bytes) -> None:
    if looks_like_html(head):
        raise NotADumpError("an HTML page, not a dump")
