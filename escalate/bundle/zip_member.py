"""Reads one member of a zip more strictly than the standard library: nothing may hide behind what its headers say."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods that every unzip program of today reads."""
_HEADER = struct.Struct("<4s5H3I2H")
_READ = 1 << 18
_SIZES_FOLLOW = 0x08


def stray_bytes(file: BinaryIO, archive: zipfile.ZipFile) -> bool:
    """Whether bytes stand before, between or after the members that belong to none of them.

    Programs that read a zip from its start would find there what the directory does not list.
    """
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset != end:
            return True
        file.seek(info.header_offset + _HEADER.size - 4)
        lengths = file.read(4)
        if len(lengths) < 4:
            return True
        end = info.header_offset + _HEADER.size + sum(struct.unpack("<2H", lengths)) + info.compress_size
        if info.flag_bits & _SIZES_FOLLOW:
            end += _descriptor(file, end)
    return end != archive.start_dir


def _descriptor(file: BinaryIO, at: int) -> int:
    """Bytes of what follows the content of a member whose header does not say its sizes (APPNOTE 4.3.9)."""
    file.seek(at)
    marked = file.read(4) == b"PK\x07\x08"
    for size in (12, 20):
        file.seek(at + size + 4 * marked)
        if file.read(4)[:2] == b"PK":
            return size + 4 * marked
    return 0


class ZipMember:
    """The content of one member as a stream.

    Reading raises BadZipFile where the local header, the directory and the content do not agree: a stream that goes on
    after the declared size would otherwise be read by some programs and not by others.
    """

    def __init__(self, file: BinaryIO, info: zipfile.ZipInfo) -> None:
        self._file = file
        self._info = info
        self._at = info.header_offset
        self._check_header()
        self._left = info.compress_size
        self._size = 0
        self._crc32 = 0
        self._engine = None if info.compress_type == zipfile.ZIP_STORED else zlib.decompressobj(-15)
        self._done = False

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        while not self._done:
            data = self._next(size)
            self._size += len(data)
            self._crc32 = zlib.crc32(data, self._crc32)
            if self._size > self._info.file_size:
                raise zipfile.BadZipFile("goes on after its declared size")
            if data:
                return data
        return b""

    def _next(self, size: int) -> bytes:
        if self._engine is None:
            data = self._packed(size)
            if not data:
                self._finish()
            return data
        if self._engine.eof:
            if self._engine.unused_data or self._left:
                raise zipfile.BadZipFile("bytes follow its content")
            self._finish()
            return b""
        packed = self._engine.unconsumed_tail or self._packed(_READ)
        data = self._engine.decompress(packed, size)
        if not packed and not data and not self._engine.eof:
            raise EOFError("cut off")
        return data

    def _finish(self) -> None:
        self._done = True
        if self._left or self._size != self._info.file_size or self._crc32 != self._info.CRC:
            raise zipfile.BadZipFile("not what its headers declare")

    def _packed(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data

    def _check_header(self) -> None:
        if self._info.flag_bits & 1:
            raise NotImplementedError("encrypted")
        if self._info.compress_type not in READABLE:
            raise NotImplementedError("another method")
        self._file.seek(self._at)
        raw = self._file.read(_HEADER.size)
        if len(raw) < _HEADER.size:
            raise EOFError("cut off")
        magic, _, flags, method, _, _, _, _, _, name_length, extra_length = _HEADER.unpack(raw)
        name = self._file.read(name_length)
        if magic != b"PK\x03\x04" or method != self._info.compress_type or flags & 1:
            raise zipfile.BadZipFile("its header is not that of the directory")
        if name.decode("utf-8" if flags & 0x800 else "cp437", "replace") != self._info.orig_filename:
            raise zipfile.BadZipFile("another name in its header than in the directory")
        self._at += _HEADER.size + name_length + extra_length
