"""Reads a text to its end for what stands in it, also where it has two encodings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.handlers.encoding import WideInside, encoding_of, is_mixed, open_text
from escalate.redact.handlers.wide_runs import narrowed_runs, wide_texts

STEP = 1024 * 1024
_BEFORE = 64
"""Bytes by which the first run may begin before the piece in which it was noticed."""


def pieces_of(raw: BinaryIO) -> Iterator[bytes]:
    """The text as UTF-8 or in the 8-bit encoding it has.

    From where a second encoding stands in it: its bytes, and then, as lines of their own, its runs of UTF-16.

    Raises:
        CannotRedact: its head is not text, or a run is longer than can be redacted.
    """
    source = open_text(raw)
    at = 0
    try:
        while data := source.read(STEP):
            at = raw.tell()
            yield data
    except WideInside:
        raw.seek(at)
        while data := raw.read(STEP):
            yield data
        raw.seek(max(0, at - _BEFORE))
        yield b"\n"
        yield from wide_texts(raw)


def text_of(data: bytes) -> str:
    """A small text as a whole, whatever its encodings."""
    if is_mixed(data):
        return narrowed_runs(data).decode("utf-8-sig", "replace").replace("\0", "\n")
    return data.decode(encoding_of(data) or "utf-8-sig", "replace")
