"""Public IPv4 addresses, which stand on every line of an access log: one look at a table each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from escalate.redact.detectors.registry import Detector
from escalate.redact.keep import is_platform_address
from escalate.redact.names import NameBook
from escalate.redact.rule import Expression, Hit, Span, Wake
from escalate.redact.rules import DetectorRule

_ANCHOR = (
    rb"[0-9]{1,3}\.[0-9]{1,3}\.(?:[0-9]{1,3}\.[1-9][0-9]{0,2}|[1-9][0-9]{0,2}\.0)(?:[^0-9]|$)"  # x.y.0.0 is a version
)
_ADDRESS = re.compile(rb"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.|\Z)){4}")
_KNOWN = 65_536
"""Addresses whose pseudonym is at hand."""
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_OVER = frozenset(range(256)) - _WORD
"""What ends an address for certain."""
_FILLING = b"\"'\\]:=(,> \t\n\r\f\v"
"""What may stand, six times at most, between `version` and its number."""
_FILLED = frozenset(_FILLING)
_VERSION_ENDS = frozenset(b"/vVrRnNeEdD")
_QUIET, _FAR, _UNSURE = 2, 1, 0


def _before(pair: bytes) -> int:
    """Whether the two bytes before an address say for certain that it is neither part of a word nor a version."""
    if len(pair) < 2 or pair[1] in _WORD or pair[1] in b"/%":
        return _UNSURE
    if pair[1] not in _FILLED:
        return _QUIET
    if pair[0] in _FILLED:
        return _FAR
    return _UNSURE if pair[0] in _VERSION_ENDS else _QUIET


def _is_quiet(data: bytes, start: int) -> bool:
    tail = data[start - 7 : start].rstrip(_FILLING)
    return start >= 7 and (not tail or tail[-1] not in _VERSION_ENDS)


class ClientRule(DetectorRule):
    """The detector of IPv4 addresses, with a memory; it finds what the detector finds."""

    def __init__(self, detector: Detector, key: bytes, names: NameBook, own_names: tuple[str, ...]) -> None:
        super().__init__(detector, key, names, own_names)
        self.expressions = (Expression(_ANCHOR, starts=True),)
        self._tokens: dict[bytes, bytes] = {}
        self._edges: dict[bytes, int] = {}

    def find(self, data: bytes, end: int, expression: int) -> tuple[Hit, ...]:
        """See `Rule.find`; the expression ends one byte behind the address."""
        return super().find(data, max(0, end - 1), expression)

    def sweep(self, data: bytes, wakes: Sequence[Wake], base: int) -> list[Span]:
        """See `Sweeping.sweep`."""
        spans: list[Span] = []
        add, edges, tokens, label = spans.append, self._edges, self._tokens, self.detector.id
        for end, start in wakes:
            pair = data[start - 2 : start]
            edge = edges.get(pair)
            if edge is None:
                edge = edges[pair] = _before(pair)
            if edge and data[end - 1] in _OVER:
                token = tokens.get(data[start : end - 1])
                if token is None:
                    token = self._token(data[start : end - 1])
                if token == b"":
                    continue
                if token is not None and (edge == _QUIET or _is_quiet(data, start)):
                    add((start + base, 1 - end - base, label, token, False))
                    continue
            spans += [
                (hit.start + base, -hit.end - base, label, hit.replacement, False) for hit in self.find(data, end, 0)
            ]
        return spans

    def _token(self, address: bytes) -> bytes | None:
        """The pseudonym; empty: the address is no client's; None: it is no address as it stands."""
        if not _ADDRESS.fullmatch(address):
            return None
        if len(self._tokens) >= _KNOWN:
            self._tokens.clear()
        text = address.decode()
        token = self._tokens[address] = b"" if is_platform_address(text) else self._names.address(text).encode()
        return token


def detector_rule(detector: Detector, key: bytes, names: NameBook, own_names: tuple[str, ...]) -> DetectorRule:
    """The rule of a detector."""
    kind = ClientRule if detector.id == "ipv4-address" else DetectorRule
    return kind(detector, key, names, own_names)
