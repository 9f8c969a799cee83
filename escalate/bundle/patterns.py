"""The verifier's own secret patterns, written without sight of the redactor's: to miss one, both must err alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from escalate.bundle.judgement import (
    decodes_to_credentials,
    is_bare_id,
    is_code,
    is_mixed,
    is_path,
    is_placeholder,
    is_random,
    is_type,
)

BEFORE = 128
"""Bytes of context a pattern may look at before its anchor."""
AFTER = 640
"""Bytes it may look at after the beginning of its anchor; enough to decide, not to see the end of the value."""

Accept = Callable[[re.Match[bytes]], bool]


@dataclass(frozen=True)
class Pattern:
    """One family: literals (lower case), what must stand around them, and a judgement of the value."""

    rule: str
    anchors: tuple[bytes, ...]
    regex: re.Pattern[bytes]
    accept: Accept
    at_anchor: bool
    """The regex begins where the anchor does; otherwise it may begin up to `BEFORE` bytes earlier."""


_QUOTE = rb"(?:\\{0,3}[\"']|&quot;|%22|\\u0022)"
_EQUALS = rb"(?:=>|:=|==?|:|%3[dDaA]|\\u003[dD])"
_SEPARATOR = (
    rb"(?:" + _QUOTE + rb"|\])?\s{0,4}(?P<equals>" + _EQUALS + rb")(?P<blank>\s{0,4})(?P<quote>" + _QUOTE + rb")?"
)
_VALUE = rb"(?P<value>[^\s\"'<>;,&|\\\x00-\x1f\x7f]{3,200})"
_BASE64 = rb"[A-Za-z0-9+/_%-]"
_PAIR = (
    _QUOTE
    + rb"[,;]?\s{0,40}(?:"
    + _QUOTE
    + rb"?slotsetting"
    + _QUOTE
    + rb"?\s{0,4}[:=]\s{0,4}(?:true|false|null)\s{0,4},\s{0,40})?"
    + _QUOTE
    + rb"?value"
    + _QUOTE
    + rb"?\s{0,4}[:=]\s{0,4}"
    + _QUOTE
    + rb"(?P<value>[^\s\"'<>\\\x00-\x1f\x7f]{4,300})"
)


def _compiled(regex: bytes) -> re.Pattern[bytes]:
    return re.compile(regex, re.IGNORECASE)


def _any(match: re.Match[bytes]) -> bool:
    return True


def _not_placeholder(match: re.Match[bytes]) -> bool:
    return not is_placeholder(match["value"])


def _random(match: re.Match[bytes]) -> bool:
    return is_random(match["value"])


def _long_random(match: re.Match[bytes]) -> bool:
    return is_random(match["value"], 20)


def _before(match: re.Match[bytes], length: int = 40) -> bytes:
    return match.string[max(0, match.start() - length) : match.start()].lower()


def _next(match: re.Match[bytes]) -> bytes:
    return match.string[match.end() : match.end() + 1]


_NAME_TAIL = re.compile(rb"[\w.-]*$")


def _is_password(match: re.Match[bytes]) -> bool:
    value = match["value"]
    if len(value) < 4 or is_placeholder(value) or is_path(value):
        return False
    if match["quote"]:
        return _next(match) in (b'"', b"'", b"\\", b"&") or is_mixed(value)
    if is_code(value):
        return False
    if match["blank"]:
        return len(value) >= 6 and is_mixed(value) and not value.endswith(b"(")
    before = _NAME_TAIL.sub(b"", _before(match))
    delimited = before.endswith((b";", b"&", b"?", b"%26", b"%3b")) or _next(match) in (b";", b"&")
    return _next(match) != b"(" and (delimited or is_mixed(value))


def _is_secret(match: re.Match[bytes]) -> bool:
    value = match["value"]
    if not match["quote"] and (is_code(value) or (match["equals"] == b":" and match["blank"] and is_type(value))):
        return False
    return is_random(value)


_TOKEN_OWNERS = re.compile(
    rb"(?:access|refresh|id|auth|api|sas|session|security|bearer|device|bot|personal|user|csrf|xsrf|github|gitlab|slack|npm|vault"
    rb"|x-ms-[a-z-]{0,30})[_-]?$"
)
_WORD_BEFORE = re.compile(rb"[a-z0-9_.-]$")


def _is_token(match: re.Match[bytes]) -> bool:
    value, before = match["value"], _before(match)
    if is_bare_id(value) or (not match["quote"] and is_code(value)):
        return False
    owned = _TOKEN_OWNERS.search(before) is not None
    alone = _WORD_BEFORE.search(before) is None
    return (owned and is_random(value, 16)) or (alone and is_random(value, 24))


_NAME_OF_A_SECRET = re.compile(rb"(?:[_-]?(?:key|value))?\d{0,2}", re.IGNORECASE)


def _is_pair(match: re.Match[bytes]) -> bool:
    value = match["value"]
    if is_placeholder(value) or is_path(value) or value.isdigit():
        return False
    if match["word"].lower() == b"token" or not _NAME_OF_A_SECRET.fullmatch(match["rest"]):
        return is_random(value, 16)
    return is_mixed(value) or _next(match) in (b'"', b"'")


def _is_key_of_service(match: re.Match[bytes]) -> bool:
    return is_random(match["value"], 32) and not is_bare_id(match["value"])


def _is_basic(match: re.Match[bytes]) -> bool:
    return decodes_to_credentials(match["value"])


def _is_url_password(match: re.Match[bytes]) -> bool:
    return not is_placeholder(match["value"]) and not match["value"].isdigit()


_KEY_WORDS = (
    *("api", "access", "account", "private", "encryption", "signing", "decryption", "validation"),
    *("master", "functions", "function", "storage", "shared"),
)
_KEYS = tuple(f"{word}{mark}key".encode() for word in _KEY_WORDS for mark in ("", "_", "-", "."))
_SERVICE_KEYS = tuple(
    f"{word}{mark}key".encode() for word in ("primary", "secondary", "subscription") for mark in ("", "_", "-")
)
_PASSWORDS = (b"password", b"passwd", b"passphrase", b"pwd")


def _alternatives(words: tuple[bytes, ...]) -> bytes:
    return rb"(?:" + rb"|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + rb")"


PATTERNS: tuple[Pattern, ...] = (
    Pattern("password", _PASSWORDS, _compiled(_alternatives(_PASSWORDS) + _SEPARATOR + _VALUE), _is_password, True),
    Pattern(
        "password on a command line",
        (b"--password", b"--passwd", b"--client-secret", b"--api-key", b"--account-key", b"--sas-token"),
        _compiled(rb"--[a-z-]{4,20}(?:\s{1,3}|=)(?P<quote>" + _QUOTE + rb")?" + _VALUE),
        lambda match: is_mixed(match["value"]) and len(match["value"]) >= 6 and _not_placeholder(match),
        True,
    ),
    Pattern(
        "password in an XML element",
        tuple(word + b">" for word in (*_PASSWORDS, b"secret", b"apikey", b"accesskey")),
        _compiled(rb"[a-z]{3,12}>\s{0,4}(?P<value>[^<>\s]{4,200})\s{0,4}</"),
        _not_placeholder,
        True,
    ),
    Pattern(
        "secret in a name/value pair",
        (*_PASSWORDS, b"secret", b"token", b"connectionstring", *_KEYS),
        _compiled(
            rb"(?P<word>"
            + _alternatives((*_PASSWORDS, b"secret", b"token", b"connectionstring", *_KEYS))
            + rb")(?P<rest>[\w.:-]{0,40})"
            + _PAIR
        ),
        _is_pair,
        True,
    ),
    Pattern(
        "secret",
        (b"secret", b"identity_header", b"credential"),
        _compiled(
            rb"(?:secret|identity_header|credential)s?(?:[_-]?(?:key|value|text|id_value))?" + _SEPARATOR + _VALUE
        ),
        _is_secret,
        True,
    ),
    Pattern("access key", _KEYS, _compiled(_alternatives(_KEYS) + _SEPARATOR + _VALUE), _is_secret, True),
    Pattern(
        "service key",
        _SERVICE_KEYS,
        _compiled(_alternatives(_SERVICE_KEYS) + _SEPARATOR + _VALUE),
        _is_key_of_service,
        True,
    ),
    Pattern("token", (b"token",), _compiled(rb"token" + _SEPARATOR + _VALUE), _is_token, True),
    Pattern(
        "key in a connection string",
        (b"accountkey", b"sharedaccesskey", b"sharedsecretvalue", b";accesskey"),
        _compiled(
            rb";?[a-z]{9,17}\s{0,2}(?:=|%3d|\\u003d|:|\"\s?:\s?\")\s{0,2}(?P<value>" + _BASE64 + rb"{16,}={0,2})"
        ),
        lambda match: is_mixed(match["value"]),
        True,
    ),
    Pattern(
        "shared access signature",
        (b"sig=", b"sig%3d", b"sig\\u003d", b"signature=", b"signature%3d"),
        _compiled(
            rb"(?:(?<![a-z0-9])|(?<=u0026)|(?<=u003f)|(?<=%26)|(?<=%3f))(?:sig|(?:x-[a-z]{3,4}-)?signature)(?:=|%3d|\\u003d)(?P<value>"
            + _BASE64
            + rb"{20,}={0,2})"
        ),
        lambda match: is_random(match["value"], 20),
        False,
    ),
    Pattern(
        "key in a function address",
        (b"code=", b"code%3d"),
        _compiled(rb"(?:[?&]|%3f|%26|\\u0026)code(?:=|%3d)(?P<value>" + _BASE64 + rb"{40,}={0,2})"),
        _random,
        False,
    ),
    Pattern(
        "bearer token",
        (b"bearer",),
        _compiled(rb"bearer(?:\s|%20|\+|:\s?){1,3}(?P<value>[A-Za-z0-9._~+/-]{20,})"),
        _long_random,
        True,
    ),
    Pattern(
        "basic credentials",
        (b"basic ",),
        _compiled(rb"basic\s{1,3}(?P<value>[A-Za-z0-9+/]{8,}={0,2})"),
        _is_basic,
        True,
    ),
    Pattern(
        "shared key of a request",
        (b"sharedkey ", b"sharedkeylite "),
        _compiled(rb"sharedkey(?:lite)?\s[a-z0-9]{3,24}:(?P<value>[A-Za-z0-9+/]{40,}=)"),
        _any,
        True,
    ),
    Pattern(
        "json web token",
        (b"eyj",),
        re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]{0,400}\.[A-Za-z0-9_-]{8,}\.)"),
        _any,
        True,
    ),
    Pattern(
        "publishing password",
        (b"userpwd",),
        _compiled(rb"userpwd\s{0,2}(?:=|:|\"\s?:)\s{0,2}" + _QUOTE + rb"?(?P<value>[^\s\"'<>&\\\x00-\x1f]{8,})"),
        _not_placeholder,
        True,
    ),
    Pattern(
        "private key",
        (b"private key-----", b"private key block-----"),
        _compiled(
            rb"private key(?: block)?-----(?:[\s\\rn\"',+]|<br/?>|&#x?[0-9a-f]+;"
            rb"|(?:proc-type|dek-info|version|comment):[^\n\\]{0,80}){0,40}"
            rb"(?P<value>[A-Za-z0-9+/=]{40,})"
        ),
        _any,
        True,
    ),
    Pattern(
        "private key",
        (b"private-lines:",),
        _compiled(rb"private-lines: \d{1,4}\s{1,3}(?P<value>[A-Za-z0-9+/]{40,})"),
        _any,
        True,
    ),
    Pattern(
        "signed address of an operation",
        (b"operationresults/", b"operationsstatus/", b"operationstatuses/", b"operationstatus/"),
        _compiled(rb"operation[a-z]{6,10}/[^\s\"'<>]{1,300}?[?&](?:s|c|h)(?:=|%3d)(?P<value>" + _BASE64 + rb"{10,})"),
        _not_placeholder,
        True,
    ),
    Pattern(
        "link of an upload workspace",
        (b"files?workspace=", b"files%3fworkspace%3d"),
        _compiled(rb"files(?:\?|%3f)workspace(?:=|%3d)(?P<value>" + _BASE64 + rb"{12,})"),
        _not_placeholder,
        True,
    ),
    Pattern(
        "link of an upload workspace",
        (b"support.microsoft.com/", b"support.microsoft.com\\/", b"support.microsoft.com%2f"),
        _compiled(
            rb"support\.microsoft\.com(?:\\?/|%2f)(?:[a-z]{2}-[a-z]{2,4}(?:\\?/|%2f))?files\b[^\s\"'<>]{1,240}?workspace(?:=|%3d)"
            rb"(?P<value>" + _BASE64 + rb"{12,})"
        ),
        _not_placeholder,
        True,
    ),
    Pattern(
        "credentials of a registry",
        (b'"auth"', b'\\"auth\\"'),
        _compiled(rb"\"auth\\?\"\s{0,4}:\s{0,4}\\?\"(?P<value>[A-Za-z0-9+/]{8,}={0,2})"),
        _is_basic,
        False,
    ),
    Pattern(
        "certificate with a private key",
        (b"ibazcc",),
        re.compile(rb"MI[I-L][A-Za-z0-9+/]{3,8}IBAzCC[A-Za-z0-9+/]{20,}"),
        _any,
        False,
    ),
    Pattern(
        "credentials in a URL",
        (b"://", b"%3a%2f%2f"),
        _compiled(
            rb"(?:://|%3a%2f%2f)(?P<user>[^\s/@:\"'<>?#\\\x00-\x1f]{0,100})(?::|%3a)"
            rb"(?P<value>[^\s/@\"'<>?#\\\x00-\x1f]{2,200})(?:@|%40)[a-z0-9\[]"
        ),
        _is_url_password,
        True,
    ),
)
