"""What TCP and UDP say in a captured packet: addresses, ports, flags, and as much of the content as is there."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from escalate.formats.pcap_layout import (
    COOKED,
    COOKED2,
    ETHERNET,
    EXTENSIONS,
    FRAGMENT,
    IP4,
    IP6,
    LOOP,
    MOST_VLANS,
    NULL,
    RAW,
    TCP,
    UDP,
    VLANS,
)

READABLE = RAW | {NULL, ETHERNET, LOOP, COOKED, COOKED2}
"""Link types that can be read."""

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
        while kind in VLANS and at < 14 + 4 * MOST_VLANS:
            kind, at = struct.unpack_from(">H", data, at + 2)[0], at + 4
        return kind, data[at:]
    if link == COOKED:
        return struct.unpack_from(">H", data, 14)[0], data[16:]
    if link == COOKED2:
        return struct.unpack_from(">H", data, 0)[0], data[20:]
    if link in (NULL, LOOP):
        return (IP4 if data[4] >> 4 == 4 else IP6), data[4:]
    if link in RAW:
        return (IP4 if data[0] >> 4 == 4 else IP6), data
    raise ValueError(link)


def _network(kind: int, data: bytes) -> Segment | None:
    if kind == IP4:
        head, total = (data[0] & 15) * 4, struct.unpack_from(">H", data, 2)[0]
        if head < 20 or struct.unpack_from(">H", data, 6)[0] & 0x1FFF:
            return None
        source, target = data[12:16], data[16:20]
        # a length of 0 is written by network cards that cut the packet themselves
        return _transport(data[9], data[head:], (total or len(data)) - head, source, target)
    if kind != IP6:
        return None
    protocol, at = data[6], 40
    while protocol in EXTENSIONS:
        if protocol == FRAGMENT and struct.unpack_from(">H", data, at + 2)[0] & 0xFFF8:
            return None
        protocol, at = data[at], at + (8 if protocol == FRAGMENT else 8 * (data[at + 1] + 1))
    size = struct.unpack_from(">H", data, 4)[0] - (at - 40)
    return _transport(protocol, data[at:], size, data[8:24], data[24:40])


def _transport(protocol: int, data: bytes, size: int, source: bytes, target: bytes) -> Segment | None:
    if protocol not in (TCP, UDP):
        return None
    ends = str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target))
    from_port, to_port = struct.unpack_from(">HH", data, 0)
    if protocol == UDP:
        return Segment(*ends, from_port, to_port, False, 0, 0, 0, max(0, size - 8), data[8:])
    seq, ack = struct.unpack_from(">II", data, 4)
    head = (data[12] >> 4) * 4
    return Segment(*ends, from_port, to_port, True, data[13], seq, ack, max(0, size - head), data[head:])
