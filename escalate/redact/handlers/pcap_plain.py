"""The short way for most packets of any capture: TCP over IPv4 with nothing in it, and right checksums."""

from __future__ import annotations

import struct
from collections import Counter

from escalate.redact.handlers.pcap_addresses import Addresses
from escalate.redact.handlers.pcap_checksum import ones

_REMEMBERED = 1 << 17
_HEADS = struct.Struct(">BxH2xH2sH8s16xH")
"""IPv4 and TCP: version, total length, fragment, lifetime and protocol, checksum, addresses, checksum of TCP."""
_LEAST, _SIZES, _TCP = 40, (40, 52), 6
_SUMS = struct.Struct(">H")
_STAMPED = b"\x01\x01\x08\x0a"
"""The options of most segments: two paddings and a timestamp."""


class PlainPackets:
    """Rewrites what is plain in one capture."""

    def __init__(self, addresses: Addresses, counts: Counter[str]) -> None:
        self._addresses = addresses
        self._counts = counts
        self._pairs: dict[bytes, tuple[bytes, int, int]] = {}

    def rewritten(self, data: bytes) -> bytes | None:
        """The packet, or None: it is not plain, and must be looked at closely."""
        if len(data) < _LEAST:
            return None
        begin, size, fragment, middle, checksum, pair, tcp_checksum = _HEADS.unpack_from(data)
        if size not in _SIZES or begin != 0x45 or fragment & 0x3FFF or middle[1] != _TCP or len(data) < size:
            return None
        if len(data) > size:
            data = data[:size]  # padding of the frame
        head = size - 20
        if data[32] >> 4 != head >> 2 or (size == 52 and data[40:44] != _STAMPED):
            return None
        known = self._pairs.get(pair) or self._pair(pair)
        new, old_sum, change = known
        if ones(data[:20]) or (ones(data[20:]) + old_sum + 6 + head) % 65_535:
            return None
        self._counts["pcap-checksum-good"] += 2
        pack = _SUMS.pack
        return b"".join(
            (
                data[:10],
                pack((checksum + change) % 65_535),
                new,
                data[20:36],
                pack((tcp_checksum + change) % 65_535),
                data[38:],
            )
        )

    def _pair(self, pair: bytes) -> tuple[bytes, int, int]:
        """New addresses, the sum of the old ones, and by how much checksums change."""
        if len(self._pairs) >= _REMEMBERED:
            self._pairs.clear()
        new = self._addresses.ip4[pair[:4]] + self._addresses.ip4[pair[4:]]
        known = self._pairs[pair] = new, ones(pair), ones(pair) - ones(new)
        return known
