"""One member of a zip to be written: its name, and bytes that are checked while they are read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from escalate.errors import RedactionRefused
from escalate.model.base import ArtifactId

CHUNK = 1 << 20

Role = Literal["report", "document", "evidence", "reference", "meta"]


@dataclass(frozen=True)
class Member:
    """Name, content and what is promised of the content; size in bytes."""

    name: str
    role: Role
    source: Path | bytes
    size: int
    sha256: str
    artifact: ArtifactId | None = None

    def chunks(self) -> Iterator[bytes]:
        """The content, piece by piece.

        Raises:
            RedactionRefused: what is read is not what was sealed; nothing of the zip may be used.
        """
        if isinstance(self.source, bytes):
            yield self.source
            return
        hasher, seen = hashlib.sha256(), 0
        for chunk in read_sealed_file(self.source):
            hasher.update(chunk)
            seen += len(chunk)
            if seen > self.size:
                break
            yield chunk
        if seen != self.size or hasher.hexdigest() != self.sha256:
            raise changed(self.name)


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


def read_sealed_file(path: Path) -> Iterator[bytes]:
    """The bytes of a regular file; a link is refused, as it could point outside of what was redacted.

    Raises:
        RedactionRefused: the file is gone, a link, or unreadable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise RedactionRefused(
            f"{path.name}: {error.strerror}: it was there when it was redacted",
            hint="run: escalate redact --case DIR",
        ) from error


def changed(name: str) -> RedactionRefused:
    """The error for a file that is not what redaction sealed."""
    return RedactionRefused(
        f"{name} changed since it was redacted: nothing was bundled", hint="run: escalate redact --case DIR"
    )
