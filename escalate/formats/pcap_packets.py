"""Decodes captured packets as far as TCP, UDP and ICMP; what is cut off or unknown gives nothing."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from escalate.formats.pcap_frames import Frame
from escalate.formats.pcap_layout import (
    COOKED,
    COOKED2,
    ETHERNET,
    EXTENSIONS,
    FAMILY4,
    FAMILY6,
    FRAGMENT,
    HARDWARE,
    HEAD4,
    HEAD6,
    ICMP,
    ICMP6,
    IP4,
    IP6,
    LOOP,
    MOST_VLANS,
    NULL,
    RAW,
    TCP,
    TCP_HEAD,
    UDP,
    UDP_HEAD,
    VLANS,
)

FIN, SYN, RST, ACK = 1, 2, 4, 16
READABLE = RAW | {NULL, ETHERNET, LOOP, COOKED, COOKED2}
"""Link types that can be read."""


class Packet(NamedTuple):
    """What an IP packet carries."""

    number: int
    at: int
    """Nanoseconds since 1970, UTC."""
    protocol: int
    source: bytes
    target: bytes
    from_port: int
    to_port: int
    flags: int
    """TCP flags; of ICMP the type."""
    seq: int
    """TCP sequence number; of ICMP the code."""
    ack: int
    length: int
    """Bytes of payload on the wire."""
    payload: bytes
    """As far as it was captured."""


class _Carried(NamedTuple):
    protocol: int
    source: bytes
    target: bytes
    data: bytes
    length: int


def decode(frame: Frame) -> Packet | None:
    """The packet of a frame; None for other protocols, later fragments, and what is cut off before it tells."""
    try:
        found = _network(frame.link, frame.data)
        if found is None:
            return None
        protocol, at = found
        data, size = frame.data[at:], max(frame.size - at, 0)
        version = data[0] >> 4
        if protocol == IP4 and version == 4:
            carried = _ip4(data, size)
        elif protocol == IP6 and version == 6:
            carried = _ip6(data, size)
        else:
            return None
        return _transport(frame, carried) if carried else None
    except (IndexError, struct.error):
        return None  # shorter than its headers say


def address(packed: bytes) -> str:
    """An address as text."""
    return str(ipaddress.ip_address(packed))


def endpoint(packed: bytes, port: int) -> str:
    """`203.0.113.5:443` or `[2001:db8::1]:443`."""
    return f"{address(packed)}:{port}" if len(packed) == 4 else f"[{address(packed)}]:{port}"


def _network(link: int, data: bytes) -> tuple[int, int] | None:
    """The Ethernet protocol of what is carried, and where it begins."""
    if link == ETHERNET:
        at, protocol = 14, _word(data, 12)
        while protocol in VLANS and at < 14 + 4 * MOST_VLANS:
            protocol, at = _word(data, at + 2), at + 4
        return protocol, at
    if link == COOKED:
        return (_word(data, 14), 16) if _word(data, 2) in HARDWARE else None
    if link == COOKED2:
        return (_word(data, 0), 20) if _word(data, 8) in HARDWARE else None
    if link in (NULL, LOOP):
        families = {int.from_bytes(data[:4], "big"), int.from_bytes(data[:4], "little")}
        return (IP4, 4) if FAMILY4 in families else (IP6, 4) if families & FAMILY6 else None
    if link in RAW:
        return (IP4 if data[0] >> 4 == 4 else IP6), 0
    return None


def _word(data: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", data, at)[0])


def _ip4(data: bytes, size: int) -> _Carried | None:
    head = (data[0] & 15) * 4
    total, _, fragment = struct.unpack_from(">HHH", data, 2)
    total = total or size  # a card that cuts segments itself gets them without a length
    if head < HEAD4 or len(data) < HEAD4 or fragment & 0x1FFF or total < head:
        return None
    return _Carried(data[9], data[12:16], data[16:20], data[head:total], total - head)


def _ip6(data: bytes, size: int) -> _Carried | None:
    if len(data) < HEAD6:
        return None
    total = (_word(data, 4) or max(size - HEAD6, 0)) + HEAD6
    following, at = data[6], HEAD6
    while following in EXTENSIONS:
        if following == FRAGMENT and _word(data, at + 2) & 0xFFF8:
            return None
        following, at = data[at], at + (8 if following == FRAGMENT else 8 * (data[at + 1] + 1))
    if at > total:
        return None
    return _Carried(following, data[8:24], data[24:40], data[at:total], total - at)


def _transport(frame: Frame, carried: _Carried) -> Packet | None:
    data, ends = carried.data, (carried.protocol, carried.source, carried.target)
    if carried.protocol == TCP:
        ports = struct.unpack_from(">HH", data)
        seq, ack = struct.unpack_from(">II", data, 4)
        head = (data[12] >> 4) * 4
        if head < TCP_HEAD or head > carried.length:
            return None
        return Packet(
            frame.number, frame.at, *ends, *ports, data[13], seq, ack, carried.length - head, data[head : head + 2048]
        )
    if carried.protocol == UDP:
        ports = struct.unpack_from(">HH", data)
        length = max(min(_word(data, 4), carried.length) - UDP_HEAD, 0)
        return Packet(frame.number, frame.at, *ends, *ports, 0, 0, 0, length, data[UDP_HEAD : UDP_HEAD + length])
    if carried.protocol in (ICMP, ICMP6):
        return Packet(frame.number, frame.at, *ends, 0, 0, data[0], data[1], 0, carried.length, b"")
    return None
