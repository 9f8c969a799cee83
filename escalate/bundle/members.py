"""One member of a zip to be written: its name, and bytes that are checked while they are read."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isal import isal_zlib

from escalate.case.packed import unpacked
from escalate.errors import RedactionRefused
from escalate.model.base import ArtifactId

CHUNK = 1 << 20

Role = Literal["report", "document", "evidence", "reference", "meta"]


@dataclass(frozen=True)
class PackedForm:
    """A raw deflate stream that was inflated once and held what was sealed: its own size in bytes, its own hash."""

    size: int
    sha256: str
    crc32: int
    """Of the unpacked bytes."""


@dataclass(frozen=True)
class Member:
    """Name, content and what is promised of the content; size in bytes, unpacked."""

    name: str
    role: Role
    source: Path | bytes
    size: int
    sha256: str
    artifact: ArtifactId | None = None
    packed: PackedForm | None = None
    """Set where `source` is the deflate stream of the content."""

    def chunks(self) -> Iterator[bytes]:
        """What stands in the source, in pieces of `CHUNK` bytes: the content, or its deflate stream.

        Raises:
            RedactionRefused: what is read is not what was sealed; nothing of the zip may be used.
            UnreadableError: it cannot be read.
        """
        if isinstance(self.source, bytes):
            for start in range(0, len(self.source), CHUNK):
                yield self.source[start : start + CHUNK]
            return
        promised = (self.size, self.sha256) if self.packed is None else (self.packed.size, self.packed.sha256)
        hasher, seen = hashlib.sha256(), 0
        for chunk in read_sealed_file(self.source):
            hasher.update(chunk)
            seen += len(chunk)
            if seen > promised[0]:
                break
            yield chunk
        if (seen, hasher.hexdigest()) != promised:
            raise changed(self.name)

    def content(self) -> Iterator[bytes]:
        """The content itself, piece by piece, also of a member that stands packed.

        Raises:
            RedactionRefused: as `chunks`.
        """
        if self.packed is None:
            yield from self.chunks()
            return
        try:
            yield from unpacked(_Pieces(self.chunks()))
        except (ValueError, EOFError) as error:
            raise changed(self.name) from error


def of_bytes(name: str, role: Role, data: bytes, artifact: ArtifactId | None = None) -> Member:
    """A member whose bytes are in memory."""
    return Member(name, role, data, len(data), hashlib.sha256(data).hexdigest(), artifact)


def of_file(name: str, role: Role, path: Path) -> Member:
    """A member that is a file of the draft, taken as it stands now."""
    hasher, size = hashlib.sha256(), 0
    for chunk in read_sealed_file(path):
        hasher.update(chunk)
        size += len(chunk)
    return Member(name, role, path, size, hasher.hexdigest())


def packed_form(path: Path, size: int, sha256: str, advance: Callable[[int], None]) -> PackedForm | None:
    """Inflate a deflate stream; None when it does not hold `size` bytes with that hash, or is damaged.

    `advance` is told of each unpacked byte.

    Raises:
        RedactionRefused: the file is a link.
        UnreadableError: it cannot be read.
    """
    source = _Hashing(read_sealed_file(path))
    hasher, seen, crc32 = hashlib.sha256(), 0, 0
    try:
        for chunk in unpacked(source):
            hasher.update(chunk)
            crc32 = isal_zlib.crc32(chunk, crc32)
            seen += len(chunk)
            advance(len(chunk))
            if seen > size:
                return None
    except (ValueError, EOFError):
        return None
    if (seen, hasher.hexdigest()) != (size, sha256):
        return None
    return PackedForm(source.size, source.hasher.hexdigest(), crc32)


class _Pieces:
    """Chunks as a reader; each read gives one whole chunk."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int, /) -> bytes:
        return next(self._chunks, b"")


class _Hashing(_Pieces):
    """Hashes what it hands out."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__(chunks)
        self.hasher = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        chunk = super().read(size)
        self.hasher.update(chunk)
        self.size += len(chunk)
        return chunk


class UnreadableError(Exception):
    """A sealed file cannot be read: the zip is made without it where it can be, and says so."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}")
        self.path = path
        self.reason = reason


def read_sealed_file(path: Path) -> Iterator[bytes]:
    """The bytes of a regular file; a link is refused, as it could point outside of what was redacted.

    Raises:
        RedactionRefused: it is a link.
        UnreadableError: it is gone, or the disk does not give it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RedactionRefused(
                f"{path.name} is a link: it was a file when it was redacted", hint="run: escalate redact --case DIR"
            ) from error
        raise UnreadableError(path, error.strerror or type(error).__name__) from error


def changed(name: str) -> RedactionRefused:
    """The error for a file that is not what redaction sealed."""
    return RedactionRefused(
        f"{name} changed since it was redacted: nothing was bundled", hint="run: escalate redact --case DIR"
    )
