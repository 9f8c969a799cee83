"""The structure of XML: its tags, by name and in order."""

from __future__ import annotations

import hashlib
import re

from escalate.redact.engine import Source

_STEP = 1024 * 1024
_TOKEN = re.compile(rb"<!\[CDATA\[(?:.*?\]\]>)?|<[/!?]?[A-Za-z_][\w:.-]*(?=[\s/>])|/>", re.DOTALL)
_LONGEST_NAME = 256
_LONGEST = 8 * 1024 * 1024


def tags(source: Source) -> bytes | None:
    """A digest of the names of all tags, in order, and of where CDATA stands; None: there are none."""
    digest = hashlib.sha256()
    data = b""
    found = False
    while True:
        piece = source.read(_STEP)
        data += piece
        safe = max(0, len(data) - _LONGEST_NAME) if piece else len(data)
        end = 0
        for token in _TOKEN.finditer(data):
            if token.start() >= safe:
                break
            name = token[0]
            if name == b"<![CDATA[" and piece and len(data) - token.start() < _LONGEST:
                safe = token.start()
                break
            found = True
            digest.update(b"<![" if name.startswith(b"<![") else name)
            end = token.end()
        data = data[max(end, safe) :]
        if not piece:
            return digest.digest() if found else None
