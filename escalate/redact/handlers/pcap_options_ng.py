"""Options of pcapng blocks and resolved names: numbers stay, texts go through the engine, the rest is left out."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from escalate.redact.engine import Engine
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_names import NameMap
from escalate.redact.handlers.registry import CannotRedact

_IP4, _IP6, _MAC = 4, 5, 6
_TEXTS: Mapping[str, frozenset[int]] = {
    "section": frozenset((1, 2, 3, 4)),
    "interface": frozenset((1, 2, 3, 12, 15)),
    "packet": frozenset((1,)),
    "statistics": frozenset((1,)),
}
_NUMBERS: Mapping[str, Mapping[int, int]] = {
    "section": {},
    "interface": {8: 8, 9: 1, 10: 4, 14: 8, 16: 8, 17: 8},
    "packet": {2: 4, 4: 8, 5: 8, 6: 4},
    "statistics": dict.fromkeys(range(2, 9), 8),
}
"""Options and their lengths. A packet's hash is left out: it could confirm a guess of the payload."""
_LONGEST_TEXT = 1 << 16


@dataclass(frozen=True)
class Cleaner:
    """What makes the texts and addresses of one capture fit to leave."""

    engine: Engine
    addresses: Addresses
    names: NameMap
    counts: Counter[str]

    def options(self, block: str, data: bytes, order: str) -> bytes:
        """The options of a block of that kind, with the end mark when any are left."""
        head = struct.Struct(order + "HH")
        out = b""
        for code, value in _entries(data, head):
            new = self._option(block, code, value)
            if new is None:
                self.counts["pcap-option"] += 1
            elif len(new) <= _LONGEST_TEXT - 1:
                out += head.pack(code, len(new)) + padded(new)
        return out + bytes(4) if out else b""

    def _option(self, block: str, code: int, value: bytes) -> bytes | None:
        if code in _TEXTS[block]:
            text = value.decode("utf-8", "replace")
            clean = self.engine.redact_text(text)
            self.counts["pcap-text"] += clean != text
            return clean.encode()
        if _NUMBERS[block].get(code) == len(value):
            return value
        if block == "interface" and code == _IP4 and len(value) == 8:
            return self.addresses.ip4[value[:4]] + value[4:]
        if block == "interface" and code == _IP6 and len(value) == 17:
            return self.addresses.ip6[value[:16]] + value[16:]
        if block == "interface" and code == _MAC and len(value) == 6:
            return self.addresses.mac[value]
        return None

    def resolved(self, data: bytes, order: str) -> bytes:
        """The records of a name resolution block: addresses and names as the packets have them."""
        head = struct.Struct(order + "HH")
        out = b""
        for kind, value in _entries(data, head):
            size = {1: 4, 2: 16}.get(kind)
            if size is None or len(value) < size:
                self.counts["pcap-option"] += 1
                continue
            address = (self.addresses.ip4 if size == 4 else self.addresses.ip6)[value[:size]]
            hosts = (host for host in value[size:].split(b"\0") if host)
            mapped = (b".".join(self.names.mapped(tuple(host.split(b".")))) + b"\0" for host in hosts)
            record = address + b"".join(mapped)
            out += head.pack(kind, len(record)) + padded(record)
        return out + bytes(4)


def _entries(data: bytes, head: struct.Struct) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + head.size <= len(data):
        code, size = head.unpack_from(data, at)
        if code == 0:
            return
        at += head.size
        if at + size > len(data):
            raise CannotRedact("an option of the capture is longer than its block")
        yield code, data[at : at + size]
        at += -(-size // 4) * 4


def padded(data: bytes) -> bytes:
    """With zeros up to a multiple of four bytes."""
    return data + bytes(-len(data) % 4)
