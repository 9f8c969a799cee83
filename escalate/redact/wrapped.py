"""Known values in base64 that is broken into lines, as MIME, PEM and `base64` do: a break may stand anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.redact.forms import BLOCK, base64_digits
from escalate.redact.rule import Expression, Hit
from escalate.redact.tokens import secret_token

_BREAK = rb"(?:(?:[\r\n]|\\{1,4}[rn]|&#(?:x0?[aAdD]|1[03]);)[ \t]{0,16}){0,3}"
_SHORTEST = 16
"""Digits of a form that is worth it: shorter ones fit into the line, or have no half that wakes seldom enough."""
_HALF = 24
"""Digits that wake at most; of two such parts in a row at most one is broken, as no line is shorter than 48."""
_OVERLAP = 3
"""Characters that neighbouring parts share: a group of four digits, so that none is left between two parts."""


class WrappedRule:
    """One value. Two parts of each form wake it; the rest is compared digit by digit, over the ends of lines."""

    def __init__(self, value: str, key: bytes) -> None:
        self._token = secret_token(key, "KNOWN", value.encode("utf-8", "surrogatepass"))
        self._forms: list[bytes] = []
        expressions: list[Expression] = []
        for block in _parts(value):
            for digits in base64_digits(block.encode("utf-8", "surrogatepass")):
                half = min(_HALF, len(digits) // 2)
                for part in (digits[:half], digits[half : 2 * half]) if len(digits) >= _SHORTEST else ():
                    self._forms.append(digits)
                    expressions.append(Expression(b"".join(b"\\x%02x" % byte for byte in part)))
        self.expressions = tuple(expressions)
        self._patterns: dict[bytes, re.Pattern[bytes]] = {}

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`; what stands in one line is left to the rule of the value itself."""
        digits = self._forms[expression]
        reach = 2 * len(digits) + 64
        low, high = max(0, end - reach), min(len(data), end + reach)
        if data.find(digits, low, high) >= 0 and not _has_break(data, low, high):
            return ()
        pattern = self._patterns.get(digits)
        if pattern is None:
            pattern = re.compile(_BREAK.join(re.escape(digits[place : place + 1]) for place in range(len(digits))))
            self._patterns[digits] = pattern
        for match in pattern.finditer(data, low, high):
            if match.start() < end <= match.end() and match.end() - match.start() > len(digits):
                return (Hit(*match.span(), self._token, "known-value", match[0]),)
        return ()


def _parts(value: str) -> Iterator[str]:
    """Parts of even length; each begins so shortly before the end of the one before that no wake-up lies inside it."""
    count = -(-(len(value) - _OVERLAP) // (BLOCK - _OVERLAP)) if len(value) > BLOCK else 1
    stride = -(-(len(value) - _OVERLAP) // count)
    for number in range(count):
        yield value[number * stride : (number + 1) * stride + _OVERLAP]


def _has_break(data: bytes, low: int, high: int) -> bool:
    return any(data.find(sign, low, high) >= 0 for sign in (b"\n", b"\r", b"\\", b"&#"))
