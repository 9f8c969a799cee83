"""Link layers of captures: Ethernet with VLANs, Linux cooked, raw IP, loopback."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable

from escalate.formats.pcap_layout import (
    COOKED,
    COOKED2,
    ETHERNET,
    FAMILY4,
    FAMILY6,
    HARDWARE,
    IP4,
    IP6,
    LOOP,
    MOST_VLANS,
    NULL,
    RAW,
    VLANS,
)
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_names import NameMap
from escalate.redact.handlers.pcap_network import Network
from escalate.redact.handlers.registry import CannotRedact

_WORD = struct.Struct(">H")

Rewrite = Callable[[bytes, int], bytes]


class Links:
    """Rewrites packets of one capture, whatever their link layer."""

    def __init__(self, names: NameMap, addresses: Addresses, counts: Counter[str]) -> None:
        self._mac = addresses.mac
        self._counts = counts
        self._network = Network(names, addresses, counts)

    def of(self, link: int) -> Rewrite:
        """What rewrites packets of a link type: it takes the captured bytes and the length on the wire.

        Raises:
            CannotRedact: the type is none we know.
        """
        if link in RAW:
            return self._network.ip
        known: dict[int, Rewrite] = {
            ETHERNET: self._ethernet,
            COOKED: self._cooked,
            COOKED2: self._cooked2,
            NULL: self._loopback,
            LOOP: self._loopback,
        }
        if link not in known:
            raise CannotRedact(f"it was captured on a link of type {link}, whose packets cannot be read yet")
        return known[link]

    def _ethernet(self, data: bytes, size: int) -> bytes:
        if len(data) < 14:
            return self._nothing(data)
        at, protocol = 14, _WORD.unpack_from(data, 12)[0]
        while protocol in VLANS and len(data) >= at + 4 and at < 14 + 4 * MOST_VLANS:
            protocol, at = _WORD.unpack_from(data, at + 2)[0], at + 4
        head = self._mac[data[:6]] + self._mac[data[6:12]] + data[12:at]
        return head + self._inner(protocol, data[at:], size - at)

    def _cooked(self, data: bytes, size: int) -> bytes:
        if len(data) < 16:
            return self._nothing(data)
        hardware, length = struct.unpack_from(">HH", data, 2)
        head = data[:6] + self._station(length, data[6:14]) + data[14:16]
        protocol = _WORD.unpack_from(data, 14)[0] if hardware in HARDWARE else 0
        return head + self._inner(protocol, data[16:], size - 16)

    def _cooked2(self, data: bytes, size: int) -> bytes:
        if len(data) < 20:
            return self._nothing(data)
        hardware = _WORD.unpack_from(data, 8)[0]
        head = data[:12] + self._station(data[11], data[12:20])
        protocol = _WORD.unpack_from(data, 0)[0] if hardware in HARDWARE else 0
        return head + self._inner(protocol, data[20:], size - 20)

    def _station(self, length: int, address: bytes) -> bytes:
        return self._mac[address[:6]] + bytes(2) if length == 6 else bytes(8)

    def _loopback(self, data: bytes, size: int) -> bytes:
        if len(data) < 4:
            return self._nothing(data)
        families = {int.from_bytes(data[:4], "big"), int.from_bytes(data[:4], "little")}
        protocol = IP4 if FAMILY4 in families else IP6 if families & FAMILY6 else 0
        return data[:4] + self._inner(protocol, data[4:], size - 4)

    def _inner(self, protocol: int, data: bytes, size: int) -> bytes:
        kept = self._network.packet(protocol, data, size)
        if data and not kept:
            self._counts["pcap-payload"] += 1
        return kept

    def _nothing(self, data: bytes) -> bytes:
        if data:
            self._counts["pcap-payload"] += 1
        return b""
