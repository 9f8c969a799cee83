"""The structure of an ELF core that is to be redacted: headers, segments and notes, whole or refused."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from escalate.formats.elf_layout import (
    ET_CORE,
    EXTRA_COUNT,
    HEADER,
    IDENT,
    LONGEST_NAME,
    MAGIC,
    MOST_NOTES,
    MOST_SEGMENTS,
    NOTE,
    PN_XNUM,
    PT_NOTE,
    SEGMENT,
    Segment,
    padded,
    segments_of,
)
from escalate.redact.cover import Range
from escalate.redact.handlers.registry import CannotRedact


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
    ident = read_at(raw, 0, IDENT)
    if not ident.startswith(MAGIC) or ident[4] not in (1, 2):
        raise CannotRedact("it is no ELF file")
    if ident[5] != 1:
        raise CannotRedact("it is a big-endian core, and these are not known here")
    wide = ident[4] == 2
    head = HEADER[wide]
    fields = head.unpack(read_at(raw, IDENT, head.size))
    kind, machine, _, _, table, sections, _, _, entry, count, section_entry, section_count, _ = fields
    if kind != ET_CORE:
        raise CannotRedact("it is an ELF file, but no core")
    headers = [(0, IDENT + head.size)]
    if count == PN_XNUM:
        place = sections + EXTRA_COUNT[wide]
        count = int.from_bytes(read_at(raw, place, 4), "little")
        section_count = max(section_count, 1)
    if entry != SEGMENT[wide].size or not 0 < count <= MOST_SEGMENTS:
        raise CannotRedact("its program headers are not as a core has them")
    headers.append((table, table + count * entry))
    if section_count:
        headers.append((sections, sections + section_count * section_entry))
    segments = tuple(segments_of(read_at(raw, table, count * entry), wide=wide))
    for number, segment in enumerate(segments):
        if segment.offset + segment.size > size and segment.size:
            raise CannotRedact(f"it is cut off: its segment {number} of {count} ends behind the end of the file")
    _check([*headers, *(segment.range for segment in segments if segment.size)], size)
    notes: list[Note] = []
    for segment in segments:
        if segment.type == PT_NOTE:
            notes += _notes(raw, *segment.range, MOST_NOTES - len(notes))
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


def _check(ranges: list[Range], size: int) -> None:
    ranges.sort()
    if ranges[-1][1] > size:
        raise CannotRedact("it is cut off: its headers end behind the end of the file")
    for (_, end), (start, _) in itertools.pairwise(ranges):
        if start < end:
            raise CannotRedact("parts of it overlap")


def _notes(raw: BinaryIO, at: int, end: int, most: int) -> Iterator[Note]:
    for _ in range(most):
        if at + NOTE.size > end:
            if any(read_at(raw, at, end - at)):
                raise CannotRedact("its notes are cut off")
            return
        name_size, size, kind = NOTE.unpack(read_at(raw, at, NOTE.size))
        if name_size > LONGEST_NAME:
            raise CannotRedact("a note of it has a name that is too long")
        name = read_at(raw, at + NOTE.size, name_size)
        start = at + NOTE.size + padded(name_size)
        at = start + padded(size)
        if start + size > end:
            raise CannotRedact("its notes are cut off")
        yield Note(name.rstrip(b"\0"), kind, start, size)
    raise CannotRedact("it has too many notes")
