"""Files for people and programs, by their magic bytes: SQLite, pictures, PDF, and HAR recordings of HTTP."""

from __future__ import annotations

import re

from escalate.formats.plain import read_lines
from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_HAR = re.compile(r'\s*\{\s*"log"\s*:\s*\{')
_HAR_FIELD = re.compile(r'"(?:creator|entries|pages)"\s*:')


def _is_picture(head: Head) -> bool:
    if head.data.startswith(b"BM"):
        return len(head.data) > 26 and int.from_bytes(head.data[2:6], "little") == head.size
    return head.data.startswith(_PICTURES) or (head.data[:4] == b"RIFF" and head.data[8:12] == b"WEBP")


def _is_har(head: Head) -> bool:
    return _HAR.match(head.text) is not None and _HAR_FIELD.search(head.text) is not None


FORMATS = (
    Format(Kind.SQLITE, "application/vnd.sqlite3", lambda head: head.data.startswith(b"SQLite format 3\x00"), rank=10),
    Format(Kind.PICTURE, "image/*", _is_picture, rank=10),
    Format(Kind.PDF, "application/pdf", lambda head: head.data.startswith(b"%PDF-"), rank=10),
    Format(Kind.HAR, "application/har+json", _is_har, rank=15, read=read_lines),
)
