"""Unpacks a 7z archive in order and in bounded memory; py7zr reads its directory and nothing else."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import py7zr
from py7zr.archiveinfo import Folder
from py7zr.exceptions import ArchiveError, PasswordRequired

from escalate.bundle.streams import Reader, Section

MAGIC = b"7z\xbc\xaf\x27\x1c"

_MAX_DICTIONARY = 256 << 20
_READ = 1 << 16

_COPY, _LZMA, _LZMA2, _DELTA = b"\x00", b"\x03\x01\x01", b"\x21", b"\x03"
_BRANCHES = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x04\x01": lzma.FILTER_IA64,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
}
_DAMAGED = (ArchiveError, PasswordRequired, OSError, EOFError, ValueError, TypeError, LookupError, AttributeError,
            AssertionError, ArithmeticError, MemoryError, RecursionError, struct.error, lzma.LZMAError)  # fmt: skip
"""What py7zr raises over directories that are damaged, encrypted, or made to harm."""


class Member:
    """One file of the archive, to be read before the next is taken; `check` is to be called at its end."""

    def __init__(self, name: str, source: Reader, size: int, crc32: int | None) -> None:
        self.name = name
        self._section = Section(source, size)
        self._expected = crc32
        self._crc32 = 0

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        data = self._section.read(size)
        self._crc32 = zlib.crc32(data, self._crc32)
        return data

    def check(self) -> None:
        """Whether what was read is what was packed.

        Raises:
            ValueError: it is not.
        """
        if self._section.left or self._expected not in (None, self._crc32):
            raise ValueError("not what was packed")


def members(archive: BinaryIO) -> Iterator[Member]:
    """The files in the order in which they were packed.

    Raises:
        ValueError: it is damaged or encrypted, or packed in a way that cannot be unpacked in bounded memory.
        EOFError: it is cut off.
    """
    try:
        archive.seek(0)
        opened = py7zr.SevenZipFile(archive)
        files = list(getattr(opened, "files", ()))
        places = _places(opened)
        source: Reader = _Nothing()
        current: Folder | None = None
    except _DAMAGED as error:
        raise ValueError("the directory cannot be read") from error
    for file in files:
        if file.is_directory or file.emptystream:
            yield Member(file.filename, _Nothing(), 0, None)
            continue
        if file.folder is not current:
            current = file.folder
            source = _unpacker(archive, current, places[id(current)])
        yield Member(file.filename, source, file.uncompressed, file.crc32)


def _places(opened: py7zr.SevenZipFile) -> dict[int, tuple[int, int]]:
    """Where the packed bytes of each folder begin, and how many they are."""
    streams = opened.header.main_streams
    if streams is None:
        return {}
    start = opened.afterheader + streams.packinfo.packpos
    found, number = {}, 0
    for folder in streams.unpackinfo.folders:
        found[id(folder)] = (start + streams.packinfo.packpositions[number], streams.packinfo.packsizes[number])
        number += len(folder.packed_indices)
    return found


class _Nothing:
    def read(self, size: int, /) -> bytes:
        return b""


def _unpacker(archive: BinaryIO, folder: Folder, place: tuple[int, int]) -> Reader:
    packed = _Packed(archive, *place)
    coders = folder.coders
    if any(coder["numinstreams"] != 1 or coder["numoutstreams"] != 1 for coder in coders):
        raise ValueError("packed in several streams")
    methods = [coder["method"] for coder in coders]
    if methods == [_COPY]:
        return packed
    if methods == [_LZMA]:
        properties = coders[0]["properties"]
        head = properties + struct.pack("<Q", folder.unpacksizes[-1])  # of a .lzma file: without it the end is not seen
        return _Lzma(packed, lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=2 * _MAX_DICTIONARY), head)
    filters = [_filter(coder["method"], coder["properties"] or b"") for coder in reversed(coders)]
    return _Lzma(packed, lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters))


def _filter(method: bytes, properties: bytes) -> dict[str, int]:
    if method == _LZMA2 and len(properties) == 1 and properties[0] < 40:
        size = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
        if size <= _MAX_DICTIONARY:
            return {"id": lzma.FILTER_LZMA2, "dict_size": size}
    if method == _DELTA and len(properties) == 1:
        return {"id": lzma.FILTER_DELTA, "dist": properties[0] + 1}
    if method in _BRANCHES and not properties:
        return {"id": _BRANCHES[method]}
    raise ValueError("encrypted, or packed by a method that is not unpacked here")


class _Packed:
    """A stretch of the archive, read from its own place, whatever else moved in between."""

    def __init__(self, archive: BinaryIO, start: int, size: int) -> None:
        self._archive = archive
        self._at = start
        self._end = start + size

    def read(self, size: int, /) -> bytes:
        self._archive.seek(self._at)
        data = self._archive.read(min(size, self._end - self._at))
        self._at += len(data)
        return data


class _Lzma:
    def __init__(self, packed: Reader, engine: lzma.LZMADecompressor, head: bytes = b"") -> None:
        self._packed = packed
        self._engine = engine
        self._next = head

    def read(self, size: int, /) -> bytes:
        while not self._engine.eof:
            if self._engine.needs_input and not self._next:
                self._next = self._packed.read(_READ)
                if not self._next:
                    return b""
            data = self._engine.decompress(self._next, size)
            self._next = b""
            if data:
                return data
        return b""
