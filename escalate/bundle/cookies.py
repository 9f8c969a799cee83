"""Cookies: a line of pairs, of which some are secrets and some are what support needs."""

from __future__ import annotations

import re

from escalate.bundle.judgement import is_placeholder, is_random
from escalate.bundle.patterns import Pattern

_ATTRIBUTES = frozenset((b"path", b"domain", b"expires", b"max-age", b"samesite", b"secure", b"httponly", b"priority"))
_INSTANCE = re.compile(rb"^arraffinity(?:samesite)?$", re.IGNORECASE)
_INSTANCE_ID = re.compile(rb"^[0-9a-f]{64}$", re.IGNORECASE)
_PAIR = re.compile(rb"(?P<name>[A-Za-z0-9_.$%!-]{1,80})=(?P<value>[^\s;,\"'\\\x00-\x1f\x7f]{12,})")
_SESSION = (
    b"appserviceauthsession", b".aspnetcore.", b".aspxauth", b"asp.net_sessionid", b"jsessionid", b"phpsessid",
    b"connect.sid", b"sessionid", b"laravel_session", b"arraffinity",
)  # fmt: skip


_END = re.compile(rb"(?<![;,:\s])\s")
"""Pairs are parted by `; `: after any other blank something else of the same line begins (a report flattens lines)."""


def _holds_a_session(match: re.Match[bytes]) -> bool:
    value = _END.split(match["value"], maxsplit=1)[0]
    return any(_is_session(pair) for pair in _PAIR.finditer(value))


def _is_session(pair: re.Match[bytes]) -> bool:
    name, value = pair["name"].lower().lstrip(b"+"), pair["value"].rstrip(b"+")
    if _INSTANCE.match(name) and _INSTANCE_ID.match(value):
        return False  # the ARM instance id: support finds the worker by it
    if name in _ATTRIBUTES or is_placeholder(value):
        return False
    return is_random(value, 16)


COOKIES: tuple[Pattern, ...] = (
    Pattern(
        "cookie",
        (b"cookie",),
        re.compile(
            rb"cookie\\{0,2}[\"']?\s{0,3}[:=]\s{0,3}[\[\"'\\]{0,3}(?P<value>[^\r\n\"'\\<>\x00]{12,600})", re.IGNORECASE
        ),
        _holds_a_session,
        at_anchor=True,
    ),
    Pattern(
        "session cookie",
        _SESSION,
        re.compile(rb"(?P<value>[A-Za-z0-9_.-]{6,60}=[^\s;,\"'\\\x00-\x1f\x7f]{12,})"),
        _holds_a_session,
        at_anchor=True,
    ),
)
