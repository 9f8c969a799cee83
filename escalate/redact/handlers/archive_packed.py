"""Single compressed files: gzip, bzip2, xz and Zstandard, read with bounded memory and written again."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Protocol, cast

import zstandard
from isal import igzip_lib, isal_zlib

from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.archive_limits import Limits
from escalate.redact.handlers.archive_names import Names
from escalate.redact.handlers.archive_parts import CHUNK, damaged
from escalate.redact.handlers.registry import CannotRedact

_INPUT = 64 * 1024
_ZSTD_INPUT = 1024
"""A byte of Zstandard can stand for 32 KiB, and its decoder gives out all it can."""
_BZIP2_LEVEL = 9
_XZ_PRESET = 1
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 1
_FLAG_EXTRA, _FLAG_NAME = 4, 8
_GZIP_FRAME = 31
"""`wbits` for deflate in the frame of RFC 1952."""
_LONGEST_NAME = 4096
_DAMAGED = cast("type[Exception]", igzip_lib.IsalError)  # its stub says that it is an instance


@dataclass(frozen=True)
class Packing:
    """One way to compress a file."""

    title: str
    unpack: Callable[[BinaryIO, Limits], Source]
    """Raises CannotRedact, at once or while it is read, where it is damaged or cut off."""
    pack: Callable[[BinaryIO, bytes, int], Sink]
    """Into a file; the bytes are what `head` gave, the number how many will be written."""
    finish: Callable[[Sink], None]
    head: Callable[[BinaryIO, Names], bytes]
    """What stands at the start of the file and may stay."""


class _Pieces:
    """A source over pieces of any size."""

    def __init__(self, pieces: Iterator[bytes], title: str) -> None:
        self._pieces = pieces
        self._rest = io.BytesIO()
        self._title = title

    def read(self, size: int, /) -> bytes:
        while True:
            if data := self._rest.read(size):
                return data
            with damaged(self._title):
                piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = io.BytesIO(piece)


def _stream_source(raw: BinaryIO, title: str, decode: Callable[[BinaryIO], Iterator[bytes]]) -> Source:
    raw.seek(0)
    return _Pieces(decode(raw), title)


def _gzip(raw: BinaryIO) -> Iterator[bytes]:
    data = raw.read(_INPUT)
    while data:
        decoder = isal_zlib.decompressobj(_GZIP_FRAME)
        while not decoder.eof:
            try:
                piece = decoder.decompress(data, CHUNK)
            except _DAMAGED as error:
                raise EOFError("not gzip any more") from error
            yield piece
            data = decoder.unconsumed_tail
            if not decoder.eof and not data and len(piece) < CHUNK:
                data = _more(raw)
        data = decoder.unused_data or raw.read(_INPUT)
        if not data.strip(b"\0"):
            data = _after_padding(raw, data)


def _bzip2(raw: BinaryIO) -> Iterator[bytes]:
    data = raw.read(_INPUT)
    while data:
        decoder = bz2.BZ2Decompressor()
        while not decoder.eof:
            try:
                yield decoder.decompress(data, CHUNK)
            except OSError as error:
                raise EOFError("not bzip2 any more") from error
            data = _more(raw) if decoder.needs_input and not decoder.eof else b""
        data = decoder.unused_data or raw.read(_INPUT)


def _xz(raw: BinaryIO, limits: Limits) -> Iterator[bytes]:
    data = raw.read(_INPUT)
    while data:
        decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=limits.memory)
        while not decoder.eof:
            yield decoder.decompress(data, CHUNK)
            data = _more(raw) if decoder.needs_input and not decoder.eof else b""
        data = decoder.unused_data or raw.read(_INPUT)
        if not data.strip(b"\0"):
            data = _after_padding(raw, data)


def _after_padding(raw: BinaryIO, data: bytes) -> bytes:
    """Zero bytes may stand between the streams of a gzip or xz file, and after the last."""
    while data and not data.strip(b"\0"):
        data = raw.read(_INPUT)
    return data.lstrip(b"\0")


def _zstd(raw: BinaryIO, limits: Limits) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=limits.memory // 2)
    data = raw.read(_ZSTD_INPUT)
    while data:
        decoder = decompressor.decompressobj()
        while True:
            try:
                yield decoder.decompress(data)
            except zstandard.ZstdError as error:
                raise EOFError("not Zstandard any more") from error
            if decoder.eof:
                break
            data = _more(raw, _ZSTD_INPUT)
        data = decoder.unused_data or raw.read(_ZSTD_INPUT)


def _more(raw: BinaryIO, size: int = _INPUT) -> bytes:
    data = raw.read(size)
    if not data:
        raise EOFError("cut off")
    return data


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Packed:
    """A sink that compresses."""

    def __init__(self, out: BinaryIO, compressor: _Compressor) -> None:
        self._out = out
        self._compressor = compressor

    def write(self, data: bytes, /) -> object:
        return self._out.write(self._compressor.compress(data))

    def finish(self) -> None:
        self._out.write(self._compressor.flush())


class _Gzipped(_Packed):
    """The same with the frame of RFC 1952, so that nothing stands in it but what was given."""

    def __init__(self, out: BinaryIO, head: bytes, size: int) -> None:
        del size  # stands behind the data
        super().__init__(out, isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, -15))
        self._crc = 0
        self._size = 0
        out.write(head)

    def write(self, data: bytes, /) -> object:
        self._crc = isal_zlib.crc32(data, self._crc)
        self._size += len(data)
        return super().write(data)

    def finish(self) -> None:
        super().finish()
        self._out.write(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))


def _zstd_sink(out: BinaryIO, head: bytes, size: int) -> Sink:
    """With its size in front, which some readers insist on."""
    del head
    return _Packed(out, zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True).compressobj(size=size))


def _finish(sink: Sink) -> None:
    if isinstance(sink, _Packed):
        sink.finish()


def _gzip_head(raw: BinaryIO, names: Names) -> bytes:
    """Time and redacted name; comment, extra field and the system it was made on go."""
    raw.seek(0)
    head = raw.read(10)
    if len(head) < 10:
        raise CannotRedact("the gzip file is cut off")
    flags = head[3]
    if flags & _FLAG_EXTRA:
        raw.seek(int.from_bytes(raw.read(2), "little"), 1)
    name = b""
    if flags & _FLAG_NAME:
        name, ended, _ = raw.read(_LONGEST_NAME).partition(b"\0")
        if not ended:
            raise CannotRedact("the name in the gzip file has no end")
        name = names.file(name.decode("latin-1")).encode("utf-8", "surrogatepass")
    return (
        b"\x1f\x8b\x08" + bytes([_FLAG_NAME if name else 0]) + head[4:8] + b"\0\xff" + (name + b"\0" if name else b"")
    )


def _no_head(raw: BinaryIO, names: Names) -> bytes:
    del raw, names
    return b""


PACKINGS: Mapping[str, Packing] = MappingProxyType(
    {
        "application/gzip": Packing(
            "gzip file", lambda raw, _: _stream_source(raw, "gzip file", _gzip), _Gzipped, _finish, _gzip_head
        ),
        "application/x-bzip2": Packing(
            "bzip2 file",
            lambda raw, _: _stream_source(raw, "bzip2 file", _bzip2),
            lambda out, *_: _Packed(out, bz2.BZ2Compressor(_BZIP2_LEVEL)),
            _finish,
            _no_head,
        ),
        "application/x-xz": Packing(
            "xz file",
            lambda raw, limits: _stream_source(raw, "xz file", lambda stream: _xz(stream, limits)),
            lambda out, *_: _Packed(out, lzma.LZMACompressor(lzma.FORMAT_XZ, preset=_XZ_PRESET)),
            _finish,
            _no_head,
        ),
        "application/zstd": Packing(
            "Zstandard file",
            lambda raw, limits: _stream_source(raw, "Zstandard file", lambda stream: _zstd(stream, limits)),
            _zstd_sink,
            _finish,
            _no_head,
        ),
    }
)
"""By media type."""
