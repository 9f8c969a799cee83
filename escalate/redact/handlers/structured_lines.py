"""Steps that look at whole lines, many at a time."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.redact.engine import Source

BLOCK = 256 * 1024
"""Bytes that are split at once: more do not stay in the cache of a core, and take three times as long."""
LONGEST = 8 * 1024 * 1024
"""A longer line is passed on in parts, as it stands."""


def blocks(source: Source) -> Iterator[tuple[bytes, bool]]:
    """Pieces that end with a line, and whether they are whole lines; a line longer than LONGEST comes in parts."""
    rest = b""
    torn = False
    while data := source.read(BLOCK):
        at = data.rfind(b"\n") + 1
        if torn:
            first = (data.find(b"\n") + 1) or len(data)
            yield data[:first], False
            torn = at == 0
            rest = data[at:] if at else b""
            if at > first:
                yield data[first:at], True
        elif at:
            yield rest + data[:at], True
            rest = data[at:]
        else:
            rest += data
            if len(rest) >= LONGEST:
                yield rest, False
                rest, torn = b"", True
    if rest:
        yield rest, True
