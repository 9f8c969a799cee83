"""IPv4, IPv6 and ARP: every header stays, with the addresses mapped."""

from __future__ import annotations

import struct
from collections import Counter

from escalate.formats.pcap_layout import (
    ARP,
    DESTINATION,
    FRAGMENT,
    HEAD4,
    HEAD6,
    HOP_BY_HOP,
    ICMP,
    ICMP6,
    IP4,
    IP6,
    ROUTE,
    TCP,
    UDP,
)
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_checksum import Covered, ones, renewed
from escalate.redact.handlers.pcap_icmp import Messages
from escalate.redact.handlers.pcap_names import NameMap
from escalate.redact.handlers.pcap_options import ip4_options, ip6_options, ip6_route
from escalate.redact.handlers.pcap_plain import PlainPackets
from escalate.redact.handlers.pcap_transport import Carried, Transport

_WORD = struct.Struct(">H")
_ARP_ETHERNET = bytes.fromhex("000108000604")
_ARP_SIZE = 28


class Network:
    """Rewrites packets of one capture from the network layer on."""

    def __init__(self, names: NameMap, addresses: Addresses, counts: Counter[str]) -> None:
        self._addresses = addresses
        self._counts = counts
        self._unseen: Counter[str] = Counter()
        self._plain = PlainPackets(addresses, counts)
        self._transport = Transport(names, addresses, counts)
        self._messages = Messages(addresses, counts, self._quoted)

    def packet(self, protocol: int, data: bytes, size: int) -> bytes:
        """What is kept of a packet of an Ethernet protocol; `size`: bytes it had on the wire."""
        if protocol in (IP4, IP6):
            plain = self._plain.rewritten(data)
            return self.ip(data, size) if plain is None else plain
        return self._arp(data) if protocol == ARP else b""

    def ip(self, data: bytes, size: int, *, closed: bool = False) -> bytes:
        """What is kept of an IP packet; of a `closed` one nothing above its transport header."""
        version = data[0] >> 4 if data else 0
        if version == 4:
            return self._ip4(data, size, closed=closed)
        return self._ip6(data, size, closed=closed) if version == 6 else b""

    def _quoted(self, data: bytes) -> bytes:
        return self.ip(data, len(data), closed=True)

    def _arp(self, data: bytes) -> bytes:
        if len(data) < _ARP_SIZE or not data.startswith(_ARP_ETHERNET):
            return b""
        mac, ip4 = self._addresses.mac, self._addresses.ip4
        return data[:8] + mac[data[8:14]] + ip4[data[14:18]] + mac[data[18:24]] + ip4[data[24:28]]

    def _ip4(self, data: bytes, size: int, *, closed: bool) -> bytes:
        head = (data[0] & 15) * 4
        if head < HEAD4 or len(data) < max(head, HEAD4):
            return b""
        total, _, fragment = struct.unpack_from(">HHH", data, 2)
        total = total or size  # a card that cuts segments itself gets them without a length
        old = data[12:20]
        new = self._addresses.ip4[data[12:16]] + self._addresses.ip4[data[16:20]]
        kept = data[:10] + b"\0\0" + new
        if head > HEAD4:
            kept += ip4_options(data[HEAD4:head])
        field = _WORD.unpack_from(data, 10)[0]
        if field or not ones(data[:head]):
            covered = Covered(field=field, before=ones(data[:head]), after=ones(kept), whole=True)
            kept = kept[:10] + _WORD.pack(renewed(covered, self._unseen if closed else self._counts)) + kept[12:]
        if fragment & 0x1FFF or total <= head:
            self._cut(data, head)
            return kept
        closed = closed or bool(fragment & 0x2000)
        carried = Carried(data[9], data[head:total], total - head, ones(old), ones(new), closed)
        return kept + self._carried(carried)

    def _ip6(self, data: bytes, size: int, *, closed: bool) -> bytes:
        if len(data) < HEAD6:
            return b""
        ip6 = self._addresses.ip6
        total = (_WORD.unpack_from(data, 4)[0] or max(size - HEAD6, 0)) + HEAD6
        source, target = data[8:24], data[24:40]
        kept = data[:8] + ip6[source] + ip6[target]
        following, at = data[6], HEAD6
        while following in (HOP_BY_HOP, ROUTE, FRAGMENT, DESTINATION):
            length = 8 if following == FRAGMENT else 8 * (data[at + 1] + 1) if at + 2 <= len(data) else 8
            header = data[at : at + length]
            if len(header) < length or at + length > total:
                self._cut(data, at)
                return kept
            if following == FRAGMENT:
                kept += header
                place = _WORD.unpack_from(header, 2)[0]
                if place & 0xFFF8:
                    self._cut(data, at + length)
                    return kept
                closed = closed or bool(place & 1)
            elif following == ROUTE:
                route, last = ip6_route(header, self._addresses)
                kept += route
                target = header[last : last + 16] if last else target
            else:
                kept += header[:2] + ip6_options(header[2:], self._addresses)
            following, at = header[0], at + length
        if total <= at:
            self._cut(data, at)
            return kept
        sums = ones(source + target), ones(ip6[source] + ip6[target])
        return kept + self._carried(Carried(following, data[at:total], total - at, *sums, closed))

    def _carried(self, packet: Carried) -> bytes:
        if packet.protocol == TCP:
            return self._transport.tcp(packet)
        if packet.protocol == UDP:
            return self._transport.udp(packet)
        if packet.protocol in (ICMP, ICMP6):
            return self._messages.rewritten(packet)
        self._cut(packet.data, 0)
        return b""

    def _cut(self, data: bytes, kept: int) -> None:
        if len(data) > kept:
            self._counts["pcap-payload"] += 1
