"""DNS messages (RFC 1035): names and addresses become pseudonyms of the same length; texts and signatures go.

Only what is a DNS message beyond doubt is kept: other traffic on port 53 is dropped like any payload.
"""

from __future__ import annotations

import struct

from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_names import Labels, NameMap

HEAD = 12
_COUNTS = struct.Struct(">HHHH")
_RECORD = struct.Struct(">HHIH")
_CLASSES = frozenset((1, 3, 4, 254, 255))
_OPCODES = frozenset((0, 2, 4, 5))
_LABELS = 128
_MOST_RECORDS = 4096
_A, _AAAA, _SOA, _MX, _SRV, _OPT = 1, 28, 6, 15, 33, 41
_NAMED = frozenset((2, 5, 12, 39))
"""NS, CNAME, PTR, DNAME: a name and nothing else."""
_BEFORE_NAME = {_MX: 2, _SRV: 6, 64: 2, 65: 2}
"""Bytes of numbers before the name of MX, SRV, SVCB and HTTPS."""
_EXTENDED_ERROR = 15


class _Broken(ValueError):
    """Not a DNS message, from here on."""


class DnsMessages:
    """Rewrites messages of one capture."""

    def __init__(self, names: NameMap, addresses: Addresses) -> None:
        self._names = names
        self._addresses = addresses

    def rewritten(self, data: bytes, *, whole: bool) -> bytes:
        """What may be kept of a message: all of it, its beginning where it was not captured `whole`, or nothing."""
        if len(data) < HEAD or data[2] >> 3 & 15 not in _OPCODES:
            return b""
        message = _Message(data, self._names, self._addresses)
        try:
            message.run()
        except (_Broken, IndexError, struct.error):
            if whole or message.done == HEAD:
                return b""
        return bytes(message.out[: message.done])


class _Message:
    def __init__(self, data: bytes, names: NameMap, addresses: Addresses) -> None:
        self.out = bytearray(data)
        self.done = HEAD
        """Behind the last part that is whole and rewritten."""
        self._data = data
        self._names = names
        self._addresses = addresses
        self._starts: dict[int, Labels] = {}
        """Where names and their parents begin; nothing else may be pointed to."""

    def run(self) -> None:
        questions, *records = _COUNTS.unpack_from(self._data, 4)
        if questions > 1 or sum(records) > _MOST_RECORDS or questions + sum(records) == 0:
            raise _Broken
        for _ in range(questions):
            at = self._name(self.done)
            if struct.unpack_from(">H", self._data, at + 2)[0] & 0x7FFF not in _CLASSES:
                raise _Broken
            self.done = at + 4
        for _ in range(sum(records)):
            self._record()

    def _record(self) -> None:
        at = self._name(self.done)
        kind, klass, _, size = _RECORD.unpack_from(self._data, at)
        first = at + _RECORD.size
        stop = first + size
        if stop > len(self._data) or (kind != _OPT and klass & 0x7FFF not in _CLASSES):
            raise _Broken
        if size:
            self._content(kind, first, stop)
        self.done = stop

    def _content(self, kind: int, first: int, stop: int) -> None:
        """Rewrite what a record says."""
        size, data = stop - first, self._data
        if kind == _A and size == 4:
            self.out[first:stop] = self._addresses.ip4[data[first:stop]]
        elif kind == _AAAA and size == 16:
            self.out[first:stop] = self._addresses.ip6[data[first:stop]]
        elif kind in _NAMED:
            if self._name(first) != stop:
                raise _Broken
        elif kind == _SOA:
            if self._name(self._name(first)) + 20 != stop:
                raise _Broken
        elif kind in _BEFORE_NAME:
            after = self._name(first + _BEFORE_NAME[kind])
            if after > stop:
                raise _Broken
            self.out[after:stop] = bytes(stop - after)
        elif kind == _OPT:
            self._options(first, stop)
        else:
            self.out[first:stop] = bytes(size)

    def _options(self, first: int, stop: int) -> None:
        at = first
        while at < stop:
            code, size = struct.unpack_from(">HH", self._data, at)
            keep = 2 if code == _EXTENDED_ERROR and size >= 2 else 0
            at += 4 + size
            if at > stop:
                raise _Broken
            self.out[at - size + keep : at] = bytes(size - keep)

    def _name(self, start: int) -> int:
        """Rewrite the name that begins there; where it ends."""
        data, at = self._data, start
        places: list[tuple[int, int]] = []
        labels: list[bytes] = []
        tail: Labels = ()
        while size := data[at]:
            if size >= 0xC0:
                target = (size & 0x3F) << 8 | data[at + 1]
                if target not in self._starts:
                    raise _Broken
                tail = self._starts[target]
                at += 1
                break
            if size > 63 or at + 1 + size >= len(data) or len(places) >= _LABELS:
                raise _Broken
            places.append((at + 1, at + 1 + size))
            labels.append(data[at + 1 : at + 1 + size])
            at += 1 + size
        whole = (*labels, *tail)
        if len(whole) > _LABELS:
            raise _Broken
        for number, (low, _) in enumerate(places):
            self._starts.setdefault(low - 1, whole[number:])
        if not places:
            self._starts.setdefault(start, whole)
        for (low, high), label in zip(places, self._names.mapped(whole), strict=False):
            self.out[low:high] = label
        return at + 1
