"""Expressions and rules for UTF-16 text in the middle of binary data: every other byte is zero."""

from __future__ import annotations

import re

from escalate.redact.rule import Expression, Hit, Rule

_ATOM = re.compile(
    rb"(?P<skip>\\b|\^|\$)|(?P<open>\((?:\?:)?)|(?P<control>[)|]|[*+?]\??|\{[0-9,]+\}\??)"
    rb"|(?P<atom>\\x[0-9a-fA-F]{2}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)",
    re.DOTALL,
)
_ZERO = rb"\x00"
_LONG = re.compile(rb"\{([0-9]+),(?:9|[1-9][0-9]+)\}")
"""Long counted repetitions: doubled, some are too large for hyperscan, and a wake-up need not count."""


def widened(pattern: bytes) -> bytes:
    r"""The hyperscan expression for the same text in UTF-16: each character is followed by a zero byte.

    It also ends inside of big-endian text, one byte later than there: the characters stand at the same distance from
    that end. Edges (`\b`, `^`, `$`) are dropped: an anchor only has to wake, not to decide.
    """
    out = bytearray()
    for token in _ATOM.finditer(pattern):
        if token["atom"] is not None:
            out += b"(?:" + token["atom"] + _ZERO + b")"
        elif token["skip"] is None:
            out += _LONG.sub(rb"{\1,}", token[0])
    return bytes(out)


class WideRule:
    """A rule, asked about UTF-16 text; offsets of its hits are those of the narrow text (see `find_wide`)."""

    def __init__(self, rule: Rule) -> None:
        self.expressions = tuple(Expression(widened(one.pattern), one.caseless) for one in rule.expressions)
        self.rule = rule

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """As `Rule.find`, on text that was narrowed."""
        return self.rule.find(data, end, expression)


def narrowed(data: bytes, end: int, before: int, after: int) -> tuple[bytes, int]:
    """The characters around a place in UTF-16 text, a byte each, and the offset in `data` of the first.

    The text ends where a high byte is not zero. Character `n` stands at `offset + 2 * n`; `end` is just behind the
    zero byte of the last character that woke the rule.
    """
    low = end - 2 * min(before, end // 2)
    left = data[low + 1 : end : 2]
    start = low + 2 * len(left.rstrip(b"\0"))
    right = data[end + 1 : end + 2 * after : 2]
    stop = end + 2 * (len(right) - len(right.lstrip(b"\0")))
    return data[start:stop:2], start
