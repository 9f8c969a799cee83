"""The classic capture file (libpcap 2.4): a header, and packets with 16 bytes before each."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.pcap_link import Links
from escalate.redact.handlers.pcap_stream import LONGEST, Window
from escalate.redact.handlers.registry import CannotRedact

HEADER = 24
_RECORD = 16
_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_LINK = 0xFFFF
"""Bits of the link type; the others say how long a frame check sequence is, which goes with the payload."""
_FLUSH = 1 << 20


class Packet(NamedTuple):
    """One packet."""

    link: int
    stamp: bytes
    """Its time, and the interface it was captured on, as the file has them."""
    size: int
    """Bytes on the wire."""
    data: bytes


class Classic:
    """Reads one file."""

    def __init__(self, source: Source) -> None:
        self.cut = False
        """Whether the last packet is not whole, as when the capture was killed."""
        self._window = window = Window(source)
        if not window.has(HEADER) or window.data[:4] not in _MAGICS:
            raise CannotRedact("the header of the capture is cut off or none we know")
        order, self._fraction = _MAGICS[window.data[:4]]
        if struct.unpack_from(order + "HH", window.data, 4) != (2, 4):
            raise CannotRedact("it is no capture of version 2.4")
        self._record = struct.Struct(order + "IIII")
        self._lengths = struct.Struct(order + "II")
        self._header = window.data[:20]
        self._network = struct.Struct(order + "I")
        self.link = self._network.unpack_from(window.data, 20)[0] & _LINK
        window.at = HEADER

    def packets(self) -> Iterator[Packet]:
        """All packets.

        Raises:
            CannotRedact: one of them cannot be a packet.
        """
        for stamp, size, data in self._records():
            yield Packet(self.link, stamp, size, data)

    def copy(self, sink: Sink, links: Links) -> None:
        """Write the file with every packet rewritten."""
        rewrite, lengths = links.of(self.link), self._lengths.pack
        sink.write(self._header + self._network.pack(self.link))
        out: list[bytes] = []
        waiting = 0
        for stamp, size, data in self._records():
            kept = rewrite(data, size)
            out += (stamp, lengths(len(kept), size), kept)
            waiting += len(kept) + _RECORD
            if waiting > _FLUSH:
                sink.write(b"".join(out))
                out.clear()
                waiting = 0
        sink.write(b"".join(out))

    def _records(self) -> Iterator[tuple[bytes, int, bytes]]:
        window, unpack, fraction = self._window, self._record.unpack_from, self._fraction
        while window.has(_RECORD):
            data, at, end = window.data, window.at, len(window.data) - _RECORD
            while at <= end:
                _, part, length, size = unpack(data, at)
                if part >= fraction or length > LONGEST or size > LONGEST:
                    raise CannotRedact("the header of a packet is broken")
                first = at + _RECORD
                after = first + length
                if after > end + _RECORD:
                    break
                window.at = after
                yield data[at : at + 8], size, data[first:after]
                at = after
            if at <= end and not window.has(_RECORD + length):
                self.cut = True
                return
        self.cut = window.rest() > 0
