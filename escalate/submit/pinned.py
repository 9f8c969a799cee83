"""The exact bytes that were approved, kept beside the receipts: a later bundle cannot change what is sent."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import CaseError
from escalate.model.submission import CHUNK_BYTES, FILE_BYTES, Upload

_BLOCK = 1 << 20


def upload_of(case: Case, path: str, name: str) -> Upload:
    """What a file of the case would be sent as.

    Raises:
        CaseError: it is not there, empty, or larger than a ticket takes.
    """
    place = case.root / path
    try:
        with place.open("rb") as file:
            digest, size = _digest(file)
    except FileNotFoundError as error:
        raise CaseError(f"{place} is not there", hint=f"run: escalate bundle --case {case.root}") from error
    if not 1 <= size <= FILE_BYTES:
        raise CaseError(
            f"{place} has {size:,} bytes; a ticket takes files of 1 to {FILE_BYTES:,} bytes",
            hint="send the kit, which is made to fit; bigger evidence goes by the engineer's secure upload link",
        )
    return Upload(path=path, name=name, size=size, sha256=digest)


def pin(case: Case, upload: Upload) -> None:
    """Copy the approved bytes to their place.

    Raises:
        CaseError: the file is no longer what was approved.
    """
    if _place(case, upload).is_file():
        return
    source = case.root / upload.path
    hasher = hashlib.sha256()
    with source.open("rb") as file, case.new_file(Room.RECEIPTS, _relative(upload)) as copy:
        while block := file.read(_BLOCK):
            hasher.update(block)
            copy.write(block)
    if hasher.hexdigest() != upload.sha256:
        _place(case, upload).unlink()
        raise CaseError(
            f"{source} changed since it was approved", hint="run escalate submit again: it asks anew for what is there"
        )


def opened(case: Case, upload: Upload) -> BinaryIO:
    """The approved bytes, open for reading, after a look that they are unchanged.

    Raises:
        CaseError: they are gone or changed.
    """
    place = _place(case, upload)
    try:
        file = place.open("rb")
    except FileNotFoundError as error:
        raise CaseError(f"{place} is gone", hint="run escalate submit again") from error
    digest, size = _digest(file)
    if (digest, size) != (upload.sha256, upload.size):
        file.close()
        raise CaseError(f"{place} is not what was approved", hint="delete it and run escalate submit again")
    file.seek(0)
    return file


def chunks_of(size: int) -> int:
    """How many chunks a file of so many bytes has."""
    return max(1, -(-size // CHUNK_BYTES))


def _digest(file: BinaryIO) -> tuple[str, int]:
    hasher, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        hasher.update(block)
        size += len(block)
    return hasher.hexdigest(), size


def _relative(upload: Upload) -> PurePosixPath:
    return PurePosixPath("sent", f"{upload.sha256[:16]}-{upload.name}")


def _place(case: Case, upload: Upload) -> Path:
    return case.path(Room.RECEIPTS, _relative(upload))
