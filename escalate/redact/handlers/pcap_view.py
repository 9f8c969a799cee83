"""What a tool sees of a packet without its payload: a reader of its own, to compare before and after."""

from __future__ import annotations

from escalate.formats.pcap_layout import COOKED, COOKED2, ETHERNET, LOOP, NULL

_VLANS = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
_IP4, _IP6 = b"\x08\x00", b"\x86\xdd"
_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_EXTENSIONS = frozenset((0, 43, 44, 60))

View = tuple[bytes, ...]


def view(link: int, data: bytes) -> View:
    """Protocols, ports, flags, sequence and acknowledgement numbers, windows, types and codes, as far as captured."""
    if link == ETHERNET:
        at = 14
        while data[at - 2 : at] in _VLANS and len(data) >= at + 4 and at < 30:
            at += 4
        return (data[12:at], *_network(data[at - 2 : at], data, at)) if len(data) >= 14 else ()
    if link == COOKED:
        return (data[:6], *_network(data[14:16], data, 16)) if len(data) >= 16 else ()
    if link == COOKED2:
        return (data[:12], *_network(data[:2], data, 20)) if len(data) >= 20 else ()
    if link in (NULL, LOOP):
        return (data[:4], *_ip(data, 4)) if len(data) >= 4 else ()
    return _ip(data, 0)


def _network(protocol: bytes, data: bytes, at: int) -> View:
    if protocol in (_IP4, _IP6):
        return _ip(data, at)
    return (data[at : at + 8],) if protocol == b"\x08\x06" and len(data) >= at + 28 else ()


def _ip(data: bytes, at: int) -> View:
    version = data[at] >> 4 if len(data) > at else 0
    if version == 4:
        first = at + (data[at] & 15) * 4
        if first < at + 20 or len(data) < first:
            return ()
        total = int.from_bytes(data[at + 2 : at + 4])
        stop = at + total if total else len(data)
        head = data[at : at + 10]
        return (head,) if data[at + 6] & 0x1F or data[at + 7] else (head, *_carried(data[at + 9], data[first:stop]))
    if version == 6 and len(data) >= at + 40:
        return (data[at : at + 8], *_behind(data, at))
    return ()


def _behind(data: bytes, at: int) -> View:
    """Behind an IPv6 header."""
    following, place = data[at + 6], at + 40
    total = int.from_bytes(data[at + 4 : at + 6])
    stop = place + total if total else len(data)
    while following in _EXTENSIONS and len(data) >= place + 8:
        if following == 44 and int.from_bytes(data[place + 2 : place + 4]) >> 3:
            return (data[place : place + 8],)
        following, place = data[place], place + (8 if following == 44 else 8 * (data[place + 1] + 1))
    return _carried(following, data[place:stop]) if following not in _EXTENSIONS else ()


def _carried(protocol: int, data: bytes) -> View:
    if protocol == _TCP:
        return (data[:16], data[18:20]) if len(data) >= 20 else (data[: len(data) & ~3],)
    if protocol == _UDP:
        return (data[:6],) if len(data) >= 8 else (data[: len(data) & ~3],)
    if protocol in (_ICMP, _ICMP6):
        return (data[:2],) if len(data) >= 4 else ()
    return (bytes([protocol]),)
