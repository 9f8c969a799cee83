"""Recognises what a file is: by its content first, by its name second."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from escalate.formats.registry import HEAD_BYTES, Format, Head, formats


def identify(head: Head) -> Format:
    """The first format that recognises the head; the fallbacks (empty, text, binary) leave nothing over.

    Raises:
        LookupError: no fallback is registered: a defect of this package.
    """
    for entry in formats():
        if entry.recognises(head):
            return entry
    raise LookupError(f"no format for {head.name}")


def sniff(path: Path, name: PurePosixPath | None = None) -> Format:
    """Identify a file on disk; `name` is what it is called below `evidence/`."""
    with path.open("rb") as handle:
        data = handle.read(HEAD_BYTES)
    return identify(Head(name=name or PurePosixPath(path.name), data=data, size=path.stat().st_size))
