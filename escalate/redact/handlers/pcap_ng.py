"""The pcapng capture file: sections of blocks; secrets for decryption and blocks of unknown makers are left out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.formats.pcap_layout import (
    BLOCK_LEAST,
    INTERFACE,
    MOST_INTERFACES,
    NAMES,
    NG_MAGIC,
    NG_ORDERS,
    OLD_PACKET,
    PACKET,
    SECTION,
    SIMPLE,
    STATISTICS,
)
from escalate.formats.pcap_window import LONGEST, Window
from escalate.redact.engine import Sink, Source
from escalate.redact.handlers.pcap_classic import Packet
from escalate.redact.handlers.pcap_link import Links
from escalate.redact.handlers.pcap_options_ng import Cleaner, padded
from escalate.redact.handlers.registry import CannotRedact

_UNKNOWN_LENGTH = b"\xff" * 8


@dataclass(frozen=True, slots=True)
class _Block:
    kind: int
    order: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    longest: int


class NextGeneration:
    """Reads one file."""

    def __init__(self, source: Source) -> None:
        self.cut = False
        """Whether the last block is not whole."""
        self._window = Window(source)
        self._interfaces: list[_Interface] = []

    def packets(self) -> Iterator[Packet]:
        """All packets.

        Raises:
            CannotRedact: a block is broken.
        """
        for block in self._blocks():
            if block.kind in (PACKET, OLD_PACKET, SIMPLE):
                yield self._packet(block)[0]

    def copy(self, sink: Sink, links: Links, cleaner: Cleaner) -> None:
        """Write the file with every packet rewritten, and without the blocks that may not leave."""
        for block in self._blocks():
            body = self._rewritten(block, links, cleaner)
            if body is None:
                cleaner.counts["pcap-block"] += 1
                continue
            length = struct.pack(block.order + "I", len(body) + BLOCK_LEAST)
            sink.write(struct.pack(block.order + "I", block.kind) + length + body + length)

    def _blocks(self) -> Iterator[_Block]:
        window, order = self._window, ""
        while window.has(BLOCK_LEAST):
            start = window.data[window.at : window.at + BLOCK_LEAST]
            if start.startswith(NG_MAGIC):
                order = NG_ORDERS.get(start[8:12], "")
                self._interfaces = []
            if not order:
                raise CannotRedact("it does not begin as a pcapng file does")
            kind, length = struct.unpack_from(order + "II", start)
            if length < BLOCK_LEAST or length % 4 or length > LONGEST:
                raise CannotRedact("a block of the capture has an impossible length")
            if not window.has(length):
                self._ends(first=kind == SECTION)
                return
            raw = window.data[window.at : window.at + length]
            if raw[-4:] != raw[4:8]:
                raise CannotRedact("a block of the capture does not end as it begins")
            window.at += length
            block = _Block(kind, order, raw[8:-4])
            self._note(block)
            yield block
        self.cut = window.rest() > 0
        if not order:
            raise CannotRedact("its first block is cut off")

    def _ends(self, *, first: bool) -> None:
        if first:
            raise CannotRedact("a section of the capture is cut off where it begins")
        self.cut = True

    def _note(self, block: _Block) -> None:
        if block.kind == SECTION:
            if len(block.body) < 16 or struct.unpack_from(block.order + "H", block.body, 4)[0] != 1:
                raise CannotRedact("it is no pcapng of version 1")
        elif block.kind == INTERFACE:
            if len(block.body) < 8 or len(self._interfaces) >= MOST_INTERFACES:
                raise CannotRedact("an interface of the capture is broken")
            link, longest = struct.unpack_from(block.order + "H2xI", block.body)
            self._interfaces.append(_Interface(link, longest))

    def _packet(self, block: _Block) -> tuple[Packet, bytes]:
        """The packet of a block, and the options behind it."""
        body, order = block.body, block.order
        try:
            if block.kind == SIMPLE:
                interface, (size,) = self._interfaces[0], struct.unpack_from(order + "I", body)
                captured = min(size, interface.longest) if interface.longest else size
                first, stamp = 4, b""
            else:
                number = struct.unpack_from(order + ("I" if block.kind == PACKET else "H"), body)[0]
                interface, stamp, first = self._interfaces[number], body[:12], 20
                captured, size = struct.unpack_from(order + "II", body, 12)
        except (IndexError, struct.error):
            raise CannotRedact("a packet of the capture is broken, or of an interface that is not there") from None
        after = first + -(-captured // 4) * 4
        if size > LONGEST or after > len(body):
            raise CannotRedact("a packet of the capture is longer than its block")
        return Packet(interface.link, stamp, size, body[first : first + captured]), body[after:]

    def _rewritten(self, block: _Block, links: Links, cleaner: Cleaner) -> bytes | None:
        body, order = block.body, block.order
        if block.kind == SECTION:
            return body[:8] + _UNKNOWN_LENGTH + cleaner.options("section", body[16:], order)
        if block.kind == INTERFACE:
            links.of(self._interfaces[-1].link)
            return body[:2] + bytes(2) + body[4:8] + cleaner.options("interface", body[8:], order)
        if block.kind == STATISTICS and len(body) >= 12:
            return body[:12] + cleaner.options("statistics", body[12:], order)
        if block.kind == NAMES:
            return cleaner.resolved(body, order)
        if block.kind not in (PACKET, OLD_PACKET, SIMPLE):
            return None
        packet, options = self._packet(block)
        kept = links.of(packet.link)(packet.data, packet.size)
        if block.kind == SIMPLE:  # says nowhere how much was captured: zeros in the place of what goes
            return body[:4] + padded(kept.ljust(len(packet.data), b"\0"))
        lengths = struct.pack(order + "II", len(kept), packet.size)
        return body[:12] + lengths + padded(kept) + cleaner.options("packet", options, order)
