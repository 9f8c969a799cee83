"""The forms in which a known value may stand in a file: encodings, escapes, and base64 of a text around it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

BLOCK = 160
"""Characters of a value that are looked for at once; longer values are looked for in blocks."""
_LEAST = 8
"""Bytes of the shortest form that is looked for."""
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_DOTNET_ESCAPED = "&'<>\"+`"


def blocks(value: str) -> Iterator[str]:
    """The value, or blocks that cover it; the last ones may overlap."""
    if len(value) <= BLOCK:
        yield value
        return
    for start in range(0, len(value) - BLOCK + 1, BLOCK):
        yield value[start : start + BLOCK]
    if len(value) % BLOCK:
        yield value[-BLOCK:]


def forms(value: str) -> frozenset[bytes]:
    """Every byte string that would give the value away; UTF-8 unless said otherwise."""
    found: set[bytes] = set()
    for block in blocks(value):
        found |= _forms(block)
    return frozenset(form for form in found if len(form) >= _LEAST)


def _forms(block: str) -> set[bytes]:
    raw = block.encode("utf-8", "surrogatepass")
    texts = {block, *escaped_forms(block)}
    found = {text.encode("utf-8", "surrogatepass") for text in texts}
    found |= {block.encode("utf-16-le", "surrogatepass"), block.encode("utf-16-be", "surrogatepass")}
    found |= {raw.hex().encode(), raw.hex().upper().encode()}
    for data in (raw, block.encode("utf-16-le", "surrogatepass")):
        for aligned in _base64(data):
            found |= {aligned, aligned.decode().encode("utf-16-le"), quote(aligned, safe="").encode()}
    return found


def escaped_forms(text: str) -> set[str]:
    """URL, JSON, JavaScript and XML escapes of a text."""
    percent = {quote(text, safe="", errors="surrogatepass"), quote(text, safe="/", errors="surrogatepass")}
    percent |= {quote_plus(text, errors="surrogatepass"), quote(text, safe="!*'()/:", errors="surrogatepass")}
    percent |= {_PERCENT.sub(lambda match: match[0].lower(), one) for one in percent}
    strings = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    strings |= {one.replace("/", "\\/") for one in strings}
    for digits in ("04x", "04X"):
        dotnet = "".join(
            "\\u" + format(ord(char), digits) if char in _DOTNET_ESCAPED else json.dumps(char, ensure_ascii=False)[1:-1]
            for char in text
        )
        strings |= {dotnet, "".join("\\u" + format(ord(char), digits) for char in text if ord(char) < 0x10000)}
    strings |= {json.dumps(one)[1:-1] for one in tuple(strings)}
    markup = {escape(text), escape(text, {'"': "&quot;"}), escape(text, {'"': "&quot;", "'": "&apos;"})}
    markup |= {escape(text, {'"': "&quot;", "'": "&#39;"}), escape(text, {'"': "&#34;", "'": "&#x27;"})}
    return percent | strings | markup


def _base64(data: bytes) -> Iterator[bytes]:
    """Base64 and base64url of anything that holds the data, cut to the digits that depend on it alone."""
    for lead in range(3):
        padded = b"\0" * lead + data
        tail = -len(padded) % 3
        digits = base64.b64encode(padded + b"\0" * tail)
        inner = digits[(0, 2, 3)[lead] : len(digits) - (0, 2, 3)[tail]]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))
