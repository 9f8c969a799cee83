"""The classic capture file (libpcap 2.4): a header, and packets with 16 bytes before each."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from escalate.formats.pcap_layout import CLASSIC, CLASSIC_HEADER, CLASSIC_RECORD, LINK_BITS
from escalate.formats.pcap_window import LONGEST, Window
from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.pcap_link import Links
from escalate.redact.handlers.registry import CannotRedact

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
        if not window.has(CLASSIC_HEADER) or window.data[:4] not in CLASSIC:
            raise CannotRedact("the header of the capture is cut off or none we know")
        order, self._fraction = CLASSIC[window.data[:4]]
        if struct.unpack_from(order + "HH", window.data, 4) != (2, 4):
            raise CannotRedact("it is no capture of version 2.4")
        self._record = struct.Struct(order + "IIII")
        self._lengths = struct.Struct(order + "II")
        self._header = window.data[:20]
        self._network = struct.Struct(order + "I")
        self.link = self._network.unpack_from(window.data, 20)[0] & LINK_BITS
        window.at = CLASSIC_HEADER

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
            waiting += len(kept) + CLASSIC_RECORD
            if waiting > _FLUSH:
                sink.write(b"".join(out))
                out.clear()
                waiting = 0
        sink.write(b"".join(out))

    def _records(self) -> Iterator[tuple[bytes, int, bytes]]:
        window, unpack, fraction = self._window, self._record.unpack_from, self._fraction
        while window.has(CLASSIC_RECORD):
            data, at, end = window.data, window.at, len(window.data) - CLASSIC_RECORD
            while at <= end:
                _, part, length, size = unpack(data, at)
                if part >= fraction or length > LONGEST or size > LONGEST:
                    raise CannotRedact("the header of a packet is broken")
                first = at + CLASSIC_RECORD
                after = first + length
                if after > end + CLASSIC_RECORD:
                    break
                window.at = after
                yield data[at : at + 8], size, data[first:after]
                at = after
            if at <= end and not window.has(CLASSIC_RECORD + length):
                self.cut = True
                return
        self.cut = window.rest() > 0
