r"""Pieces that detectors share: edges, quotes, separators and values under JSON, XML and URL escaping.

All are bytes expressions for `re` in source form. A value never ends inside an escape sequence.
"""

from __future__ import annotations

import math
import re
from collections import Counter

EDGE = (
    rb"(?:(?<![A-Za-z0-9_])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2})"
    rb"|(?<=\x1b\[[0-9]m)|(?<=\x1b\[[0-9]{2}m))"
)
r"""Left edge of a word; what precedes may be an escape that ends in a letter or digit (`\n`, `%20`, `\u0022`)."""

B64 = rb"(?:[A-Za-z0-9+/]|\\{1,4}(?:/|u002[bBfF])|%(?:25)?2[bBfF])"
"""One base64 digit."""
PAD = rb"(?:=|\\{1,4}u003[dD]|%(?:25)?3[dD])"
"""One base64 padding sign."""

EQUALS = rb"(?:=|\\{1,4}u003[dD]|%3[dD]|%253[dD])"

QUOTE = rb"(?:\\{0,8}[\"'`]|&quot;|&#34;|&apos;|&#39;|%22|%27|\\{1,4}u002[27])"

SEPARATOR = (
    rb"(?:" + QUOTE + rb")?\]?(?:[ \t]|%20){0,8}(?::=|=>|=|:(?!:)|%3[dDaA]|\\{1,4}u003[dD])(?:\s|%20){0,8}"
    rb"|" + QUOTE + rb"\s{1,8}(?:value|connectionString)\s{0,4}=\s{0,4}"
    rb"|" + QUOTE + rb"\s{0,8},\s{0,40}(?:" + QUOTE + rb"slotSetting" + QUOTE
    + rb"\s{0,4}:\s{0,4}(?:true|false)\s{0,4},\s{0,40})?" + QUOTE + rb"value" + QUOTE + rb"\s{0,4}:\s{0,4}"
    rb"|(?:\s{1,4}[\w:.-]{1,40}=\"[^\"]{0,80}\"){0,4}(?:>|&(?:amp;)?gt;|\\{1,4}u003[eE])"
)  # fmt: skip
"""Between a setting's name and its value: assignment, XML attribute pair, JSON name and value objects, XML element."""

SEPARATOR_ANCHOR = (
    r"(?:(?:\\{0,8}[\"'`]|&quot;|&#34;|&apos;|&#39;|%22|%27|\\{1,4}u002[27])?"
    r"(?:\]?(?:[ \t]|%20){0,8}(?::|=|%3[dDaA]|\\{1,4}u003[dD])|\s{1,8}(?:value|connectionString)\s{0,4}=|\s{0,8},)"
    r"|(?:\s{1,4}[\w:.-]{1,40}=\"[^\"]{0,80}\"){0,2}(?:>|&(?:amp;)?gt;|\\{1,4}u003e))"
)
"""The same for hyperscan: only as far as is needed to wake up."""

VALUE_ANCHOR = r"\s{0,8}(?:\\{0,8}(?:\"[^\"\r\n]|'[^'\r\n]|`[^`\r\n])|[^\s\"'`])"
"""Behind `SEPARATOR_ANCHOR`: as much of a value as tells that there is one."""

AMPERSAND = rb"&(?!(?:amp;){0,3}(?:(?:quot|#34|#39|apos|lt|gt);|[\w.%-]{1,40}=))(?:amp;){0,3}"
r"""An ampersand that belongs to the value: not the next parameter of a URL, not the end of a quoted text."""

BARE = (
    rb"(?:\\(?![nrtbf\"'\s\\u])[^\s]|\\u(?!00(?:2[267]|3[cCeEbB]|0[0-9a-fA-F]))[0-9a-fA-F]{4}|\\\\(?![nrt\"'])|"
    + AMPERSAND
    + rb"|,(?![\s\"'`\\,0-9]|$|[\w .-]{1,40}[=:])|;(?=[^\s;\"'<>=&,]{1,40}(?:[\s\"'<]|$))"
    rb"|[^\s\"'`<>,;&\\\x00-\x1f\x7f])"
)
r"""One character of an unquoted value."""

