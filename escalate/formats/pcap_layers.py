"""What TCP and UDP say in a captured packet: addresses, ports, flags, and as much of the content as is there."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

ETHERNET, RAW, NULL, COOKED, COOKED2 = 1, 101, 0, 113, 276
_OTHER_RAW = (12, 14, 228, 229)
_IP4, _IP6 = 0x0800, 0x86DD
_VLAN = (0x8100, 0x88A8, 0x9100)
_SKIPPED = frozenset({0, 43, 60})
"""IPv6 headers between address and content: hop-by-hop, routing, destination."""

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment or UDP datagram. `size` is the length of its content on the wire."""

    source: str
    target: str
    source_port: int
    target_port: int
    is_tcp: bool
    flags: int
    seq: int
    ack: int
    size: int
    content: bytes


def segment_of(link: int, data: bytes) -> Segment | None:
    """The segment in a packet; None for other protocols, later fragments, and what is cut off or broken."""
    try:
        return _network(*_below(link, data))
    except (struct.error, IndexError, ValueError):
        return None


def _below(link: int, data: bytes) -> tuple[int, bytes]:
    if link == ETHERNET:
        kind, at = struct.unpack_from(">H", data, 12)[0], 14
        while kind in _VLAN:
            kind, at = struct.unpack_from(">H", data, at + 2)[0], at + 4
        return kind, data[at:]
    if link == COOKED:
        return struct.unpack_from(">H", data, 14)[0], data[16:]
    if link == COOKED2:
        return struct.unpack_from(">H", data, 0)[0], data[20:]
    if link == NULL:
        return (_IP4 if data[4] >> 4 == 4 else _IP6), data[4:]
    if link == RAW or link in _OTHER_RAW:
        return (_IP4 if data[0] >> 4 == 4 else _IP6), data
    raise ValueError(link)


def _network(kind: int, data: bytes) -> Segment | None:
    if kind == _IP4:
        head, total = (data[0] & 15) * 4, struct.unpack_from(">H", data, 2)[0]
        if head < 20 or struct.unpack_from(">H", data, 6)[0] & 0x1FFF:
            return None
        source, target = data[12:16], data[16:20]
        # a length of 0 is written by network cards that cut the packet themselves
        return _transport(data[9], data[head:], (total or len(data)) - head, source, target)
    if kind != _IP6:
        return None
    protocol, at = data[6], 40
    while protocol in _SKIPPED:
        protocol, at = data[at], at + 8 * (data[at + 1] + 1)
    size = struct.unpack_from(">H", data, 4)[0] - (at - 40)
    return _transport(protocol, data[at:], size, data[8:24], data[24:40])


def _transport(protocol: int, data: bytes, size: int, source: bytes, target: bytes) -> Segment | None:
    names = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target))
    if protocol == 6:
        ports = struct.unpack_from(">HH", data, 0)
        seq, ack = struct.unpack_from(">II", data, 4)
        head = (data[12] >> 4) * 4
        return Segment(*names, *ports, True, data[13], seq, ack, max(0, size - head), data[head:])
    if protocol == 17:
        ports = struct.unpack_from(">HH", data, 0)
        return Segment(*names, *ports, False, 0, 0, 0, max(0, size - 8), data[8:])
    return None
