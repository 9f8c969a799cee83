"""Diagnostic reports of Node.js, read as the text they are."""

from __future__ import annotations

from escalate.formats.objects import plain_key
from escalate.formats.plain import read_lines
from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind


def _recognises(head: Head) -> bool:
    if not isinstance(head.json, dict):
        return False
    header = head.json.get("header")
    return isinstance(header, dict) and {"reportversion", "nodejsversion"} <= {plain_key(key) for key in header}


FORMATS = (Format(Kind.NODE_REPORT, "application/json", _recognises, rank=28, read=read_lines),)
