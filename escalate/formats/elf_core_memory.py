"""What an ELF core has mapped: files by address, their build ids, and the release of the system in the vDSO."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from escalate.formats.dump_reach import Reach, last_part, printable
from escalate.formats.elf_layout import (
    FILE_ENTRY,
    HEADER,
    IDENT,
    LONGEST_NAME,
    MAGIC,
    NOTE,
    NT_GNU_BUILD_ID,
    PF_W,
    PF_X,
    PT_LOAD,
    PT_NOTE,
    SEGMENT,
    Segment,
    padded,
    segments_of,
)

MOST_FILES = 200_000
"""Mappings of NT_FILE that are read."""
_MOST_HEADERS = 64
"""Program headers of a library that are read; they have a dozen."""
_LONGEST_ID = 64
_LARGEST_NOTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """A file that is loaded as a program or library."""

    name: str
    base: int
    size: int
    code: bool
    """A part of it may be executed."""


class Memory:
    """The memory of a process as far as it stands in the core."""

    def __init__(self, reach: Reach, segments: Sequence[Segment], *, wide: bool) -> None:
        self._reach = reach
        self._wide = wide
        self._loads = sorted((one for one in segments if one.type == PT_LOAD), key=lambda one: one.address)
        self._starts = [one.address for one in self._loads]

    def segment(self, address: int) -> Segment | None:
        """The mapping that holds an address."""
        place = bisect_right(self._starts, address) - 1
        if place >= 0 and address - self._loads[place].address < max(
            self._loads[place].memory, self._loads[place].size
        ):
            return self._loads[place]
        return None

    def at(self, address: int, size: int) -> bytes:
        """Bytes of memory; fewer, or none, where the core was written without them or is cut off."""
        found = self.segment(address)
        if found is None:
            return b""
        skip = address - found.address
        return self._reach.at(found.offset + skip, min(size, found.size - skip))

    def note(self, base: int, owner: bytes, kind: int) -> bytes:
        """A note of the ELF image that is mapped at `base`: its build id, or the release in the vDSO; empty: none."""
        head = self.at(base, IDENT + HEADER[self._wide].size)
        if len(head) < IDENT + HEADER[self._wide].size or not head.startswith(MAGIC):
            return b""
        _, _, _, _, table, _, _, _, entry, count, *_ = HEADER[self._wide].unpack_from(head, IDENT)
        if entry != SEGMENT[self._wide].size or not 0 < count <= _MOST_HEADERS:
            return b""
        data = self.at(base + table, count * entry)
        for segment in segments_of(data[: len(data) // entry * entry], wide=self._wide):
            if segment.type == PT_NOTE and segment.size <= _LARGEST_NOTES:
                for name, type_, content in notes_in(self.at(base + segment.offset, segment.size)):
                    if name == owner and type_ == kind:
                        return content
        return b""

    def build_id(self, base: int) -> str | None:
        """In hex, as `file` and debuginfod write it; None where the core was written without the first page."""
        found = self.note(base, b"GNU", NT_GNU_BUILD_ID)
        return found.hex() if 0 < len(found) <= _LONGEST_ID else None

    def release(self, vdso: int) -> str | None:
        """`5.15.0` out of the note that the system's own image carries; it knows nothing of suffixes."""
        found = self.note(vdso, b"Linux", 0)
        if len(found) < 4:
            return None
        number = int.from_bytes(found[:4], "little")
        return f"{number >> 16}.{number >> 8 & 0xFF}.{number & 0xFF}"

    def images(self, files: bytes) -> list[Image]:
        """Programs and libraries of NT_FILE: mapped from their first byte, and an ELF file where that can be seen."""
        found: list[Image] = []
        for start, end, offset, name in mapped_files(files, wide=self._wide):
            same = found[-1] if found and found[-1].name == name else None
            segment = self.segment(start)
            code = segment is not None and bool(segment.flags & PF_X)
            is_first = offset == 0 and (same is None or segment is None or not segment.flags & PF_W)
            if is_first:
                found.append(Image(name, start, end - start, code))
            elif same is not None and end > same.base:
                found[-1] = Image(name, same.base, end - same.base, code or same.code)
        return [one for one in found if self._is_program(one)]

    def _is_program(self, image: Image) -> bool:
        head = self.at(image.base, len(MAGIC))
        return head == MAGIC or (not head and image.code)


def notes_in(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner, type and content of the notes of an image, up to the first that is broken."""
    at = 0
    while at + NOTE.size <= len(data):
        name_size, size, kind = NOTE.unpack_from(data, at)
        start = at + NOTE.size + padded(name_size)
        if name_size > LONGEST_NAME or start + size > len(data):
            return
        yield data[at + NOTE.size : at + NOTE.size + name_size].rstrip(b"\0"), kind, data[start : start + size]
        at = start + padded(size)


def mapped_files(data: bytes, *, wide: bool) -> Iterator[tuple[int, int, int, str]]:
    """Start, end, offset in pages and path of every mapping that NT_FILE lists, as far as the list is whole."""
    entry = FILE_ENTRY[wide]
    word = entry.size // 3
    count = int.from_bytes(data[:word], "little")
    names_at = 2 * word + count * entry.size
    if count > MOST_FILES or names_at > len(data):
        return
    names = data[names_at:].split(b"\0")
    for number, (start, end, offset) in enumerate(entry.iter_unpack(data[2 * word : names_at])):
        if number >= len(names) or end <= start:
            return
        yield start, end, offset, printable(names[number])


def short(name: str) -> str:
    """The file name without its folder, which may hold the name of a user."""
    return last_part(name) or name
