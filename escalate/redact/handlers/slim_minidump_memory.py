"""The memory of a minidump by address: its machine, its modules, and where the stacks of its threads stand."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from escalate.formats.minidump_layout import MEMORY, MEMORY64, MODULES, SYSTEM
from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import read_at
from escalate.redact.handlers.minidump_layout import Dump, Stream
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_words import stack_range

MISC = 15
_MOST_ENTRIES = 1 << 20


@dataclass(frozen=True)
class Machine:
    """Bytes of a word, and where a context has the stack pointer (`winnt.h`, Breakpad for Linux)."""

    word: int
    pointer: int


_X86, _ARM, _AMD64, _ARM64 = Machine(4, 0xC4), Machine(4, 0x38), Machine(8, 0x98), Machine(8, 0x100)
_MACHINES = {0: _X86, 5: _ARM, 9: _AMD64, 12: _ARM64}
"""By `ProcessorArchitecture`."""


def stream_of(dump: Dump, kind: int) -> Stream | None:
    """The stream of a type; a second one of it does not count."""
    return next((one for one in dump.streams if one.type == kind), None)


def entries(raw: BinaryIO, stream: Stream, width: int) -> Iterator[bytes]:
    """The entries of a list, from its end: heads and padding differ."""
    body = read_at(raw, stream.start, stream.size)
    sized = stream.type == 14  # the list of unloaded modules says how long its head and its entries are
    if sized:
        first, step, count = struct.unpack_from("<III", body)
    else:
        step, count = width, int.from_bytes(body[:4], "little")
        first = stream.size - count * width
    if count > _MOST_ENTRIES:
        raise CannotRedact("one of its lists is too long")
    for number in range(count):
        at = first + step * number
        if len(entry := body[at : at + width]) != width or first < 4:
            raise CannotRedact("one of its lists is cut off")
        yield entry


def machine_of(raw: BinaryIO, dump: Dump) -> Machine:
    """The machine of a dump.

    Raises:
        CannotRedact: it does not say, or is not known here.
    """
    stream = stream_of(dump, SYSTEM)
    kind = int.from_bytes(read_at(raw, stream.start, 2), "little") if stream else -1
    if kind not in _MACHINES:
        raise CannotRedact("where its machine keeps the stack pointer is not known here")
    return _MACHINES[kind]


def modules(raw: BinaryIO, dump: Dump) -> Iterator[Range]:
    """Addresses of the loaded modules."""
    stream = stream_of(dump, MODULES)
    if stream is not None:
        for entry in entries(raw, stream, 108):
            base, size = struct.unpack_from("<QI", entry)
            if size:
                yield (base, base + size)


class Memory:
    """What of the memory of a process stands in its dump."""

    def __init__(self, raw: BinaryIO, dump: Dump, machine: Machine) -> None:
        self._raw = raw
        self.machine = machine
        self._ranges = sorted(_ranges(raw, dump))
        self._starts = [start for start, _, _ in self._ranges]

    def stack(self, thread: bytes) -> tuple[Range, bytes]:
        """Addresses and bytes of what is kept of a thread's stack; none: it is not in the dump.

        Dumps of all memory need not say where the stack stands in the file: the list of memory does.
        """
        start, size, place, context_size, context = struct.unpack_from("<QIIII", thread, 24)
        pointer = start
        if context_size >= self.machine.pointer + self.machine.word:
            found = read_at(self._raw, context + self.machine.pointer, self.machine.word)
            pointer = int.from_bytes(found, "little")
        if not (size and place):
            start, size, place = self._holder(pointer)
        if not size:
            return (0, 0), b""
        if not start <= pointer < start + size:
            pointer = start
        low, high = stack_range(pointer, (start, start + size), self.machine.word)
        return (low, high), read_at(self._raw, place + low - start, high - low)

    def _holder(self, address: int) -> tuple[int, int, int]:
        at = bisect_right(self._starts, address) - 1
        if at < 0 or address >= self._ranges[at][0] + self._ranges[at][1]:
            return (0, 0, 0)
        return self._ranges[at]


def _ranges(raw: BinaryIO, dump: Dump) -> Iterator[tuple[int, int, int]]:
    """Address, size and place of each range of memory."""
    if (stream := stream_of(dump, MEMORY)) is not None:
        for entry in entries(raw, stream, 16):
            yield struct.unpack("<QII", entry)
    if (stream := stream_of(dump, MEMORY64)) is not None:
        count, place = struct.unpack("<QQ", read_at(raw, stream.start, 16))
        if count > _MOST_ENTRIES:
            raise CannotRedact("one of its lists is too long")
        for start, size in struct.iter_unpack("<QQ", read_at(raw, stream.start + 16, 16 * count)):
            yield start, size, place
            place += size
