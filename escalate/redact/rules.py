"""The three kinds of rules the engine looks with: detectors, known values, learned names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes

from escalate.redact.detectors.registry import Detector
from escalate.redact.forms import escaped_forms, forms
from escalate.redact.keep import is_kept
from escalate.redact.names import Name, NameBook
from escalate.redact.own_rules import OwnRule
from escalate.redact.rule import Expression, Hit
from escalate.redact.tokens import inside_token, is_redacted, secret_token

_NEAR = 256
"""Bytes after an anchor in which a pattern shows that it matches at all."""
_BARE_NUMBER = re.compile(rb"[0-9][0-9.eE+-]*")
_AFTER_KEY = re.compile(rb"(\\{0,8})\"\s{0,8}:\s{0,64}$")
_IN_ARRAY = re.compile(rb"[\[,]\s{0,64}$")
_JSON_VALUE_AFTER = re.compile(rb"\s{0,64}[,\]}]")
_BREAK = re.compile(rb"\r\n|[\r\n]|\\{1,4}[rn]|%(?:25)?0[aAdD]|%5[cC][rn]|\Z")
_WORD = re.compile(rb"[^\s\"]+")
_ARMOUR = re.compile(rb"(?:[A-Za-z0-9+/=]|\\{1,4}[rnt/]|%(?:25)?(?:2[bBfF]|3[dD]))+")
_ARMOUR_LINE = 24
"""Characters of a line of a key, but for the last one."""
_ARMOUR_HEADER = re.compile(rb"[A-Za-z-]{3,20}: |\s*$")
_UNICODE_AT = re.compile(rb"(?i)%40|\\u0040")


def literal(data: bytes) -> bytes:
    """A hyperscan expression for exactly these bytes; literal mode would cut at the first NUL."""
    return b"\\x" + data.hex(" ").replace(" ", "\\x").encode()


def _quoted_if_number(data: bytes, start: int, end: int, token: bytes) -> bytes:
    """A JSON number that is a secret becomes a string, or the document would not parse any more."""
    if _BARE_NUMBER.fullmatch(data, start, end) is None:
        return token
    before = data[max(0, start - 80) : start]
    if _JSON_VALUE_AFTER.match(data, end) is None:
        return token
    key = _AFTER_KEY.search(before)
    if key:
        return key[1] + b'"' + token + key[1] + b'"'
    return b'"' + token + b'"' if _IN_ARRAY.search(before) and b'\\"' not in before else token


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines between two places; an escaped line break is one, too."""
    for stop in _BREAK.finditer(data, start, end):
        yield start, stop.start()
        start = stop.end()
    if start < end:
        yield start, end


def _escape_start(data: bytes, start: int) -> int:
    """Where to start so that no half of an escape sequence is left before the span."""
    slashes = 0
    while slashes < 64 and start > slashes and data[start - slashes - 1] == 0x5C:
        slashes += 1
    return start - slashes % 2


class DetectorRule:
    """A detector, with the key and the names it needs to replace what it finds."""

    def __init__(self, detector: Detector, key: bytes, names: NameBook, own_names: tuple[str, ...]) -> None:
        self.detector = detector
        self.expressions = tuple(Expression(one.encode(), detector.caseless) for one in detector.anchors)
        self._key = key
        self._names = names
        self._own_names = own_names

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        one = self.detector
        low, high = max(0, end - one.before), min(len(data), end + one.after)
        for start in self._starts(data, low, end, high, expression):
            match = one.pattern.match(data, start, high)
            if match is None or match.end() < end or not match["secret"]:
                continue
            if is_redacted(match["secret"]) or inside_token(data, start):
                continue
            if one.accepts is None or one.accepts(match):
                return self._hits(data, match)
        return ()

    def _starts(self, data: bytes, low: int, end: int, high: int, expression: int) -> Iterator[int]:
        """Where the pattern may begin.

        The search looks no further than is needed to tell, or one line of noise could cost as much as a file.
        """
        one = self.detector
        if one.begins and one.begins[expression]:
            likely = data.rfind(one.begins[expression], low, end)
            if likely >= 0:
                yield likely
        if one.head is not None:
            yield from [found.start() for found in one.head.finditer(data, low, end)]
            return
        near = min(high, end + _NEAR)
        match = self.detector.pattern.search(data, low, near)
        while match is not None and match.start() < end:
            yield match.start()
            match = self.detector.pattern.search(data, max(match.end(), match.start() + 1), near)

    def _hits(self, data: bytes, match: re.Match[bytes]) -> tuple[Hit, ...]:
        one = self.detector
        start, end = match.span("secret")
        secret = match["secret"]
        if one.mask == "lines":
            return tuple(self._line_hits(data, start, end))
        if one.mask == "address":
            return (Hit(start, end, self._names.address(secret.decode("ascii")).encode(), one.id, secret),)
        if one.mask == "email":
            address = _UNICODE_AT.sub(b"@", secret).decode("utf-8", "replace")
            if is_kept(address, self._own_names):
                return ()
            return (Hit(start, end, self._names.email(address).encode(), one.id, secret),)
        if one.mask == "user" or one.mask == "person":
            name = decoded_value(secret)
            if is_kept(name, self._own_names):
                return ()
            return (Hit(start, end, self._names.pseudonym(one.mask, name).encode(), one.id, secret),)
        token = secret_token(self._key, one.kind, secret)
        return (Hit(start, end, _quoted_if_number(data, start, end, token), one.id, secret),)

    def _line_hits(self, data: bytes, start: int, end: int) -> Iterator[Hit]:
        """One hit for each line of the key; what comes before it on the line is the prefix of a log, and stays.

        The key ends with its first short line, or with the first line that holds nothing of a key.
        """
        started = False
        for low, high in _lines(data, start, end):
            words = [word for word in _WORD.finditer(data, low, high) if _ARMOUR.fullmatch(word[0])]
            long = [word for word in words if len(word[0]) >= _ARMOUR_LINE]
            short = [word for word in words[-1:] if started and not long and not data[word.end() : high].strip()]
            for word in long + short:
                token = secret_token(self._key, self.detector.kind, word[0])
                yield Hit(*word.span(), token, self.detector.id, word[0])
            if short or not (long or _ARMOUR_HEADER.match(data, low, high)):
                return
            started = started or bool(long)


