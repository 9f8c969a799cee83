"""Writes zip archives in order: deflate by isal, sizes in the headers, no comments and no extra fields but zip64's."""

from __future__ import annotations

import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from isal import isal_zlib

from escalate.redact.handlers.archive_parts import CHUNK, Entry

_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL64 = struct.Struct("<2H2Q")
_FILE = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_BIG = 0xFFFFFFFF
_MANY = 0xFFFF
_ZIP64_FROM = 0xF0000000
"""Bytes of a file whose compressed form could need the large size fields."""
_UTF8 = 0x800
_VERSION, _VERSION64 = 20, 45
_UNIX = 3 << 8
_LEVEL = 1
_MODE = (stat.S_IFREG | 0o644) << 16
_FOLDER_MODE = (stat.S_IFDIR | 0o755) << 16 | 0x10


@dataclass(frozen=True)
class _Written:
    name: bytes
    method: int
    stamp: tuple[int, int]
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int


class ZipWriter:
    """What was stored stays stored, all else is deflated."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._written: list[_Written] = []

    def folder(self, name: str, entry: Entry) -> None:
        """See `Writer.folder`."""
        offset = self._sink.tell()
        written = _Written(f"{name}/".encode(), zipfile.ZIP_STORED, _dos(entry), 0, 0, 0, offset, _FOLDER_MODE)
        self._sink.write(_local(written, large=False))
        self._written.append(written)

    def file(self, name: str, entry: Entry, content: BinaryIO, size: int) -> None:
        """See `Writer.file`."""
        method = zipfile.ZIP_STORED if entry.method == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
        offset, large = self._sink.tell(), size >= _ZIP64_FROM
        planned = _Written(name.encode(), method, _dos(entry), 0, 0, size, offset, _MODE)
        begin = offset + self._sink.write(_local(planned, large=large))
        compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
        crc = 0
        while data := content.read(CHUNK):
            crc = isal_zlib.crc32(data, crc)
            self._sink.write(data if method == zipfile.ZIP_STORED else compressor.compress(data))
        if method == zipfile.ZIP_DEFLATED:
            self._sink.write(compressor.flush())
        end = self._sink.tell()
        written = _Written(planned.name, method, planned.stamp, crc, end - begin, size, offset, _MODE)
        self._sink.seek(offset)
        self._sink.write(_local(written, large=large))
        self._sink.seek(end)
        self._written.append(written)

    def finish(self) -> None:
        """See `Writer.finish`."""
        start = self._sink.tell()
        for written in self._written:
            self._sink.write(_central(written))
        end, count = self._sink.tell(), len(self._written)
        length = end - start
        if count >= _MANY or start >= _BIG or length >= _BIG:
            fields = (_VERSION64, _VERSION64, 0, 0, count, count, length, start)
            self._sink.write(_END64.pack(b"PK\x06\x06", _END64.size - 12, *fields))
            self._sink.write(_LOCATOR.pack(b"PK\x06\x07", 0, end, 1))
        short = min(count, _MANY)
        self._sink.write(_END.pack(b"PK\x05\x06", 0, 0, short, short, min(length, _BIG), min(start, _BIG), 0))


def _dos(entry: Entry) -> tuple[int, int]:
    """Time and date of MS-DOS; without one the first that there is."""
    year, month, day, hour, minute, second = entry.stamp or (1980, 1, 1, 0, 0, 0)
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _local(one: _Written, *, large: bool) -> bytes:
    extra = _LOCAL64.pack(1, 16, one.size, one.packed) if large else b""
    sizes = (_BIG, _BIG) if large else (one.packed, one.size)
    version = _VERSION64 if large else _VERSION
    head = (version, _UTF8, one.method, *one.stamp, one.crc, *sizes, len(one.name), len(extra))
    return _LOCAL.pack(b"PK\x03\x04", *head) + one.name + extra


def _central(one: _Written) -> bytes:
    wide = [value for value in (one.size, one.packed, one.offset) if value >= _BIG]
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version = _VERSION64 if wide else _VERSION
    sizes = (min(one.packed, _BIG), min(one.size, _BIG))
    head = (
        _UNIX | version,
        version,
        _UTF8,
        one.method,
        *one.stamp,
        one.crc,
        *sizes,
        len(one.name),
        len(extra),
        0,
        0,
        0,
    )
    return _FILE.pack(b"PK\x01\x02", *head, one.attributes, min(one.offset, _BIG)) + one.name + extra
