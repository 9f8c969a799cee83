"""What all kinds of archives have in common: members, and what reads and writes them."""

from __future__ import annotations

import contextlib
import lzma
import os
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.archive_limits import Meter
from escalate.redact.handlers.registry import CannotRedact

CHUNK = 1 << 20

_BROKEN = (
    EOFError,
    lzma.LZMAError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    struct.error,
    tarfile.TarError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises over damaged archives."""


@dataclass(frozen=True)
class Entry:
    """One member as its archive describes it."""

    name: str
    is_folder: bool = False
    packed: int = 0
    """Bytes it takes in the archive, as far as that can be said of it alone."""
    stamp: tuple[int, ...] = ()
    """When it was changed, in the unit of its archive; empty: not said."""
    method: int = 0
    """How it is compressed, where members choose that for themselves."""
    barred: str = ""
    """Why nobody can look into it; empty: its content can be read."""


Member = tuple[Entry, Source]
"""The content is to be read before the next member is asked for."""


class Writer(Protocol):
    """Writes an archive in order."""

    def folder(self, name: str, entry: Entry) -> None:
        """Add a folder."""
        ...

    def file(self, name: str, entry: Entry, content: BinaryIO, size: int) -> None:
        """Add a file of that many bytes, read from where `content` stands."""
        ...

    def finish(self) -> None:
        """Write what comes after the last member."""
        ...


@dataclass(frozen=True)
class Container:
    """One kind of archive with members."""

    title: str
    read: Callable[[BinaryIO, Meter, Scratch], Iterator[Member]]
    """Reads a file from its start; raises CannotRedact where it is damaged."""
    write: Callable[[BinaryIO], Writer]


class Scratch:
    """Private files of one run, in a folder that is private already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def file(self) -> Iterator[BinaryIO]:
        """A file with a name, readable by this user alone, gone at the end."""
        handle, name = tempfile.mkstemp(suffix=".part", dir=self._folder)  # mkstemp makes it 0600
        os.close(handle)
        try:
            with Path(name).open("r+b") as raw:
                yield raw
        finally:
            Path(name).unlink()


@contextlib.contextmanager
def damaged(title: str) -> Iterator[None]:
    """Turns what a library says of a damaged archive into CannotRedact."""
    try:
        yield
    except _BROKEN as error:
        raise CannotRedact(f"the {title} is damaged or cut off ({type(error).__name__})") from error


class Checked:
    """A source whose errors become CannotRedact."""

    def __init__(self, source: Source, title: str) -> None:
        self._source = source
        self._title = title

    def read(self, size: int, /) -> bytes:
        """As the source does."""
        with damaged(self._title):
            return self._source.read(size)


class Nothing:
    """A source of nothing."""

    def read(self, size: int, /) -> bytes:
        """Always the end."""
        del size
        return b""


def copy(source: Source, sink: Sink, meter: Meter) -> int:
    """Copy to the end, metered; how many bytes."""
    size = 0
    while data := source.read(CHUNK):
        meter.more(len(data))
        size += len(data)
        sink.write(data)
    return size


class Hashing:
    """A sink that keeps nothing but a hash."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher

    def write(self, data: bytes, /) -> object:
        """Take them all."""
        self._hasher.update(data)
        return len(data)


class Hasher(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        ...


class Scaled:
    """Tells of work on unpacked bytes in packed ones."""

    def __init__(self, advance: Callable[[int], None], packed: int, unpacked: int) -> None:
        self._advance = advance
        self._packed = packed
        self._unpacked = max(1, unpacked)
        self._done = 0
        self._told = 0

    def __call__(self, size: int) -> None:
        """So many more unpacked bytes were read or proved."""
        self._done += size
        due = self._done * self._packed // self._unpacked - self._told
        self._told += due
        self._advance(due)
