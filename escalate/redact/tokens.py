"""What stands in the place of a secret or a name, and how our own marks are recognised again."""

from __future__ import annotations

import functools
import hmac
import re

TOKEN = re.compile(rb"\[R:[A-Z0-9_-]{1,24}:[0-9A-F]{6}\]")
"""The mark of a masked secret: its kind, and six digits that are equal where the secret is equal."""

_ONLY_TOKENS = re.compile(rb"(?:\[R:[A-Z0-9_-]{1,24}:[0-9A-F]{6}\]|[ \t\r\n\0])+")

_TOKENS = 4096
"""Marks that are remembered: a log repeats the same few session cookies."""

MAIL_DOMAIN = b"redacted.invalid"
"""Domain of e-mail pseudonyms; RFC 2606 keeps `.invalid` free of real hosts."""

PSEUDONYM = re.compile(
    r"\bemail-[0-9a-f]{6,12}@redacted\.invalid|\b(?:user|person|phone|project)-[0-9a-f]{6,12}\b"
    r"|\bhost-[0-9a-f]{6,12}\b(?:(?:\.[a-z0-9-]+)*\.(?:net|com|io)\b)?"
)
"""Readable pseudonyms; addresses have their own ranges, see addresses.py."""


def keyed_hex(key: bytes, kind: str, value: bytes, digits: int) -> str:
    """The first hex digits of HMAC-SHA256 over kind and value; nothing about the value follows without the key."""
    return hmac.digest(key, kind.encode() + b"\0" + value, "sha256").hex()[:digits]


@functools.lru_cache(maxsize=_TOKENS)
def secret_token(key: bytes, kind: str, value: bytes) -> bytes:
    """The mark that replaces a secret: `[R:PASSWORD:3FA9C1]`; the digits tell equal secrets whatever found them."""
    return f"[R:{kind}:{keyed_hex(key, 'secret', value, 6).upper()}]".encode()


def is_redacted(value: bytes) -> bool:
    """Whether nothing but our own marks is left in it."""
    return _ONLY_TOKENS.fullmatch(value) is not None


def inside_token(data: bytes, place: int) -> bool:
    """Whether a place lies within one of our marks, whose kind (`PASSWORD`) reads like the name of a setting."""
    begin = data.rfind(b"[R:", max(0, place - 28), place + 3)
    if begin < 0:
        return False
    match = TOKEN.match(data, begin)
    return match is not None and match.end() > place
