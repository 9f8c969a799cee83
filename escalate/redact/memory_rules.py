"""Rules for memory only: environment blocks, arguments, and known values as runtimes keep them in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from escalate.redact.detectors.assignments import names_a_secret
from escalate.redact.forms import BLOCK, blocks
from escalate.redact.rule import AFTER, Expression, Hit, Rule
from escalate.redact.rules import DetectorRule, decoded_value, literal
from escalate.redact.stop_list import why_not
from escalate.redact.tokens import secret_token

_ENTRY = (
    rb"(?:pass|pwd|secret|token|credential|jwt|otp|bearer|key|auth|assertion|session|csrf|xsrf|sas)"
    rb"[A-Za-z0-9_.:\-]{0,24}=[^\x00]{3}"
)
_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_FOLDERS = (b"pwd", b"oldpwd")
"""The working directory, which only sounds like a password."""
_LONGEST = AFTER - 64
_LEAST = 6
"""Bytes of the shortest form of a known value."""

_NAME_ENDS = rb"(?:password|passwd|passphrase|pwd)(?:[\"'\]\\]|%22|&quot;){0,3}\s{0,4}"
_NAMED = _NAME_ENDS + rb"(?:[:=]|%3[ad]|\\u003d)"
_NAMED_LONGEST = 48
_SWALLOW_LONGEST = 320
_SWALLOWED = re.compile(
    rb"(?i)"
    + _NAME_ENDS
    + rb"(?:[:=>]|%3[ad]|\\u003d){1,3}\s{0,4}"
    + rb"(?:\\{0,3}[\"']|&quot;|%22|\\u0022)?(?P<secret>[^\s\"'<>;,&|\\\x00-\x1f\x7f]{3,256})"
)
_LEAVE = re.compile(rb"[/~]|[A-Za-z]:[\\/]|\.{1,2}/|\*{3}|\[R:")
"""`PWD=/home/site`, whatever stands behind it; and what was masked: each mask would bring up more to mask."""


class EnvironmentRule:
    r"""`NAME=value\0` behind a zero: the value of a secret's name goes, whatever it looks like."""

    expressions = (Expression(_ENTRY, caseless=True),)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        begin = data.rfind(b"\0", max(0, end - 160), end) + 1
        equals = data.find(b"=", begin, end)
        stop = data.find(b"\0", end, end + _LONGEST)
        if begin == 0 or equals < 0 or stop < 0:
            return ()
        name = data[begin:equals]
        if _NAME.fullmatch(name) is None or name.lower() in _FOLDERS or not names_a_secret(name.decode("ascii")):
            return ()
        value = data[equals + 1 : stop]
        return (Hit(equals + 1, stop, secret_token(self._key, "SECRET", value), "environment-secret"),)


class ArgumentRule:
    r"""`--password\0VALUE\0` and `-u\0name:VALUE\0`: a command line as the kernel hands it over."""

    expressions = (
        Expression(
            rb"(?:password|passwd|passphrase|secret|token|api-?key|access-?key|account-?key|sas)\x00[^\x00\-]", True
        ),
        Expression(rb"\x00(?:-u|--user|--proxy-user)\x00[^\x00:]{1,64}:[^\x00]"),
    )

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        start = data.rfind(b"\0", max(0, end - 160), end) + 1
        stop = data.find(b"\0", end, end + _LONGEST)
        option = data[max(0, start - 160) : max(0, start - 1)].rpartition(b"\0")[2]
        if start == 0 or stop < 0 or not option.startswith(b"-"):
            return ()
        if expression == 1:
            start = data.find(b":", start, end) + 1
        return (Hit(start, stop, secret_token(self._key, "SECRET", data[start:stop]), "secret-argument"),)


class SwallowRule:
    """What stands behind the name of a password and is no text: Latin-1, or bytes that only look like a value.

    Detectors judge text and stop where it ends. A reader who does not, as the verifier, takes packed or encrypted
    memory behind `pwd=` for a password, so the whole run goes: one such is to be expected in a gigabyte or two of it.
    """

    label = "password-in-binary"
    expressions = (Expression(_NAMED, caseless=True),)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        for match in _SWALLOWED.finditer(data, max(0, end - _NAMED_LONGEST), end + _SWALLOW_LONGEST):
            if match.start() < end <= match.end():
                secret = match["secret"]
                if _LEAVE.match(secret) or _is_text(secret):
                    return ()
                token = secret_token(self._key, "SECRET", secret)
                return (Hit(*match.span("secret"), token, self.label),)
        return ()


class LearnedRule:
    """Values that something else in the same memory gave away, where they stand alone, in ASCII and UTF-16."""

    def __init__(self, values: Iterable[str], key: bytes) -> None:
        self._forms: list[tuple[int, bytes]] = []
        expressions: list[Expression] = []
        for value in values:
            token = secret_token(key, "KNOWN", value.encode("utf-8", "surrogatepass"))
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                form = value.encode(encoding, "surrogatepass")
                self._forms.append((len(form), token))
                expressions.append(Expression(literal(form)))
        self.expressions = tuple(expressions)

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        size, token = self._forms[expression]
        return (Hit(end - size, end, token, "learned-value"),)


def value_of(rule: Rule, secret: bytes) -> str | None:
    """A found secret, if it is sure enough to be looked for alone, too."""
    sure = isinstance(rule, EnvironmentRule | ArgumentRule) or (isinstance(rule, DetectorRule) and rule.detector.learn)
    value = decoded_value(secret) if sure else ""
    return value if sure and len(value) <= BLOCK and why_not(value) is None else None


class MemoryForms:
    """A known value in Latin-1 (compact strings of the JVM and of Python) and in UTF-32 (`wchar_t` of Linux)."""

    def __init__(self, value: str, key: bytes) -> None:
        self._token = secret_token(key, "KNOWN", value.encode("utf-8", "surrogatepass"))
        self._forms = tuple(sorted({form for block in blocks(value) for form in _forms(block) if len(form) >= _LEAST}))
        self.expressions = tuple(Expression(literal(form)) for form in self._forms)

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        return (Hit(end - len(self._forms[expression]), end, self._token, "known-value"),)


def _is_text(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _forms(block: str) -> set[bytes]:
    forms = {block.encode("utf-32-le", "surrogatepass"), block.encode("utf-32-be", "surrogatepass")}
    if not block.isascii() and all(ord(char) < 256 for char in block):
        forms.add(block.encode("latin-1"))
    return forms
