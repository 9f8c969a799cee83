"""Writes 7z archives: every file compressed on its own with LZMA2, a plain header, no owners."""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from escalate.redact.handlers.archive_parts import CHUNK, Entry

MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = 32
_DICTIONARY = 8 << 20
_DICTIONARY_CODE = bytes([22])
"""8 MiB as the format has it: `(2 | code & 1) << (code // 2 + 11)`."""
_END, _HEADER, _MAIN, _FILES, _PACK, _UNPACK, _SUBSTREAMS, _SIZE, _CRC = 0, 1, 4, 5, 6, 7, 8, 9, 10
_FOLDER, _UNPACK_SIZES, _EMPTY_STREAM, _EMPTY_FILE, _NAMES, _CHANGED, _ATTRIBUTES = 11, 12, 14, 15, 17, 20, 21
_LZMA2_FOLDER = b"\x01\x21\x21\x01" + _DICTIONARY_CODE
"""One coder with a one-byte id and properties."""
_IS_FOLDER, _IS_FILE = 0x10, 0x20


@dataclass(frozen=True)
class _Written:
    name: str
    is_folder: bool
    stamp: tuple[int, ...]
    size: int = 0
    packed: int = 0
    crc: int = 0


class SevenZipWriter:
    """See `Writer`; the list of members is written last, and the place of it into the first bytes."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._written: list[_Written] = []
        sink.write(bytes(_START))

    def folder(self, name: str, entry: Entry) -> None:
        """See `Writer.folder`."""
        self._written.append(_Written(name, is_folder=True, stamp=entry.stamp))

    def file(self, name: str, entry: Entry, content: BinaryIO, size: int) -> None:
        """See `Writer.file`."""
        settings = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": _DICTIONARY}]
        compressor = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=settings)
        packed = crc = 0
        while data := content.read(CHUNK):
            crc = zlib.crc32(data, crc)
            packed += self._sink.write(compressor.compress(data))
        if size:
            packed += self._sink.write(compressor.flush())
        self._written.append(_Written(name, False, entry.stamp, size, packed, crc))

    def finish(self) -> None:
        """See `Writer.finish`."""
        header = bytes([_HEADER]) + self._streams() + self._files() + bytes([_END])
        offset = self._sink.tell() - _START
        self._sink.write(header)
        place = struct.pack("<QQL", offset, len(header), zlib.crc32(header))
        self._sink.seek(0)
        self._sink.write(MAGIC + b"\0\4" + struct.pack("<L", zlib.crc32(place)) + place)
        self._sink.seek(0, 2)

    def _streams(self) -> bytes:
        full = [one for one in self._written if one.size]
        if not full:
            return b""
        out = bytearray([_MAIN, _PACK]) + _number(0) + _number(len(full)) + bytes([_SIZE])
        for one in full:
            out += _number(one.packed)
        out += bytes([_END, _UNPACK, _FOLDER]) + _number(len(full)) + b"\0" + _LZMA2_FOLDER * len(full)
        out += bytes([_UNPACK_SIZES])
        for one in full:
            out += _number(one.size)
        out += bytes([_END, _SUBSTREAMS, _CRC, 1])
        for one in full:
            out += struct.pack("<L", one.crc)
        return bytes(out) + bytes([_END, _END])

    def _files(self) -> bytes:
        files = self._written
        out = bytearray([_FILES]) + _number(len(files))
        empty = [one for one in files if not one.size]
        if empty:
            out += _property(_EMPTY_STREAM, _bits([not one.size for one in files]))
            out += _property(_EMPTY_FILE, _bits([not one.is_folder for one in empty]))
        out += _property(_NAMES, b"\0" + b"".join(one.name.encode("utf-16-le") + b"\0\0" for one in files))
        if any(one.stamp for one in files):
            stamps = b"".join(struct.pack("<Q", one.stamp[0]) for one in files if one.stamp)
            out += _property(_CHANGED, b"\0" + _bits([bool(one.stamp) for one in files]) + b"\0" + stamps)
        attributes = b"".join(struct.pack("<L", _IS_FOLDER if one.is_folder else _IS_FILE) for one in files)
        out += _property(_ATTRIBUTES, b"\1\0" + attributes)
        return bytes(out) + bytes([_END])


def _property(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + _number(len(data)) + data


def _bits(values: list[bool]) -> bytes:
    """The first value is the highest bit of the first byte."""
    text = "".join("1" if value else "0" for value in values)
    return bytes(int(text[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(text), 8))


def _number(value: int) -> bytes:
    """As 7z writes numbers: as many ones at the top of the first byte as there are further bytes."""
    for further in range(8):
        if value < 1 << (7 * (further + 1)):
            head = (0xFF00 >> further & 0xFF) | value >> (8 * further)
            return bytes([head]) + (value & (1 << (8 * further)) - 1).to_bytes(further, "little")
    return b"\xff" + value.to_bytes(8, "little")