_CLOSER = rb"[)\]}.!]"
SECRET = (
    rb"(?:(?P<q0>[\"'`])|(?P<q1>\\[\"'])|(?P<qx>" + QUOTE + rb"))?"
    rb"(?P<secret>(?(q0)(?:\\[^\r\n]|(?!(?P=q0))[^\\\r\n])+"
    rb"|(?(q1)(?:\\\\(?:\\\\|\\[\"']|[^\\\"'\r\n])|[^\\\"'\r\n])+"
    rb"|(?(qx)(?:(?!(?P=qx))[^\r\n\x00])+"
    rb"|(?![,;])(?:" + BARE + rb")*(?:(?!" + _CLOSER + rb")" + BARE + rb")))))"
)
"""A value after its separator, with or without quotes; group `secret` is what stands between them."""

_NOT_A_VALUE = re.compile(
    rb"(?i)(?:null|none|nil|undefined|true|false|yes|no|on|off|str|string|int|bool|optional|any|object|bytes|text|empty|unset"
    rb"|required|invalid|incorrect|expired|missing|failed|failure|wrong|changed|updated|accepted|rejected|redacted|hidden"
    rb"|masked|removed|error|ok|set|not|the|and|is|has|was|are|for|with|your|enter|n/a|default|unknown|disabled|enabled"
    rb"|not[ _-]?(?:set|found|required|provided)|bearer|basic|password|secret|token|value"
    rb"|0x[0-9a-f]{1,16}|[a-z_.]+\[[a-z_.]{2,}\]?"
    rb"|[*x.#\-_?]+|(?:\xe2\x80\xa2)+|(?:\\u2022)+|<[\w :.-]*>?|\$[({].*|%\(.*|%[sdv]"
    rb"|\{{1,2}[\w .:-]*\}{0,2}|@microsoft\.keyvault\(.*|\[[\w :.-]*\]?)"
)
_LETTER, _DIGIT = re.compile(rb"[A-Za-z]"), re.compile(rb"[0-9]")
_SMALL, _CAPITAL = re.compile(rb"[a-z]"), re.compile(rb"[A-Z]")
_CALL = re.compile(rb"[A-Za-z_][\w.\[\]]*\(.*")
_PATH = re.compile(rb"(?:[A-Za-z]:\\|/[\w.-]+(?:/|$)|~/|\./|\.\./|https?://)")

_KEY = re.compile(rb"/[A-Za-z0-9+/]{23,}={0,2}")
_KEY_BITS = 4.0
"""Bits a character from which something that begins with a slash is a key."""


def is_value(secret: bytes) -> bool:
    """Whether it is a value at all, not a type name, a placeholder, a pointer, or a word of code."""
    return _NOT_A_VALUE.fullmatch(secret) is None and _CALL.match(secret) is None


def is_path(secret: bytes) -> bool:
    """Whether it begins like a path or a link; a key in base64 may begin with a slash, too."""
    return _PATH.match(secret) is not None and not (
        _KEY.fullmatch(secret) and _DIGIT.search(secret) and entropy(secret) >= _KEY_BITS
    )


def entropy(secret: bytes) -> float:
    """Shannon entropy, bits a byte."""
    total = len(secret)
    return -sum(count / total * math.log2(count / total) for count in Counter(secret).values()) if total else 0.0


def is_random(secret: bytes, least: int = 8) -> bool:
    """Whether it looks made by a machine: letters and digits mixed, or long and without pattern."""
    if len(secret) < least:
        return False
    if _LETTER.search(secret) and _DIGIT.search(secret):
        return True
    if len(secret) < 24 or b" " in secret or b"." in secret or entropy(secret) < 3.8:
        return False
    return _SMALL.search(secret) is not None and _CAPITAL.search(secret) is not None
