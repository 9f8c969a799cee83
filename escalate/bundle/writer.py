"""Writes a zip as a stream; the only importer of zipstream."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import zipstream

from escalate.bundle.members import Member
from escalate.bundle.names import fold, name_problems
from escalate.errors import ConfigError
from escalate.model.observer import Task

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The DOS epoch: a zip cannot say an earlier time."""


@dataclass(frozen=True)
class Written:
    """A finished zip: size in bytes."""

    size: int
    sha256: str
    members: int


def write_zip(members: Iterable[Member], destination: Path, *, created_at: datetime, task: Task) -> Written:
    """Write the members in the given order; equal input gives equal bytes.

    Anything that goes wrong while a member is read removes the file: zipstream, asked again after an iterable
    raised, would go on and close an archive that lacks the member.

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
    stamp = max(created_at.astimezone(UTC).timetuple()[:6], _EARLIEST)
    archive = zipstream.ZipFile(mode="w", compression=zipfile.ZIP_DEFLATED, allowZip64=True)
    hasher, size, seen = hashlib.sha256(), 0, set[str]()
    try:
        with destination.open("xb") as out:
            for member in members:
                _check_name(member.name, seen)
                archive.write_iter(member.name, _told(member.chunks(), task), buffer_size=member.size, date_time=stamp)
                for block in archive.flush():
                    size += out.write(block)
                    hasher.update(block)
            for block in archive:
                size += out.write(block)
                hasher.update(block)
    except BaseException:
        archive.fp = None  # closed without an end record: what was written so far must not look like an archive
        destination.unlink(missing_ok=True)
        raise
    return Written(size, hasher.hexdigest(), len(seen))


def _told(chunks: Iterable[bytes], task: Task) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        task.advance(len(chunk))


def _check_name(name: str, seen: set[str]) -> None:
    problems = name_problems(name)
    if problems or name.endswith("/"):
        raise ValueError(f"{name!r}: {', '.join(problems) or 'a folder'}")
    key = fold(name)
    if key in seen:
        raise ValueError(f"{name!r} is there twice")
    seen.add(key)
