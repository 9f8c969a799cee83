"""The byte strings under which a known secret value may hide in a file."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MIN_KNOWN = 6
"""Bytes; shorter values occur by chance."""
BLOCK = 320
"""Characters of a value that are looked for at once: a longer one may be folded into lines, or cut."""

_MIN_FORM = 6
_LEAD_CUT = (0, 2, 3)
_TAIL_CUT = (0, 3, 2)
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_LOWER_ESCAPE = re.compile(r"\\u[0-9a-f]{4}")
_ESCAPED_BY_DOTNET = "&<>'+`"
_ESCAPED_BY_GO = "&<>\u2028\u2029"
_ESCAPED_BY_GSON = "&<>'=\u2028\u2029"
_QUOTES = ("&quot;", "&#34;", "&#x22;")
_APOSTROPHES = ("&#x27;", "&#39;", "&#039;", "&apos;")


def known_forms(values: Iterable[bytes]) -> tuple[bytes, ...]:
    """All forms of all values, without duplicates, longest first."""
    forms = {
        form for value in values if len(value) >= MIN_KNOWN for block in _blocks(value) for form in _forms_of(block)
    }
    return tuple(sorted((form for form in forms if len(form) >= _MIN_FORM), key=lambda form: (-len(form), form)))


def _blocks(value: bytes) -> Iterator[str | bytes]:
    try:
        text: str | bytes = value.decode()
    except UnicodeDecodeError:
        text = value
    if len(text) <= BLOCK:
        yield text
        return
    for start in range(0, len(text) - BLOCK + 1, BLOCK):
        yield text[start : start + BLOCK]
    if len(text) % BLOCK:
        yield text[-BLOCK:]


def _forms_of(value: str | bytes) -> set[bytes]:
    if isinstance(value, bytes):
        return {value} | _both_widths(_as_digits(value))
    texts = {value, *_percent(value), *_strings(value), *_markup(value)}
    for data in (value.encode(), value.encode("utf-16-le"), value.encode("utf-16-be")):
        texts |= _as_digits(data)
    return _both_widths(texts)


def _both_widths(texts: Iterable[str]) -> set[bytes]:
    """UTF-8, and UTF-16 of either byte order; for ASCII these differ only in the zero byte outside."""
    found = set()
    for text in texts:
        narrow = text.encode()
        wide = {b"\0".join(bytes((byte,)) for byte in narrow)} if text.isascii() else _wide(text)
        found |= {narrow, *wide}
    return found


def _wide(text: str) -> set[bytes]:
    return {text.encode("utf-16-le"), text.encode("utf-16-be")}


def _as_digits(data: bytes) -> set[str]:
    """Hex and base64; base64 also as it stands in an address and in a string."""
    base = _base64(data)
    found = {data.hex(), data.hex().upper(), *base}
    for text in base:
        percent = quote(text, safe="")
        found |= {percent, _lower_percent(percent), text.replace("/", "\\/")}
        found |= {text.replace("+", f"\\u002{letter}") for letter in "bB"}
    return found


def _percent(text: str) -> set[str]:
    """As part of an address, with what Python, JavaScript and .NET leave as it is; also twice."""
    found = {quote(text, safe=safe) for safe in ("", "/", "!*'()", "!*'()/:", "!*()")}
    found |= {quote_plus(text, safe=safe) for safe in ("", "!*()")}
    found.add("".join(f"%{byte:02X}" for byte in text.encode()))
    found |= {_lower_percent(escaped) for escaped in found}
    return found | {quote(quote(text, safe=""), safe=""), quote(_lower_percent(quote(text, safe="")), safe="")}


def _lower_percent(text: str) -> str:
    return _PERCENT.sub(lambda code: code[0].lower(), text)


def _strings(text: str) -> set[str]:
    """As literals of JSON and JavaScript, once and in a string in a string."""
    found = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    for plain in tuple(found):
        found.add(plain.replace("/", "\\/"))
        for digits in ("04x", "04X"):
            dotnet = _escaped(plain, _ESCAPED_BY_DOTNET, digits)
            found |= {dotnet, dotnet.replace('\\"', "\\u0022")}
            found |= {_escaped(plain, each, digits) for each in (_ESCAPED_BY_GO, _ESCAPED_BY_GSON)}
    found.add("".join(f"\\u{unit:04x}" for unit in _units(text)))
    found |= {_LOWER_ESCAPE.sub(lambda code: "\\u" + code[0][2:].upper(), each) for each in found}
    return found | {json.dumps(each)[1:-1] for each in found}


def _escaped(literal: str, characters: str, digits: str) -> str:
    for character in characters:
        literal = literal.replace(character, f"\\u{ord(character):{digits}}")
    return literal


def _units(text: str) -> Iterator[int]:
    wide = text.encode("utf-16-be")
    return (int.from_bytes(wide[at : at + 2], "big") for at in range(0, len(wide), 2))


def _markup(text: str) -> set[str]:
    """With the characters that XML and HTML cannot hold as they are, in the ways in which writers put them."""
    plain = html.escape(text, quote=False)
    found = {plain, plain.replace(">", "&gt;"), text.replace("&", "&amp;").replace("<", "&lt;")}
    for base in tuple(found):
        for double in ('"', *_QUOTES):
            found |= {base.replace('"', double).replace("'", single) for single in ("'", *_APOSTROPHES)}
    return found | {each.encode("ascii", "xmlcharrefreplace").decode() for each in found}


def _base64(value: bytes) -> set[str]:
    """The characters that all base64 texts share which hold the value at 0, 1 or 2 bytes from a group of three."""
    found = set()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + value).decode()
        core = encoded[_LEAD_CUT[lead] : len(encoded) - _TAIL_CUT[(lead + len(value)) % 3]]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found
