"""Readers that pass bytes on and take note of them on the way."""

from __future__ import annotations

import bz2
import hashlib
import lzma
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

import zstandard

CHUNK = 1 << 20


class Reader(Protocol):
    """Anything with a blocking read; an empty answer is the end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        ...


class Watched:
    """Hashes, counts and reports what is read; `peek` looks ahead without consuming."""

    def __init__(self, source: Reader, watch: Callable[[bytes], None]) -> None:
        self._source = source
        self._watch = watch
        self._ahead = b""
        self._hasher = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of everything read from the source so far."""
        return self._hasher.hexdigest()

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer only at the end."""
        while len(self._ahead) < size and (more := self._pull(size - len(self._ahead))):
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._pull(size)

    def exactly(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end; for small sizes."""
        parts = []
        while size > 0 and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def drain(self) -> None:
        """Read to the end."""
        while self.read(CHUNK):
            pass

    def _pull(self, size: int) -> bytes:
        data = self._source.read(size)
        self._hasher.update(data)
        self.size += len(data)
        if data:
            self._watch(data)
        return data


class Ahead:
    """Reads the next chunk in a thread while the last one is worked on; to be closed before the source is.

    Errors of the source are raised where its chunk is asked for.
    """

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._next = self._thread.submit(source.read, CHUNK)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        if not self._rest and (data := self._next.result()):
            self._rest = data
            self._next = self._thread.submit(self._source.read, CHUNK)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


class Section:
    """The next `size` bytes of a stream, as a stream of its own."""

    def __init__(self, source: Reader, size: int) -> None:
        self._source = source
        self.left = size

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none beyond the section."""
        if not self.left:
            return b""
        data = self._source.read(min(size, self.left))
        self.left -= len(data)
        return data


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused(self) -> bytes: ...

    def pull(self, data: bytes, size: int) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._engine = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused(self) -> bytes:
        return self._engine.unused_data

    def pull(self, data: bytes, size: int) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, size)


class _Bzip2OrXz:
    def __init__(self, engine: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._engine = engine

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused(self) -> bytes:
        return self._engine.unused_data

    def pull(self, data: bytes, size: int) -> bytes:
        return self._engine.decompress(data, size)


class _Zstd:
    """Fed in slices, as nothing bounds what it makes of one: at most 128 KiB from every 4 bytes (RFC 8878)."""

    _SLICE = 1 << 10

    def __init__(self) -> None:
        self._engine = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW).decompressobj()
        self._packed = b""
        self._ready = b""

    @property
    def eof(self) -> bool:
        return self._engine.eof and not self._ready

    @property
    def unused(self) -> bytes:
        return self._engine.unused_data + self._packed

    def pull(self, data: bytes, size: int) -> bytes:
        self._packed += data
        while self._packed and not self._ready and not self._engine.eof:
            slice_, self._packed = self._packed[: self._SLICE], self._packed[self._SLICE :]
            self._ready = self._engine.decompress(slice_)
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


_MAX_XZ_MEMORY = 256 << 20
_MAX_ZSTD_WINDOW = 128 << 20
"""What `zstd -d` takes without being told to take more."""

_ENGINES: dict[str, Callable[[], _Decompressor]] = {
    "gzip": _Gzip,
    "bzip2": lambda: _Bzip2OrXz(bz2.BZ2Decompressor()),
    "xz": lambda: _Bzip2OrXz(lzma.LZMADecompressor(memlimit=_MAX_XZ_MEMORY)),
    "zstd": _Zstd,
}


class Unpacked:
    """What a gzip, bzip2, xz or zstd stream holds, all of its parts one after the other.

    Reading raises EOFError when it is cut off, and the error of the codec when it is damaged. Bytes that follow and
    begin no further part are left to whoever reads the packed stream.
    """

    def __init__(self, source: Watched, codec: str) -> None:
        self._source = source
        self._new = _ENGINES[codec]
        self._magic = MAGIC[codec]
        self._engine = self._new()
        self._rest = b""
        self._done = False
        self.beyond = 0
        """Bytes that were read from the packed stream and stand after its end; known at its end."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        while not self._done:
            data = self._engine.pull(self._rest, size)
            self._rest = b""
            if self._engine.eof:
                self._next_part()
            elif not data:
                self._rest = self._source.read(1 << 16)
                if not self._rest:
                    raise EOFError("cut off")
            if data:
                return data
        return b""

    def _next_part(self) -> None:
        rest = self._engine.unused
        rest += self._source.exactly(max(0, len(self._magic[0]) - len(rest)))
        if rest.startswith(self._magic):
            self._engine, self._rest = self._new(), rest
        else:
            self._done = True
            self.beyond = len(rest)


MAGIC: dict[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b\x08",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))),
}
"""How a part begins; a frame of zstd may be one to be skipped."""
