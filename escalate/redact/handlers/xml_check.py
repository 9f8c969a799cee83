"""The structure of XML: its tags, by name and in order."""

from __future__ import annotations

import hashlib
import re

from escalate.redact.engine import Source

_STEP = 1024 * 1024
_TAGS = re.compile(rb"<[/!?]?[A-Za-z_][\w:.-]*(?=[\s/>])|/>")
_LONGEST_NAME = 256


def tags(source: Source) -> bytes | None:
    """A digest of the names of all tags, in order; None: there are none."""
    digest = hashlib.sha256()
    rest = b""
    found = False
    while True:
        piece = source.read(_STEP)
        data = rest + piece
        keep = max(0, len(data) - _LONGEST_NAME) if piece else len(data)
        cut = data.rfind(b"<", 0, keep) if piece else len(data)
        cut = max(cut, 0) if piece else len(data)
        names = _TAGS.findall(data[:cut])
        found = found or bool(names)
        digest.update(b"".join(names))
        rest = data[cut:] if len(data) - cut < 4 * _STEP else data[-_LONGEST_NAME:]
        if not piece:
            return digest.digest() if found else None
