"""Streams the packets of a capture file, classic or pcapng; what is cut or broken ends it with a note."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from escalate.formats.pcap_layout import (
    BLOCK_LEAST,
    CLASSIC,
    CLASSIC_HEADER,
    CLASSIC_RECORD,
    INTERFACE,
    LINK_BITS,
    MOST_INTERFACES,
    NG_MAGIC,
    NG_ORDERS,
    OLD_PACKET,
    PACKET,
    SECTION,
    SIMPLE,
)
from escalate.formats.pcap_window import LONGEST, Source, Window

SECOND = 1_000_000_000
"""Nanoseconds."""
_RESOLUTION, _OFFSET = 9, 14
"""Options of an interface: if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng)."""
_LEAST_SECTION, _LEAST_INTERFACE = 16, 8


class Frame(NamedTuple):
    """One packet as it was captured."""

    number: int
    """From 1, as tcpdump and Wireshark count."""
    link: int
    at: int
    """Nanoseconds since 1970, UTC; 0 where the file has no time."""
    size: int
    """Bytes on the wire."""
    data: bytes


class _Interface(NamedTuple):
    link: int
    longest: int
    per_second: int
    offset: int


class Frames:
    """The packets of one file; `notes` says afterwards what could not be read."""

    def __init__(self, source: Source) -> None:
        self.notes: list[str] = []
        self._window = Window(source)
        self._number = 0
        self._strays = 0

    def __iter__(self) -> Iterator[Frame]:
        window = self._window
        if not window.has(4):
            self.notes.append("The capture is cut off in its header.")
        elif window.data[:4] == NG_MAGIC:
            yield from self._blocks()
        elif window.data[:4] in CLASSIC:
            yield from self._classic()
        else:
            self.notes.append("The header is not that of a capture.")
        if self._strays:
            self.notes.append(f"{self._strays} packets are broken or of an interface that is not there.")

    def _classic(self) -> Iterator[Frame]:
        window = self._window
        if not window.has(CLASSIC_HEADER):
            self.notes.append("The capture is cut off in its header.")
            return
        order, fraction = CLASSIC[window.data[:4]]
        record = struct.Struct(order + "IIII")
        link = struct.unpack_from(order + "I", window.data, 20)[0] & LINK_BITS
        window.at = CLASSIC_HEADER
        scale = SECOND // fraction
        while window.has(CLASSIC_RECORD):
            seconds, part, length, size = record.unpack_from(window.data, window.at)
            if part >= fraction or length > LONGEST or size > LONGEST:
                self.notes.append(f"The header of packet {self._number + 1} is broken; nothing behind it was read.")
                return
            if not window.has(CLASSIC_RECORD + length):
                break
            first = window.at + CLASSIC_RECORD
            window.at = first + length
            self._number += 1
            yield Frame(self._number, link, seconds * SECOND + part * scale, size, window.data[first : window.at])
        self._cut()

    def _cut(self) -> None:
        if self._window.rest():
            self.notes.append(f"The capture ends inside of packet {self._number + 1}.")

    def _blocks(self) -> Iterator[Frame]:
        window, order = self._window, ""
        interfaces: list[_Interface] = []
        while window.has(BLOCK_LEAST):
            start = window.data[window.at : window.at + BLOCK_LEAST]
            if start.startswith(NG_MAGIC):
                order = NG_ORDERS.get(start[8:12], "")
                interfaces = []
            kind, length = struct.unpack_from((order or "<") + "II", start)
            if not order or length < BLOCK_LEAST or length % 4 or length > LONGEST:
                self.notes.append(f"A block behind packet {self._number} is broken; nothing behind it was read.")
                return
            if not window.has(length):
                break
            body = window.data[window.at + 8 : window.at + length - 4]
            window.at += length
            if kind == INTERFACE and len(interfaces) < MOST_INTERFACES:
                interfaces.append(_interface(body, order))
            elif kind in (PACKET, OLD_PACKET, SIMPLE):
                yield from self._packet(kind, order, body, interfaces)
            elif kind == SECTION and len(body) < _LEAST_SECTION:
                self.notes.append("The beginning of a section is too short.")
        self._cut()

    def _packet(self, kind: int, order: str, body: bytes, interfaces: list[_Interface]) -> Iterator[Frame]:
        self._number += 1
        try:
            if kind == SIMPLE:
                (size,) = struct.unpack_from(order + "I", body)
                number, ticks, first, captured = 0, 0, 4, min(size, interfaces[0].longest or size)
            else:
                number = struct.unpack_from(order + ("I" if kind == PACKET else "H"), body)[0]
                high, low, captured, size = struct.unpack_from(order + "IIII", body, 4)
                ticks, first = high << 32 | low, 20
            interface = interfaces[number]
        except (IndexError, struct.error):
            self._strays += 1
            return
        if first + captured > len(body):
            self._strays += 1
            return
        at = ticks * SECOND // interface.per_second + interface.offset * SECOND if ticks else 0
        yield Frame(self._number, interface.link, at, size, body[first : first + captured])


def _interface(body: bytes, order: str) -> _Interface:
    """An interface; one that is broken has a link type that no packet can be read of."""
    if len(body) < _LEAST_INTERFACE:
        return _Interface(-1, 0, SECOND, 0)
    link, longest = struct.unpack_from(order + "H2xI", body)
    per_second, offset, at = 1_000_000, 0, _LEAST_INTERFACE
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == _RESOLUTION and size == 1 and value:
            power = value[0] & 0x7F
            per_second = 2 ** min(power, 63) if value[0] & 0x80 else 10 ** min(power, 18)
        elif code == _OFFSET and size == 8 and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        at += 4 + size + -size % 4
    return _Interface(link, longest, per_second, offset)
