"""Options and extension headers: numbers of the protocol stay, addresses are mapped, everything else becomes zeros."""

from __future__ import annotations

from escalate.redact.handlers.pcap_addresses import Addresses

_TCP_KEPT = {2: 4, 3: 3, 4: 2, 8: 10}
"""Maximum segment, window scale, SACK permitted, timestamps: kind and length."""
_SACK, _MPTCP = 5, 30
_ADD_ADDRESS = 3
_IP4_ROUTER_ALERT = 148
_JUMBO, _IP6_ROUTER_ALERT, _HOME_ADDRESS = 0xC2, 5, 0xC9
_ROUTES_OF_ADDRESSES = frozenset((0, 2))
_SEGMENT_ROUTE = 4


def tcp_options(data: bytes, addresses: Addresses) -> bytes:
    """The options of a TCP header (RFC 9293, 7323, 2018, 8684), as many bytes as before."""
    out, at = bytearray(len(data)), 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            break
        if kind == 1:
            out[at] = 1
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        if size < 2 or at + size > len(data):
            break
        if _TCP_KEPT.get(kind) == size or (kind == _SACK and size in (10, 18, 26, 34)):
            out[at : at + size] = data[at : at + size]
        else:
            out[at : at + 2] = data[at : at + 2]
            if kind == _MPTCP and size > 2:
                out[at + 2 : at + size] = _multipath(data[at + 2 : at + size], addresses)
        at += size
    return bytes(out)


def _multipath(body: bytes, addresses: Addresses) -> bytes:
    if body[0] >> 4 != _ADD_ADDRESS:
        return body
    if len(body) >= 18:
        return body[:2] + addresses.ip6[body[2:18]] + body[18:20] + bytes(max(0, len(body) - 20))
    if len(body) >= 6:
        return body[:2] + addresses.ip4[body[2:6]] + body[6:8] + bytes(max(0, len(body) - 8))
    return body[:1] + bytes(len(body) - 1)


def ip4_options(data: bytes) -> bytes:
    """The options of an IPv4 header: which there were, and the router alert; routes and stamps become zeros."""
    out, at = bytearray(len(data)), 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            break
        if kind == 1:
            out[at] = 1
            at += 1
            continue
        size = data[at + 1] if at + 1 < len(data) else 0
        if size < 2 or at + size > len(data):
            break
        kept = size if kind == _IP4_ROUTER_ALERT and size == 4 else 2
        out[at : at + kept] = data[at : at + kept]
        at += size
    return bytes(out)


def ip6_options(data: bytes, addresses: Addresses) -> bytes:
    """The options of a hop-by-hop or destination header (RFC 8200), without its first two bytes."""
    out, at = bytearray(len(data)), 0
    while at < len(data):
        kind = data[at]
        if kind == 0:
            at += 1
            continue
        if at + 1 >= len(data) or at + 2 + data[at + 1] > len(data):
            break
        size = data[at + 1]
        first, stop = at + 2, at + 2 + size
        out[at:first] = data[at:first]
        if (kind == _JUMBO and size == 4) or (kind == _IP6_ROUTER_ALERT and size == 2):
            out[first:stop] = data[first:stop]
        elif kind == _HOME_ADDRESS and size == 16:
            out[first:stop] = addresses.ip6[data[first:stop]]
        at = stop
    return bytes(out)


def ip6_route(data: bytes, addresses: Addresses) -> tuple[bytes, int]:
    """A routing header, and where in it the last destination stands; 0: the one of the packet is the last."""
    kind, left = data[2], data[3]
    out = bytearray(data[:4] + bytes(len(data) - 4))
    count = 0
    if kind in _ROUTES_OF_ADDRESSES:
        count = (len(data) - 8) // 16
    elif kind == _SEGMENT_ROUTE:
        out[4:8] = data[4:8]
        count = min(data[4] + 1, (len(data) - 8) // 16)
    for number in range(count):
        first = 8 + 16 * number
        out[first : first + 16] = addresses.ip6[data[first : first + 16]]
    if not left or not count:
        return bytes(out), 0
    return bytes(out), 8 if kind == _SEGMENT_ROUTE else 8 + 16 * (count - 1)
