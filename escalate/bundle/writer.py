"""Writes a zip as a stream; the only importer of zipstream."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zipstream
from isal import isal_zlib

from escalate.bundle.deflate import Deflater
from escalate.bundle.members import Member
from escalate.bundle.names import fold, name_problems
from escalate.errors import ConfigError
from escalate.model.observer import Task

IN_MEMORY = 16 << 20
"""Bytes; up to here a member is packed before its header is written, so that the header can say its sizes."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The DOS epoch: a zip cannot say an earlier time."""
_SIZES_FOLLOW = 0x08
"""Bit 3 of the flags of a member: CRC and sizes stand behind the content (APPNOTE 4.4.4)."""
_UNIX = 3
_PRIVATE_FILE = 0o600 << 16


@dataclass(frozen=True)
class Written:
    """A finished zip: size in bytes."""

    size: int
    sha256: str
    members: int


def write_zip(
    members: Iterable[Member], destination: Path, *, created_at: datetime, task: Task, threads: int | None = None
) -> Written:
    """Write the members in the given order; equal input gives equal bytes, with any number of threads.

    Anything that goes wrong while a member is read removes the file: zipstream, asked to go on, would close an
    archive that lacks the member.

    Raises:
        RedactionRefused: a sealed file changed while it was read.
        ConfigError: another package owns the name `zipstream`.
        ValueError: a name is unportable or there twice: a defect of the caller.
    """
    if not hasattr(getattr(zipstream, "ZipFile", None), "write_iter"):
        raise ConfigError(
            "the installed package `zipstream` is not zipstream-new",
            hint="pip uninstall zipstream-ng, then: pip install --force-reinstall zipstream-new==1.1.8",
        )
    hasher, size, seen = hashlib.sha256(), 0, set[str]()
    try:
        with destination.open("xb") as out, Deflater(threads) as deflater:
            archive = _Archive(created_at, deflater, task)
            for member in members:
                _check_name(member.name, seen)
                for block in archive.member(member):
                    size += out.write(block)
                    hasher.update(block)
            for block in archive.end():
                size += out.write(block)
                hasher.update(block)
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
    return Written(size, hasher.hexdigest(), len(seen))


class _Archive:
    """Members by our own deflate; zipstream keeps the offsets, and writes headers, directory and end."""

    def __init__(self, created_at: datetime, deflater: Deflater, task: Task) -> None:
        self._zip = zipstream.ZipFile(mode="w", compression=zipfile.ZIP_DEFLATED, allowZip64=True)
        self._stamp = max(created_at.astimezone(UTC).timetuple()[:6], _EARLIEST)
        self._deflater = deflater
        self._task = task

    def member(self, member: Member) -> Iterator[bytes]:
        """The bytes of one member: header, content, and what follows it."""
        entry = zipstream.ZipInfo(member.name, self._stamp)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = _UNIX
        entry.external_attr = _PRIVATE_FILE
        entry.header_offset = self._zip.fp.tell()
        entry.flag_bits = 0
        entry.file_size = member.size
        if member.packed is not None:
            entry.compress_size, entry.CRC = member.packed.size, member.packed.crc32
            yield self._zip.fp.write(entry.FileHeader())
            for block in _told_in_proportion(member.chunks(), member.packed.size, member.size, self._task):
                yield self._zip.fp.write(block)
        elif member.size <= IN_MEMORY:
            content = _Content(member.chunks(), self._task)
            blocks = list(self._deflater.stream(content))
            entry.compress_size, entry.CRC = sum(map(len, blocks)), content.crc32
            yield self._zip.fp.write(entry.FileHeader())
            for block in blocks:
                yield self._zip.fp.write(block)
        else:
            yield from self._streamed(entry, member)
        self._zip.filelist.append(entry)
        self._zip.NameToInfo[entry.filename] = entry

    def _streamed(self, entry: zipstream.ZipInfo, member: Member) -> Iterator[bytes]:
        entry.flag_bits = _SIZES_FOLLOW
        wide = member.size + (member.size >> 8) > zipfile.ZIP64_LIMIT
        if wide:
            entry.extract_version = zipfile.ZIP64_VERSION
        content = _Content(member.chunks(), self._task)
        entry.compress_size = 0
        yield self._zip.fp.write(entry.FileHeader(wide))
        for block in self._deflater.stream(content):
            entry.compress_size += len(block)
            yield self._zip.fp.write(block)
        entry.CRC = content.crc32
        sizes = struct.pack("<QQ" if wide else "<LL", entry.compress_size, entry.file_size)
        yield self._zip.fp.write(b"PK\x07\x08" + struct.pack("<L", entry.CRC) + sizes)

    def end(self) -> Iterator[bytes]:
        """The directory; nothing can be added any more."""
        self._zip.comment = self._zip.comment  # marks the archive as changed: without that it gets no directory
        yield from self._zip


class _Content:
    """Blocks on their way to be packed; their CRC is whole when the last one went by."""

    def __init__(self, blocks: Iterable[bytes], task: Task) -> None:
        self._blocks = blocks
        self._task = task
        self.crc32 = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.crc32 = isal_zlib.crc32(block, self.crc32)
            yield block
            self._task.advance(len(block))


def _told_in_proportion(blocks: Iterable[bytes], of: int, total: int, task: Task) -> Iterator[bytes]:
    """The blocks, of a member that is told in `total` bytes while `of` are read."""
    read = told = 0
    for block in blocks:
        yield block
        read += len(block)
        step = total * read // max(1, of) - told
        task.advance(step)
        told += step


def _check_name(name: str, seen: set[str]) -> None:
    problems = name_problems(name)
    if problems or name.endswith("/"):
        raise ValueError(f"{name!r}: {', '.join(problems) or 'a folder'}")
    key = fold(name)
    if key in seen:
        raise ValueError(f"{name!r} is there twice")
    seen.add(key)
