"""Whether a value that stands where secrets stand looks like one; all on bytes of ASCII."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

MASKED = b"\x01"
"""What `blank_masks` puts in the place of a mask: no pattern takes it for part of a value."""

_MASK = re.compile(
    rb"\[R[:_](?:[A-Z][A-Z0-9_.-]{0,40}[:_])?[0-9A-Fa-f]{4,64}\]\**|\*{3,}"
    rb"|\b(?:email-[0-9a-f]{6,12}@redacted\.invalid|(?:user|person|phone|host|project)-[0-9a-f]{6,12})\b"
)

_WORDS = frozenset(
    b"null none nil undefined true false empty password passwd pwd pass secret token redacted removed hidden masked "
    b"string text required optional invalid incorrect missing expired failed yes no unset set prompt secretref default "
    b"unknown changed wrong bad denied rejected accepted authentication authorization username user "
    b"sensitive filtered omitted protected encrypted not is was has for and the".split()
)
_CUT_MASK = re.compile(rb"^\[R[:_][A-Z0-9_-]{0,40}(?:[:_][0-9A-Fa-f]{0,64})?(?:\xe2\x80\xa6|\.{0,3})$")
_TEMPLATE = re.compile(
    rb"^(?:\$\{|\$\(|\$env:|\{\{|\{[\w.:-]{0,40}\}?|<|%[a-z]$|%[A-Za-z_]\w*%|@microsoft\.keyvault|\.\.\.|&lt;|#\{)",
    re.I,
)
_CODE = re.compile(
    rb"^[$@%]?[A-Za-z_][A-Za-z_$]*(?:(?:\.|->|::)[A-Za-z_$]+)*(?:(?:\.|->|::)[A-Za-z_$]+|->?\{?|[\[({].*)$"
    rb"|^[A-Z]+(?:_[A-Z]+)+$"
)
_TYPE = re.compile(rb"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*[,)]?$")
_CALL = re.compile(rb"^[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+[\[(]|^[A-Za-z_]\w*\[[A-Za-z_]")
_PATH = re.compile(rb"^(?:[/~]|[A-Za-z]:[\\/]|[a-z][a-z0-9+.-]{1,15}://|\.{1,2}/)")
_POINTER = re.compile(rb"^0x[0-9a-f]{1,16}$")
_PARTS = re.compile(rb"[^A-Za-z0-9]+")
_GUID = re.compile(rb"^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$", re.I)
_HEX = re.compile(rb"^[0-9a-f]+$", re.I)
_TRAILING = b".,:)]}'\"!?"


_MARKS = (b"[R", b"***", b"email-", b"user-", b"person-", b"phone-", b"host-")
"""One of these is in each mask."""


def blank_masks(window: bytes) -> bytes:
    """The same length, with every mask (ours, a pseudonym, or a run of asterisks) made unreadable."""
    if not any(mark in window for mark in _MARKS):
        return window  # the usual case, thirty times as fast
    return _MASK.sub(lambda mask: MASKED * len(mask[0]), window)


def is_placeholder(value: bytes) -> bool:
    """Whether it stands for a value, or says that there is none."""
    lowered = value.rstrip(_TRAILING).lower()
    return (
        len(set(lowered)) <= 1
        or lowered in _WORDS
        or MASKED in lowered
        or _POINTER.match(lowered) is not None
        or _TEMPLATE.match(value) is not None
        or _CUT_MASK.match(value) is not None
        or lowered.startswith(b"xxx")
    )


def is_mixed(value: bytes) -> bool:
    """Whether there are both letters and digits, or three classes of characters."""
    lower, upper, digit, special = _classes(value)
    return (digit and (lower or upper)) or (lower + upper + digit + special >= 3)


def is_random(value: bytes, shortest: int = 12) -> bool:
    """Whether a machine made it: long, mixed, with one unbroken stretch that is no word, number or version."""
    value = value.rstrip(_TRAILING)
    if len(value) < shortest or is_placeholder(value) or is_path(value) or _entropy(value) < 3.0:
        return False
    return any(
        len(part) >= 10 and not part.isdigit() and not part.isalpha() for part in _PARTS.split(value)
    ) or _is_random_letters(value)


def is_bare_id(value: bytes) -> bool:
    """A GUID, or hex of at most 32 digits: correlation ids look like this, and they must stay."""
    value = value.rstrip(_TRAILING)
    return _GUID.match(value) is not None or (len(value) <= 32 and _HEX.match(value) is not None)


def is_path(value: bytes) -> bool:
    """A file name or an address."""
    return _PATH.match(value) is not None


def is_code(value: bytes) -> bool:
    """`request.form.password`, `os.environ[`, `DB_PASSWORD`: source code that names where a value comes from."""
    return _CODE.match(value) is not None or _CALL.match(value) is not None


def is_type(value: bytes) -> bool:
    """`ed25519.Ed25519PrivateKey`: what stands behind the colon of a parameter."""
    return _TYPE.match(value) is not None


def decodes_to_credentials(value: bytes) -> bool:
    """Whether base64 of `user:password`."""
    try:
        plain = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return False
    return b":" in plain and all(32 <= byte < 127 or byte >= 0xC2 for byte in plain)


def _is_random_letters(value: bytes) -> bool:
    """Long base64 that happens to hold no digit in any stretch of ten: mixed case within the stretches."""
    lower, upper, _, _ = _classes(value)
    return len(value) >= 20 and lower and upper and _entropy(value) >= 4.2


def _classes(value: bytes) -> tuple[bool, bool, bool, bool]:
    return (
        any(97 <= byte <= 122 for byte in value),
        any(65 <= byte <= 90 for byte in value),
        any(48 <= byte <= 57 for byte in value),
        any(33 <= byte <= 47 or 58 <= byte <= 64 or 91 <= byte <= 96 or 123 <= byte <= 126 for byte in value),
    )


def _entropy(value: bytes) -> float:
    counts = Counter(value).values()
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
