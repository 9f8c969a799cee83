"""The memory of a core by address: its segments, stacks, and the files that are loaded as modules."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from escalate.formats.elf_layout import (
    AT_SYSINFO_EHDR,
    MACHINES,
    MAGIC,
    NT_AUXV,
    NT_FILE,
    NT_PRSTATUS,
    PF_W,
    PF_X,
    PT_LOAD,
    Segment,
)
from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import Core, read_at
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_words import Modules, merged, stack_range

_LONGEST_NOTE = 64 * 1024 * 1024
_AT_PHDR, _AT_PHENT, _AT_PHNUM = 3, 4, 5
_LARGEST_VDSO = 64 * 1024
_LIBRARY = re.compile(rb"\.so(?:\.[\d.]+)?$")


@dataclass(frozen=True)
class Mapped:
    """One entry of NT_FILE."""

    start: int
    end: int
    first: bool
    """It begins with the first byte of the file."""
    path: bytes


class Memory:
    """What of the memory of a process stands in its core."""

    def __init__(self, raw: BinaryIO, core: Core) -> None:
        self._raw = raw
        self.core = core
        self.word = 8 if core.wide else 4
        self._loads = sorted(
            (one for one in core.segments if one.type == PT_LOAD and one.size), key=lambda one: one.address
        )
        self._starts = [one.address for one in self._loads]

    def segment(self, address: int) -> Segment | None:
        """The segment with contents that holds an address."""
        place = bisect_right(self._starts, address) - 1
        if place < 0 or address >= self._loads[place].address + self._loads[place].size:
            return None
        return self._loads[place]

    def read(self, address: int, size: int) -> bytes:
        """At most so many bytes, fewer where the segment ends; empty: it is not in the core."""
        segment = self.segment(address)
        if segment is None:
            return b""
        inside = address - segment.address
        return read_at(self._raw, segment.offset + inside, min(size, segment.size - inside))

    def words(self, address: int, count: int) -> tuple[int, ...]:
        """So many words; empty: they are not in the core."""
        data = self.read(address, count * self.word)
        if len(data) < count * self.word:
            return ()
        return struct.unpack(f"<{count}{'Q' if self.word == 8 else 'I'}", data)

    def notes(self, kind: int) -> Iterator[bytes]:
        """The contents of the notes of a kind.

        Raises:
            CannotRedact: one is far too long.
        """
        for note in self.core.found(kind):
            if note.size > _LONGEST_NOTE:
                raise CannotRedact("a note of it is too long")
            yield read_at(self._raw, note.start, note.size)


def stacks(memory: Memory) -> list[Range]:
    """What is kept of the stacks of all threads.

    Raises:
        CannotRedact: the machine is not known, a thread is cut off, or no stack is in the core.
    """
    core = memory.core
    known = MACHINES.get(core.machine)
    size, place = (known.status_size, known.sp) if known and known.is_wide == core.wide else (0, 0)
    if not size:
        raise CannotRedact("where its machine keeps the stack pointer is not known here")
    found: list[Range] = []
    for status in memory.notes(NT_PRSTATUS):
        if len(status) != size:
            raise CannotRedact("its note on a thread is of an unknown size")
        pointer = int.from_bytes(status[place : place + memory.word], "little")
        segment = memory.segment(pointer)
        if segment is not None:
            found.append(stack_range(pointer, (segment.address, segment.address + segment.size), memory.word))
    if not found:
        raise CannotRedact("no stack of a thread is in it")
    return merged(found)


def auxiliary(memory: Memory) -> dict[int, int]:
    """The auxiliary vector: what the kernel told the program at its start."""
    values: dict[int, int] = {}
    for vector in memory.notes(NT_AUXV):
        pair = struct.Struct("<QQ" if memory.word == 8 else "<II")
        values.update(pair.iter_unpack(vector[: len(vector) - len(vector) % pair.size]))
    return values


def program_table(memory: Memory, vector: dict[int, int]) -> tuple[int, int, int]:
    """Address of the program headers of the main program, bytes of one, and how many there are."""
    return vector.get(_AT_PHDR, 0), vector.get(_AT_PHENT, 0), min(vector.get(_AT_PHNUM, 0), 1024)


def vdso(memory: Memory, vector: dict[int, int]) -> Range | None:
    """Code of the kernel that every process has."""
    address = vector.get(AT_SYSINFO_EHDR, 0)
    segment = memory.segment(address)
    if segment is None or segment.address != address or segment.size > _LARGEST_VDSO:
        return None
    if segment.flags & (PF_X | PF_W) != PF_X or memory.read(address, 4) != MAGIC:
        return None
    return (address, address + segment.size)


def mapped_files(memory: Memory) -> Iterator[Mapped]:
    """The files that are mapped, as NT_FILE lists them.

    Raises:
        CannotRedact: it is not as Linux writes it.
    """
    entry = struct.Struct("<QQQ" if memory.word == 8 else "<III")
    for data in memory.notes(NT_FILE):
        head = 2 * memory.word
        count = int.from_bytes(data[: memory.word], "little")
        if len(data) < head or head + count * entry.size > len(data):
            raise CannotRedact("its list of mapped files is cut off")
        table = data[head : head + count * entry.size]
        names = data[head + len(table) :].split(b"\0")
        if len(names) < count:
            raise CannotRedact("its list of mapped files is cut off")
        for (start, end, offset), name in zip(entry.iter_unpack(table), names, strict=False):
            yield Mapped(start, end, offset == 0, name)


def modules(memory: Memory) -> tuple[Mapped, ...]:
    """Mapped files that hold code: the program and its libraries; data files are none.

    Cores leave out what can be read from the file: code need not be in them, and then the header or the name tells.
    """
    files = list(mapped_files(memory))
    code = sorted(one.address for one in memory.core.segments if one.type == PT_LOAD and one.flags & PF_X)
    programs = {one.path for one in files if _is_code(memory, one) or _any_in(code, one.start, one.end)}
    return tuple(one for one in files if one.path in programs and one.path.startswith(b"/"))


def _is_code(memory: Memory, file: Mapped) -> bool:
    return bool(_LIBRARY.search(file.path)) or (file.first and memory.read(file.start, 4) == MAGIC)


def _any_in(places: list[int], low: int, high: int) -> bool:
    at = bisect_right(places, low - 1)
    return at < len(places) and places[at] < high


def ranges_of(files: tuple[Mapped, ...], kernel: Range | None, word: int) -> Modules:
    """Where pointers to code may point."""
    found = [(one.start, one.end) for one in files]
    return Modules(merged([*found, kernel] if kernel else found), word)
