r"""The patterns of the user's own rules: a small, linear-time part of the usual notation, with a known longest match.

Taken: literals, `.`, classes, `\d \w \s \b` and their opposites, groups, `|`, and `?`, `{n}`, `{n,m}`. Everything in it
is matched by hyperscan, in time that grows with the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_PATTERN = 500
"""Characters."""
LONGEST_MATCH = 1024
"""Bytes; the window in which a rule is looked for is larger."""

_ESCAPES = frozenset("dDwWsStrnfv")
_POSIX = re.compile(r"\[[:.=]")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_COUNT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
_HEX = re.compile(r"\\x[0-9A-Fa-f]{2}")


class BadPattern(ValueError):
    """The pattern cannot be taken; the message says why, `hint` what to write instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Pattern:
    """What hyperscan is given, and how few and how many bytes it can match."""

    expression: bytes
    shortest: int
    longest: int


def parse_pattern(text: str) -> Pattern:
    """Check a pattern and measure it.

    Raises:
        BadPattern: it is no regular expression, or not one of the kind that is matched in linear time.
    """
    if len(text) > LONGEST_PATTERN:
        raise BadPattern(f"it has {len(text)} characters; {LONGEST_PATTERN} is the most", "make two rules of it")
    reader = _Reader(text)
    parsed = reader.alternatives()
    if reader.at < len(text):
        raise BadPattern("it closes a group that was never opened", r"write \) for a parenthesis")
    if parsed.shortest == 0:
        raise BadPattern("it matches nothing at all", "make at least one part of it compulsory")
    if parsed.longest > LONGEST_MATCH:
        raise BadPattern(
            f"it can match {parsed.longest:,} bytes; {LONGEST_MATCH:,} is the most", "lower the counts in braces"
        )
    return parsed


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def alternatives(self) -> Pattern:
        parts = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            parts.append(self._sequence())
        return Pattern(
            b"|".join(part.expression for part in parts),
            min(part.shortest for part in parts),
            max(part.longest for part in parts),
        )

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _sequence(self) -> Pattern:
        expression, shortest, longest = b"", 0, 0
        while self._next() not in ("", "|", ")"):
            part = self._counted(self._atom())
            expression += part.expression
            shortest += part.shortest
            longest += part.longest
        return Pattern(expression, shortest, longest)

    def _counted(self, atom: Pattern) -> Pattern:
        sign = self._next()
        if sign in ("*", "+"):
            raise BadPattern(
                f"`{sign}` has no upper bound", "say how many at most: {0,64} instead of *, {1,64} instead of +"
            )
        low, high, mark = 1, 1, b""
        if sign == "?":
            self.at += 1
            low, high, mark = 0, 1, b"?"
        elif sign == "{":
            low, high, mark = self._braces()
        if mark and self._next() in ("?", "+", "*", "{"):
            raise BadPattern("a count follows a count", "the longest match counts always: leave out the second")
        return Pattern(atom.expression + mark, atom.shortest * low, atom.longest * high)

    def _braces(self) -> tuple[int, int, bytes]:
        found = _COUNT.match(self.text, self.at)
        if found is None:
            raise BadPattern("a brace that is no count", r"write \{ for a brace, {2,8} for a count")
        if found[2] and not found[3]:
            raise BadPattern(f"`{found[0]}` has no upper bound", f"say how many at most: {{{found[1]},64}}")
        self.at = found.end()
        low, high = int(found[1]), int(found[3] or found[1])
        if low > high:
            raise BadPattern(f"`{found[0]}` counts downwards", "write the smaller number first")
        return low, high, found[0].encode()

    def _atom(self) -> Pattern:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "^$":
            raise BadPattern(f"`{char}` is not taken: secrets stand anywhere", rf"use \b for an edge, or \{char}")
        if char in "*+?{":
            raise BadPattern("a count with nothing before it", rf"write \{char} for the character itself")
        self.at += 1
        if char == ".":
            return Pattern(rb"[^\x0a\x0d]", 1, 1)
        data = char.encode("utf-8", "surrogatepass")
        literal = b"".join(b"\\x%02x" % byte for byte in data)
        return Pattern(b"(?:" + literal + b")" if len(data) > 1 else literal, len(data), len(data))

    def _group(self) -> Pattern:
        if self.text.startswith("(?", self.at) and not self.text.startswith("(?:", self.at):
            raise BadPattern(
                "it looks around, names a group or sets a flag with `(?`",
                "only ( and (?: are taken; caseless = true ignores case",
            )
        self.at += 3 if self.text.startswith("(?:", self.at) else 1
        inner = self.alternatives()
        if self._next() != ")":
            raise BadPattern("a group is not closed", r"write \( for a parenthesis")
        self.at += 1
        return Pattern(b"(?:" + inner.expression + b")", inner.shortest, inner.longest)

    def _class(self) -> Pattern:
        found = _CLASS.match(self.text, self.at)
        if found is None:
            raise BadPattern("a class is not closed", r"write \[ for a bracket")
        if not found[0].isascii() or _POSIX.search(found[0], 1):
            raise BadPattern("a class holds more than ASCII", "use ( | ) for letters like é; write classes out")
        for escape in re.finditer(r"\\(.)", found[0], re.DOTALL):
            if escape[1].isalnum() and escape[1] not in _ESCAPES and not _HEX.match(found[0], escape.start()):
                raise BadPattern(f"`{escape[0]}` is not taken in a class", "write the characters themselves")
        self.at = found.end()
        return Pattern(found[0].encode(), 1, 1)

    def _escape(self) -> Pattern:
        hexadecimal = _HEX.match(self.text, self.at)
        if hexadecimal:
            self.at = hexadecimal.end()
            return Pattern(hexadecimal[0].encode(), 1, 1)
        char = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if char in ("b", "B"):
            return Pattern(b"\\" + char.encode(), 0, 0)
        if char.isdigit():
            raise BadPattern("it refers back to a group", "write out what the group matches")
        if not char or (char.isalnum() and char not in _ESCAPES) or not char.isascii():
            raise BadPattern(f"`\\{char}` is not taken", r"\d \w \s \b, \xNN and escaped signs are")
        if char in _ESCAPES:
            return Pattern(b"\\" + char.encode(), 1, 1)
        return Pattern(b"\\x%02x" % ord(char), 1, 1)
