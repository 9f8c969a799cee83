"""The byte strings under which a known secret value may hide in a file."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MIN_KNOWN = 6
"""Bytes; shorter values occur by chance."""

_MIN_FORM = 6
_LEAD_CUT = (0, 2, 3)
_TAIL_CUT = (0, 3, 2)
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def known_forms(values: Iterable[bytes]) -> tuple[bytes, ...]:
    """All forms of all values, without duplicates, longest first."""
    forms = {form for value in values if len(value) >= MIN_KNOWN for form in _forms(value)}
    return tuple(sorted((form for form in forms if len(form) >= _MIN_FORM), key=lambda form: (-len(form), form)))


def _forms(value: bytes) -> set[bytes]:
    ascii_forms = {value.hex(), value.hex().upper(), *_base64(value)}
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return {value} | {form.encode() for form in ascii_forms}
    forms = {text, *ascii_forms}
    for escaped in (quote(value, safe=""), quote(value), quote_plus(value)):
        forms |= {escaped, _PERCENT.sub(lambda code: code[0].lower(), escaped)}
    plain_json = json.dumps(text)[1:-1]
    strict_json = plain_json
    for character in "&<>'+`":  # what .NET escapes by default
        strict_json = strict_json.replace(character, f"\\u{ord(character):04x}")
    forms |= {plain_json, json.dumps(text, ensure_ascii=False)[1:-1], plain_json.replace("/", "\\/")}
    forms |= {strict_json, re.sub(r"\\u[0-9a-f]{4}", lambda code: "\\u" + code[0][2:].upper(), strict_json)}
    forms |= {html.escape(text, quote=False), html.escape(text), html.escape(text).replace("&#x27;", "&apos;")}
    return {form.encode() for form in forms} | {form.encode("utf-16-le") for form in forms} | {text.encode("utf-16-be")}


def _base64(value: bytes) -> set[str]:
    """The characters that all base64 texts share which hold the value at 0, 1 or 2 bytes from a group of three."""
    found = set()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + value).decode()
        core = encoded[_LEAD_CUT[lead] : len(encoded) - _TAIL_CUT[(lead + len(value)) % 3]]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found