class KnownRule:
    """A secret value that is known from the configuration, in all its forms."""

    def __init__(self, value: str, key: bytes) -> None:
        self._forms = tuple(sorted(forms(value)))
        self.expressions = tuple(Expression(literal(form)) for form in self._forms)
        self._value = value
        self._token = secret_token(key, "KNOWN", value.encode("utf-8", "surrogatepass"))

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        start = _escape_start(data, end - len(self._forms[expression]))
        return (Hit(start, end, _quoted_if_number(data, start, end, self._token), "known-value"),)


_WORD_BYTE = re.compile(rb"[A-Za-z0-9_\x80-\xff]")
_ESCAPE_BEFORE = re.compile(rb"(?:\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\x1b\[[0-9]{1,2}m)$")


_PSEUDONYM_BEFORE = (b"user-", b"person-", b"host-", b"phone-", b"project-", b"email-")


class NameRule:
    """A learned name, where it stands as a word of its own."""

    def __init__(self, name: Name, names: NameBook) -> None:
        self._name = name
        self._forms = tuple(
            sorted({form.encode("utf-8", "surrogatepass") for form in {name.text, *escaped_forms(name.text)}})
        )
        self.expressions = tuple(Expression(literal(form), caseless=True) for form in self._forms)
        self._names = names

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`."""
        start = end - len(self._forms[expression])
        if _WORD_BYTE.match(data, end) and data[end : end + 1] != b"_":
            return ()
        if start and _WORD_BYTE.match(data, start - 1) and data[start - 1 : start] != b"_":
            before = _ESCAPE_BEFORE.search(data[max(0, start - 8) : start])
            if before is None:
                return ()
        if data[max(0, start - 8) : start].lower().endswith(_PSEUDONYM_BEFORE):
            return ()
        token = self._names.pseudonym(self._name.kind, self._name.text).encode()
        return (Hit(start, end, token, f"name-{self._name.kind}"),)


@dataclass(frozen=True)
class EngineInputs:
    """All an engine is made of; plain values, so that another process can make the same."""

    key: bytes
    known_values: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    own_names: tuple[str, ...] = ()
    """Names of the site that stay: host names, site, group, instances."""
    pseudonyms: tuple[tuple[str, str], ...] = ()
    """The saved map: pseudonym, original."""
    own_rules: tuple[OwnRule, ...] = ()
    """The user's own rules."""
    heap_values: bool = False
    """Whether the values of a Java heap stay, but for what is secret in them."""
    national_ids: bool = False
    """Whether national ids go, too."""

    def for_workers(self) -> EngineInputs:
        """What another process needs: pseudonyms follow from the key, so the map stays here."""
        return replace(self, pseudonyms=())


def decoded_value(value: bytes) -> str:
    """A found secret as it was before URL encoding and JSON escapes, to look for it elsewhere."""
    text = re.sub(rb"\\{1,4}u00([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)).encode(), value)
    text = text.replace(b"\\/", b"/")
    if b"%" in text:
        text = unquote_to_bytes(text)
    return text.decode("utf-8", "replace")


def pseudonym_pairs(pseudonyms: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The saved map as plain pairs."""
    return tuple(sorted(pseudonyms.items()))
