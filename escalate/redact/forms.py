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
"""Bytes of the shortest form that is looked for; of a value that is shorter itself, its own length."""
_LEAST_CODED = 6
"""The same for hexadecimal digits and base64."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
"""Programs hold escaped texts in UTF-16 too: .NET, Java, JavaScript."""
_URL_SAFE = ("", "/", "!*'()", "!*'()/:", "!*()")
"""What Python, JavaScript and .NET leave as it is."""
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_UNICODE = re.compile(r"\\u[0-9a-f]{4}")
_DOTNET_ESCAPED = "&'<>\"+`"
_SAFE_IN_HTML = tuple(
    str.maketrans({char: "\\u" + format(ord(char), digits) for char in f"{escaped}\u2028\u2029"})
    for escaped in ("<>&", "<>&='")
    for digits in ("04x", "04X")
)
"""What Go (`encoding/json`) and Gson escape in JSON beside quotes and backslashes; others do so in capitals."""


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
    texts: set[bytes] = set()
    coded: set[bytes] = set()
    for block in blocks(value):
        texts |= _texts(block)
        coded |= _coded(block)
    least = min(_LEAST, len(value.encode("utf-8", "surrogatepass")))
    return frozenset(
        {form for form in texts if len(form) >= least} | {form for form in coded if len(form) >= _LEAST_CODED}
    )


def _texts(block: str) -> set[bytes]:
    written = {block, *escaped_forms(block)}
    return {text.encode(encoding, "surrogatepass") for text in written for encoding in _ENCODINGS}


def _coded(block: str) -> set[bytes]:
    raw = block.encode("utf-8", "surrogatepass")
    found: set[bytes] = set()
    for data in (raw, block.encode("utf-16-le", "surrogatepass")):
        found |= {digits.encode(encoding) for digits in (data.hex(), data.hex().upper()) for encoding in _ENCODINGS}
        for aligned in base64_digits(data):
            for digits in (aligned, aligned.translate(bytes.maketrans(b"+/", b"-_"))):
                text = digits.decode("ascii")
                percent = quote(text, safe="")
                found |= {digits, text.encode("utf-16-le"), text.encode("utf-16-be")}
                found |= {percent.encode(), _lower_percent(percent).encode()}
                found |= {text.replace("/", "\\/").encode(), text.replace("+", "\\u002B").encode()}
    return found


def escaped_forms(text: str) -> set[str]:
    """URL, JSON, JavaScript and XML escapes of a text."""
    return _url_forms(text) | _string_forms(text) | _markup_forms(text)


def _url_forms(text: str) -> set[str]:
    found = {quote(text, safe=safe, errors="surrogatepass") for safe in _URL_SAFE}
    found |= {quote_plus(text, safe=safe, errors="surrogatepass") for safe in ("", "!*()")}
    found.add("".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")))
    found |= {_lower_percent(one) for one in found}
    once = quote(text, safe="", errors="surrogatepass")
    return found | {quote(once, safe=""), quote(_lower_percent(once), safe="")}


def _lower_percent(text: str) -> str:
    return _PERCENT.sub(lambda match: match[0].lower(), text)


def _string_forms(text: str) -> set[str]:
    plain = json.dumps(text)[1:-1]
    found = {plain, json.dumps(text, ensure_ascii=False)[1:-1], _UNICODE.sub(lambda match: match[0].upper(), plain)}
    found = {one.replace("\\U", "\\u") for one in found}
    found |= {one.replace("/", "\\/") for one in found}
    found |= {json.dumps(text, ensure_ascii=False)[1:-1].translate(table) for table in _SAFE_IN_HTML}
    for digits in ("04x", "04X"):
        units = text.encode("utf-16-be", "surrogatepass")
        found.add(
            "".join("\\u" + format(high << 8 | low, digits) for high, low in zip(units[::2], units[1::2], strict=True))
        )
        for ascii_only in (False, True):
            found.add(
                "".join(
                    "\\u" + format(ord(char), digits)
                    if char in _DOTNET_ESCAPED
                    else json.dumps(char, ensure_ascii=ascii_only)[1:-1]
                    for char in text
                )
            )
    return found | {json.dumps(one)[1:-1] for one in tuple(found)}


def _markup_forms(text: str) -> set[str]:
    found = {
        escape(text, {'"': double, "'": single})
        for double in ('"', "&quot;", "&#34;", "&#x22;")
        for single in ("'", "&apos;", "&#39;", "&#x27;", "&#039;")
    }
    return found | {one.encode("ascii", "xmlcharrefreplace").decode() for one in found if _is_whole(one)}


def _is_whole(text: str) -> bool:
    """Whether no half of a surrogate pair stands in it."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def base64_digits(data: bytes) -> Iterator[bytes]:
    """Base64 of anything that holds the data, at three alignments, cut to the digits that depend on it alone."""
    for lead in range(3):
        padded = b"\0" * lead + data
        tail = -len(padded) % 3
        digits = base64.b64encode(padded + b"\0" * tail)
        yield digits[(0, 2, 3)[lead] : len(digits) - (0, 2, 3)[tail]]
