"""How an ELF core is laid out (gABI, Linux `elf.h` and `procfs.h`): headers, segments, notes."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from escalate.redact.cover import Range
from escalate.redact.handlers.registry import CannotRedact

PT_LOAD, PT_NOTE = 1, 4
PF_X, PF_W = 1, 2
NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE = 1, 3, 6, 0x46494C45
_ET_CORE, _PN_XNUM = 4, 0xFFFF
_MOST_SEGMENTS = 1 << 18
"""Linux allows 65,530 mappings unless told otherwise; runtimes with large heaps ask for some times that."""
_MOST_NOTES = 1 << 20
_LONGEST_NAME = 256

_HEADER = {True: struct.Struct("<HHIQQQIHHHHHH"), False: struct.Struct("<HHIIIIIHHHHHH")}
_SEGMENT = {True: struct.Struct("<IIQQQQQQ"), False: struct.Struct("<IIIIIIII")}
_NOTE = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class Segment:
    """One program header."""

    type: int
    flags: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""
    memory: int
    """Bytes in memory; what is not in the file was left out, or zero."""
    align: int

    @property
    def range(self) -> Range:
        """Where it stands in the file."""
        return (self.offset, self.offset + self.size)


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `start` and `size` are those of its content in the file."""

    name: bytes
    type: int
    start: int
    size: int


@dataclass(frozen=True)
class Core:
    """All of the structure of a core."""

    wide: bool
    """64 bit."""
    machine: int
    size: int
    program_headers: Range
    headers: tuple[Range, ...]
    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]

    def found(self, kind: int) -> list[Note]:
        """The kernel's notes of one type."""
        return [note for note in self.notes if note.name == b"CORE" and note.type == kind]


def read_core(raw: BinaryIO) -> Core:
    """The structure of a core.

    Raises:
        CannotRedact: it is no core, of an unknown byte order, cut off, or its parts overlap.
    """
    size = raw.seek(0, 2)
    ident = read_at(raw, 0, 16)
    if ident[:4] != b"\x7fELF" or ident[4] not in (1, 2):
        raise CannotRedact("it is no ELF file")
    if ident[5] != 1:
        raise CannotRedact("it is a big-endian core, and these are not known here")
    wide = ident[4] == 2
    head = _HEADER[wide]
    fields = head.unpack(read_at(raw, 16, head.size))
    kind, machine, _, _, table, sections, _, _, entry, count, section_entry, section_count, _ = fields
    if kind != _ET_CORE:
        raise CannotRedact("it is an ELF file, but no core")
    headers = [(0, 16 + head.size)]
    if count == _PN_XNUM:
        place = sections + (44 if wide else 28)  # sh_info of the first section holds what does not fit
        count = int.from_bytes(read_at(raw, place, 4), "little")
        section_count = max(section_count, 1)
    if entry != _SEGMENT[wide].size or not 0 < count <= _MOST_SEGMENTS:
        raise CannotRedact("its program headers are not as a core has them")
    headers.append((table, table + count * entry))
    if section_count:
        headers.append((sections, sections + section_count * section_entry))
    segments = tuple(_segments(read_at(raw, table, count * entry), wide=wide))
    for number, segment in enumerate(segments):
        if segment.offset + segment.size > size and segment.size:
            raise CannotRedact(f"it is cut off: its segment {number} of {count} ends behind the end of the file")
    _check([*headers, *(segment.range for segment in segments if segment.size)], size)
    notes: list[Note] = []
    for segment in segments:
        if segment.type == PT_NOTE:
            notes += _notes(raw, *segment.range, _MOST_NOTES - len(notes))
    return Core(wide, machine, size, headers[1], tuple(sorted(headers)), segments, tuple(notes))


def read_at(raw: BinaryIO, place: int, size: int) -> bytes:
    """So many bytes from there.

    Raises:
        CannotRedact: the file ends before.
    """
    if place + size > raw.seek(0, 2):
        raise CannotRedact("it is cut off")
    raw.seek(place)
    data = raw.read(size)
    if len(data) != size:
        raise CannotRedact("it is cut off")
    return data


def outside(ranges: Iterable[Range], size: int) -> tuple[Range, ...]:
    """What of a file is in none of some ranges."""
    gaps, at = list[Range](), 0
    for low, high in sorted(ranges):
        if low > at:
            gaps.append((at, low))
        at = max(at, high)
    if at < size:
        gaps.append((at, size))
    return tuple(gaps)


def _segments(table: bytes, *, wide: bool) -> Iterator[Segment]:
    for fields in _SEGMENT[wide].iter_unpack(table):
        if wide:
            kind, flags, offset, address, _, size, memory, align = fields
        else:
            kind, offset, address, _, size, memory, flags, align = fields
        yield Segment(kind, flags, offset, address, size, memory, align)


def _check(ranges: list[Range], size: int) -> None:
    ranges.sort()
    if ranges[-1][1] > size:
        raise CannotRedact("it is cut off: its headers end behind the end of the file")
    for (_, end), (start, _) in itertools.pairwise(ranges):
        if start < end:
            raise CannotRedact("parts of it overlap")


def _notes(raw: BinaryIO, at: int, end: int, most: int) -> Iterator[Note]:
    for _ in range(most):
        if at + _NOTE.size > end:
            if any(read_at(raw, at, end - at)):
                raise CannotRedact("its notes are cut off")
            return
        name_size, size, kind = _NOTE.unpack(read_at(raw, at, _NOTE.size))
        if name_size > _LONGEST_NAME:
            raise CannotRedact("a note of it has a name that is too long")
        name = read_at(raw, at + _NOTE.size, name_size)
        start = at + _NOTE.size + _padded(name_size)
        at = start + _padded(size)
        if start + size > end:
            raise CannotRedact("its notes are cut off")
        yield Note(name.rstrip(b"\0"), kind, start, size)
    raise CannotRedact("it has too many notes")


def _padded(size: int) -> int:
    return -(-size // 4) * 4
