"""Reads 7z archives with py7zr, with bounds that it does not have, and every member through a private file."""

from __future__ import annotations

import contextlib
import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import py7zr
from py7zr.archiveinfo import Folder, HeaderStreamsInfo
from py7zr.exceptions import AbsolutePathError, ArchiveError, PasswordRequired
from py7zr.io import Py7zIO, WriterFactory
from py7zr.py7zr import ArchiveFile

from escalate.redact.handlers.archive_limits import Limits, Meter, TooMuch, Total
from escalate.redact.handlers.archive_parts import Container, Entry, Member, Nothing, Scratch
from escalate.redact.handlers.archive_sevenzip_writer import MAGIC, SevenZipWriter
from escalate.redact.handlers.registry import CannotRedact

TITLE = "7z archive"
_SIGNATURE = struct.Struct("<6s2BL2QL")
_ENCODED = b"\x17"
_LZMA, _LZMA2, _PPMD = b"\x03\x01\x01", b"\x21", b"\x03\x04\x01"
_BROKEN = (
    AbsolutePathError,
    ArchiveError,
    PasswordRequired,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)
"""What py7zr raises over damaged archives: a header that contradicts itself fails where it is used."""


@contextlib.contextmanager
def _damaged() -> Iterator[None]:
    try:
        yield
    except PasswordRequired as error:
        raise CannotRedact(f"the {TITLE} is encrypted") from error
    except _BROKEN as error:
        raise CannotRedact(f"the {TITLE} is damaged or cut off ({type(error).__name__})") from error


def read(raw: BinaryIO, meter: Meter, scratch: Scratch) -> Iterator[Member]:
    """Every member in order. All are unpacked before the first is given out, as they are compressed together.

    Raises:
        CannotRedact: encrypted, damaged or cut off.
    """
    with contextlib.ExitStack() as stack:
        spools = _Spools(scratch, Meter(Total(meter.total.limits), meter.packed), stack)  # metered again when read
        with _damaged():
            _check_header(raw, meter.total.limits)
            raw.seek(0)
            archive = stack.enter_context(py7zr.SevenZipFile(raw))
            if archive.needs_password():
                raise CannotRedact(f"the {TITLE} is encrypted")
            files = list(archive.files) if hasattr(archive, "files") else []
            if len(files) > meter.total.limits.members:
                raise TooMuch(f"it has more than {meter.total.limits.members:,} members")
            folders = _folders(archive)
            for folder in folders:
                _check_memory(folder, meter.total.limits)
            if files:
                archive.extractall(factory=spools)
        contents = dict(zip(_unpacking_order(files, len(folders)), spools.files, strict=False))
        if len(contents) != sum(1 for one in files if not one.is_directory):
            raise CannotRedact(f"the {TITLE} has members that are neither files nor folders")
        for number, one in enumerate(files):
            with _damaged():
                entry = _entry(one)
            content = contents.get(number)
            if content is None or entry.barred:
                yield entry, Nothing()
                continue
            content.seek(0)
            yield entry, content


def _entry(one: ArchiveFile) -> Entry:
    changed = one.lastwritetime
    barred = "it is a link" if one.is_symlink or one.is_junction else ""
    return Entry(one.filename, one.is_directory, stamp=() if changed is None else (int(changed),), barred=barred)


def _unpacking_order(files: list[ArchiveFile], folders: int) -> list[int]:
    """Numbers of the files in the order in which py7zr opens them: with several folders, empty files come first."""
    numbers = [number for number, one in enumerate(files) if not one.is_directory]
    return numbers if folders == 1 else sorted(numbers, key=lambda number: not files[number].emptystream)


def _folders(archive: py7zr.SevenZipFile) -> list[Folder]:
    streams = getattr(getattr(archive, "header", None), "main_streams", None)
    return [] if streams is None else list(streams.unpackinfo.folders)


def _check_header(raw: BinaryIO, limits: Limits) -> None:
    """The header is held in memory, and can itself be compressed."""
    raw.seek(0)
    magic, _, _, _, offset, size, _ = _SIGNATURE.unpack(raw.read(_SIGNATURE.size))
    if magic != MAGIC:
        raise ValueError("no 7z archive")
    if size > limits.directory:
        raise TooMuch(f"its list of members has more than {limits.directory:,} bytes")
    if offset > raw.seek(0, 2):
        raise EOFError("cut off")
    raw.seek(_SIGNATURE.size + offset)
    header = io.BytesIO(raw.read(size))
    if header.read(1) != _ENCODED:
        return
    for folder in HeaderStreamsInfo.retrieve(header).unpackinfo.folders:
        _check_memory(folder, limits)
        if sum(folder.unpacksizes) > limits.directory:
            raise TooMuch(f"its list of members has more than {limits.directory:,} bytes")


def _check_memory(folder: Folder, limits: Limits) -> None:
    for coder in folder.coders:
        method, settings = coder["method"], coder["properties"] or b""
        needed = 0
        if method == _LZMA2 and settings:
            needed = (2 | settings[0] & 1) << (settings[0] // 2 + 11)
        elif method in (_LZMA, _PPMD) and len(settings) >= 5:
            needed = int.from_bytes(settings[1:5], "little")
        if needed > limits.memory:
            raise TooMuch(f"it needs more than {limits.memory:,} bytes of memory to unpack")


class _Spools(WriterFactory):
    """A private file for each member, in the order in which they are unpacked."""

    def __init__(self, scratch: Scratch, meter: Meter, stack: contextlib.ExitStack) -> None:
        self.files: list[BinaryIO] = []
        self._scratch = scratch
        self._meter = meter
        self._stack = stack

    def create(self, filename: str) -> Py7zIO:
        del filename
        raw = self._stack.enter_context(self._scratch.file())
        self.files.append(raw)
        return _Spool(raw, self._meter)


class _Spool(Py7zIO):
    """What py7zr writes a member into."""

    def __init__(self, raw: BinaryIO, meter: Meter) -> None:
        self._raw = raw
        self._meter = meter

    def write(self, s: bytes | bytearray) -> int:
        self._meter.more(len(s))
        return self._raw.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self._raw.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._raw.seek(offset, whence)

    def flush(self) -> None:
        self._raw.flush()

    def size(self) -> int:
        return Path(self._raw.name).stat().st_size


SEVEN_ZIP = Container(TITLE, read, SevenZipWriter)
