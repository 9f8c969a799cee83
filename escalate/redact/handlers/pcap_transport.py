"""TCP, UDP and ICMP: headers stay; of the payload only DNS and the beginning of TLS, both with pseudonyms."""

from __future__ import annotations

import struct
from collections import Counter
from typing import NamedTuple

from escalate.formats.pcap_layout import DNS_PORT, ICMP, TCP_HEAD, UDP_HEAD
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_checksum import Covered, ones, renewed
from escalate.redact.handlers.pcap_dns import DnsMessages
from escalate.redact.handlers.pcap_names import NameMap
from escalate.redact.handlers.pcap_options import tcp_options
from escalate.redact.handlers.pcap_tls import TlsRecords

_PORTS = struct.Struct(">HH")
_WORD = struct.Struct(">H")


class Carried(NamedTuple):
    """What an IP packet carries."""

    protocol: int
    data: bytes
    """As far as it was captured."""
    length: int
    """Bytes it has."""
    addresses: int
    """Sum of the addresses of the pseudo header, before, modulo 65,535."""
    new_addresses: int
    closed: bool
    """Nothing above the transport is kept: a fragment, or a packet quoted in an error."""

    def covered(self, kept: bytes, field: int, *, zero: int = 0) -> Covered:
        """What the checksum covers, where `kept` has zeros in its place."""
        if self.protocol == ICMP:  # has no pseudo header
            return Covered(field, ones(self.data), ones(kept), whole=len(self.data) >= self.length and not self.closed)
        rest = self.protocol + self.length
        return Covered(
            field=field,
            before=(ones(self.data) + self.addresses + rest) % 65_535,
            after=(ones(kept) + self.new_addresses + rest) % 65_535,
            whole=len(self.data) >= self.length and not self.closed,
            pseudo=((self.addresses + rest) % 65_535, (self.addresses + self.protocol) % 65_535),
            new_pseudo=(self.new_addresses + rest) % 65_535,
            zero=zero,
        )


class Transport:
    """Rewrites what packets of one capture carry."""

    def __init__(self, names: NameMap, addresses: Addresses, counts: Counter[str]) -> None:
        self._addresses = addresses
        self._counts = counts
        self._unseen: Counter[str] = Counter()
        self._dns = DnsMessages(names, addresses)
        self._tls = TlsRecords(names)

    def tcp(self, packet: Carried) -> bytes:
        """What is kept of a TCP segment."""
        data = packet.data
        if len(data) < TCP_HEAD:
            return data[: len(data) & ~3]
        size = (data[12] >> 4) * 4
        kept = data[:16] + b"\0\0" + data[18:20]
        if TCP_HEAD <= size <= len(data):
            if size > TCP_HEAD:
                kept += tcp_options(data[TCP_HEAD:size], self._addresses)
            if len(data) > size and not packet.closed:
                kept += self._tcp_payload(data, data[size:], whole=len(data) >= packet.length)
        self._cut(data, kept)
        field = _WORD.unpack_from(data, 16)[0]
        checksum = renewed(packet.covered(kept, field), self._unseen if packet.closed else self._counts)
        return kept[:16] + _WORD.pack(checksum) + kept[18:]

    def _tcp_payload(self, head: bytes, payload: bytes, *, whole: bool) -> bytes:
        if DNS_PORT in _PORTS.unpack_from(head):
            size = int.from_bytes(payload[:2])
            if len(payload) < 2 or (whole and size != len(payload) - 2) or size < len(payload) - 2:
                return b""
            message = self._dns.rewritten(payload[2:], whole=whole)
            return payload[:2] + message if message else b""
        return self._tls.rewritten(payload)

    def udp(self, packet: Carried) -> bytes:
        """What is kept of a UDP datagram."""
        data = packet.data
        if len(data) < UDP_HEAD:
            return data[: len(data) & ~3]
        length, field = struct.unpack_from(">HH", data, 4)
        whole = len(data) >= packet.length
        kept = data[:6] + b"\0\0"
        if DNS_PORT in _PORTS.unpack_from(data) and not packet.closed:
            kept += self._dns.rewritten(data[UDP_HEAD : max(length, UDP_HEAD)], whole=whole)
        self._cut(data, kept)
        if not field:
            return kept
        checksum = renewed(packet.covered(kept, field, zero=0xFFFF), self._unseen if packet.closed else self._counts)
        return kept[:6] + _WORD.pack(checksum) + kept[8:]

    def _cut(self, data: bytes, kept: bytes) -> None:
        if len(kept) < len(data):
            self._counts["pcap-payload"] += 1
