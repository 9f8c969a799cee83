"""Reads what is packed: recognises an archive by content, streams its members, refuses what harms."""

from __future__ import annotations

import bz2
import functools
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, TypeAlias

from escalate.collect.names import NameRefusedError, safe_path, shown
from escalate.collect.piece import CutShortError, SpoiledError

Form = Literal["zip", "tar", "gz", "bz2", "xz"]

HEAD_BYTES = 1024
CHUNK = 256 * 1024
MAX_HEADER = 16 * 1024 * 1024
"""A directory or extended header bigger than this is hostile: readers hold it in memory."""
_UNIX = 3
_ENCRYPTED = 0x1
"""`create_system` and a bit of the flags in a zip's directory (APPNOTE 4.4.2, 4.4.4)."""
XZ_MEMORY = 192 * 1024 * 1024

_ZIPS_THAT_ARE_DOCUMENTS = frozenset(
    [
        ".jar",
        ".war",
        ".ear",
        ".nupkg",
        ".docx",
        ".xlsx",
        ".pptx",
        ".odt",
        ".ods",
        ".apk",
        ".whl",
        ".vsix",
        ".jmod",
        ".epub",
    ]
)


@dataclass(frozen=True)
class Limits:
    """Where unpacking stops."""

    depth: int = 5
    members: int = 50_000
    ratio: int = 200
    """Bytes out per byte in, once more than `ratio_from` came out."""
    ratio_from: int = 64 * 1024 * 1024
    total: int = 1 << 62
    """Bytes out of all archives together."""


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    raw: str
    """Its name as it stands there, fit to be shown."""
    path: PurePosixPath
    modified: datetime | None
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Refused:
    """One member that is not taken."""

    raw: str
    why: str
    hostile: bool = True
    """False for links, which hold nothing."""


class BombError(SpoiledError):
    """The archive gives out more than can be meant."""


class UnreadableError(Exception):
    """Not the archive it looks like."""


def form_of(head: bytes, name: PurePosixPath) -> Form | None:
    """What kind of archive the first 1024 bytes begin; documents that happen to be zips are left whole."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None if name.suffix.lower() in _ZIPS_THAT_ARE_DOCUMENTS else "zip"
    if head.startswith(b"\x1f\x8b\x08"):
        return "gz"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bz2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "tar" if head[257:262] == b"ustar" else None


def inflated(place: Path, form: Form) -> Iterator[bytes]:
    """The contents of a gz, bz2 or xz file; bytes after its last stream are padding.

    Raises:
        CutShortError: damaged or truncated; what came before is good.
    """
    with place.open("rb") as handle:
        engine, data, fresh, streams = _engine(form), b"", True, 0
        while data := data or handle.read(CHUNK):
            try:
                yield from filter(None, _outputs(engine, data))
            except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
                if fresh and streams:
                    return
                raise CutShortError(f"the compressed data are damaged: {error}") from error
            fresh, data = False, b""
            if engine.eof:
                data = engine.unused_data.lstrip(b"\0")
                engine, fresh, streams = _engine(form), True, streams + 1
        if not fresh:
            raise CutShortError("the compressed data end too early")


_Engine: TypeAlias = "zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor"


def _engine(form: Form) -> _Engine:
    if form == "gz":
        return zlib.decompressobj(wbits=31)
    return bz2.BZ2Decompressor() if form == "bz2" else lzma.LZMADecompressor(memlimit=XZ_MEMORY)


def _outputs(engine: _Engine, data: bytes) -> Iterator[bytes]:
    """All that this input gives, at most 256 KiB at a time."""
    while True:
        out = engine.decompress(data, CHUNK)
        yield out
        if engine.eof:
            return
        if isinstance(engine, (bz2.BZ2Decompressor, lzma.LZMADecompressor)):
            data, more = b"", not engine.needs_input
        else:
            data = engine.unconsumed_tail
            more = bool(data) or len(out) == CHUNK
        if not more:
            return


def members(place: Path, form: Form, limit: int) -> Iterator[Member | Refused]:
    """The members of a zip or tar, in the order in which they stand.

    Raises:
        UnreadableError: it cannot be opened, or breaks in the middle.
        BombError: more than `limit` members.
    """
    with _Capped(io.FileIO(place)) as handle:
        try:
            yield from _zip_members(handle, limit) if form == "zip" else _tar_members(handle, limit)
        except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, EOFError, ValueError, OSError) as error:
            raise UnreadableError(str(error) or type(error).__name__) from error


class _Capped(io.BufferedReader):
    """A file whose reader may not ask for a whole hostile header at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As usual; ValueError beyond 16 MiB."""
        if size is not None and size > MAX_HEADER:
            raise ValueError(f"a header of {size} bytes")
        return super().read(size)


def _zip_members(handle: BinaryIO | io.BufferedReader, limit: int) -> Iterator[Member | Refused]:
    with zipfile.ZipFile(handle) as archive:
        for number, info in enumerate(archive.infolist()):
            _count(number, limit)
            name = shown(info.filename)
            mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
            if info.is_dir():
                continue
            if stat.S_ISLNK(mode):
                yield Refused(name, "symbolic links", hostile=False)
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield Refused(name, "devices or pipes")
            elif info.flag_bits & _ENCRYPTED:
                yield Refused(name, "encrypted members")
            else:
                yield _named(info.orig_filename, None, functools.partial(_zip_chunks, archive, info), windows=True)


def _zip_chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as member:
            while data := member.read(CHUNK):
                yield data
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise CutShortError(f"damaged in the archive: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise SpoiledError(f"cannot be unpacked: {error}") from error


def _count(number: int, limit: int) -> None:
    if number >= limit:
        raise BombError(f"more than {limit} members")


def _tar_members(handle: BinaryIO | io.BufferedReader, limit: int) -> Iterator[Member | Refused]:
    with tarfile.open(fileobj=handle, mode="r:", errors="surrogateescape") as archive:
        for number, info in enumerate(archive):
            _count(number, limit)
            if info.isdir():
                continue
            if info.issym() or info.islnk():
                yield Refused(shown(info.name), "symbolic links" if info.issym() else "hard links", hostile=False)
            elif not info.isreg():
                yield Refused(shown(info.name), "devices or pipes")
            else:
                chunks = functools.partial(_tar_chunks, archive, info)
                yield _named(info.name, _time(info.mtime), chunks, windows=False)


def _tar_chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    member = archive.extractfile(info)
    if member is None:
        raise SpoiledError("has no contents")
    left = info.size
    with member:
        while data := member.read(CHUNK):
            left -= len(data)
            yield data
    if left > 0:
        raise CutShortError(f"the archive ends {left} bytes too early")


def _named(
    raw: str, modified: datetime | None, chunks: Callable[[], Iterator[bytes]], *, windows: bool
) -> Member | Refused:
    try:
        return Member(shown(raw), safe_path(raw, windows=windows), modified, chunks)
    except NameRefusedError as error:
        return Refused(shown(raw), str(error))


def _time(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None
