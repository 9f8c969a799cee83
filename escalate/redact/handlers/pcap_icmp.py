"""ICMP and ICMPv6: types, codes and numbers stay, addresses are mapped, also those of the packets that errors quote."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable

from escalate.formats.pcap_layout import ICMP6
from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_checksum import renewed
from escalate.redact.handlers.pcap_transport import Carried

_WORD = struct.Struct(">H")
_HEAD = 8
_ERRORS = frozenset((3, 4, 5, 11, 12))
_REDIRECT = 5
_PLAIN = frozenset((0, 8, 13, 14, 17, 18))
_ERRORS6 = frozenset((1, 2, 3, 4))
_PLAIN6 = frozenset((128, 129, 133))
_LISTENERS6 = frozenset((130, 131, 132))
_ROUTER6, _SOLICIT6, _ADVERTISE6, _REDIRECT6 = 134, 135, 136, 137
_LINK_ADDRESSES, _PREFIX, _MTU = frozenset((1, 2)), 3, 5

Quoted = Callable[[bytes], bytes]


class Messages:
    """Rewrites ICMP messages of one capture; `quoted` rewrites an IP packet inside of one."""

    def __init__(self, addresses: Addresses, counts: Counter[str], quoted: Quoted) -> None:
        self._addresses = addresses
        self._counts = counts
        self._unseen: Counter[str] = Counter()
        self._quoted = quoted

    def rewritten(self, packet: Carried) -> bytes:
        """What is kept of a message."""
        data = packet.data
        if len(data) < 4:
            return b""
        body = self._body6(packet) if packet.protocol == ICMP6 else self._body4(packet)
        kept = data[:2] + b"\0\0" + body
        if len(kept) < len(data):
            self._counts["pcap-payload"] += 1
        covered = packet.covered(kept, _WORD.unpack_from(data, 2)[0])
        checksum = renewed(covered, self._unseen if packet.closed else self._counts)
        return data[:2] + _WORD.pack(checksum) + body

    def _body4(self, packet: Carried) -> bytes:
        data, kind = packet.data, packet.data[0]
        if len(data) < _HEAD or kind not in _ERRORS | _PLAIN:
            return b""
        rest = self._addresses.ip4[data[4:8]] if kind == _REDIRECT else data[4:8]
        if kind in _ERRORS and not packet.closed:
            return rest + self._quoted(data[_HEAD : packet.length])
        return rest

    def _body6(self, packet: Carried) -> bytes:
        data, kind = packet.data, packet.data[0]
        if len(data) < _HEAD:
            return b""
        if kind in _ERRORS6:
            return data[4:8] if packet.closed else data[4:8] + self._quoted(data[_HEAD : packet.length])
        if kind in _PLAIN6:
            return data[4:8]
        if packet.closed:
            return b""
        if kind == _ROUTER6 and len(data) >= 16:
            return data[4:16] + self._options(data[16 : packet.length])
        targets = 1 if kind in _LISTENERS6 or kind in (_SOLICIT6, _ADVERTISE6) else 2 if kind == _REDIRECT6 else 0
        if not targets or len(data) < _HEAD + 16 * targets:
            return b""
        out = data[4:8]
        for first in range(_HEAD, _HEAD + 16 * targets, 16):
            out += self._addresses.ip6[data[first : first + 16]]
        return out if kind in _LISTENERS6 else out + self._options(data[_HEAD + 16 * targets : packet.length])

    def _options(self, data: bytes) -> bytes:
        """Neighbour discovery (RFC 4861): link addresses and prefixes are mapped; the first unknown option ends it."""
        out = bytearray()
        while len(out) + 8 <= len(data):
            at = len(out)
            kind, size = data[at], 8 * data[at + 1]
            if not size or at + size > len(data):
                break
            if kind in _LINK_ADDRESSES and size == 8:
                out += data[at : at + 2] + self._addresses.mac[data[at + 2 : at + 8]]
            elif kind == _PREFIX and size == 32:
                out += data[at : at + 16] + self._addresses.ip6[data[at + 16 : at + 32]]
            elif kind == _MTU and size == 8:
                out += data[at : at + 8]
            else:
                break
        return bytes(out)
