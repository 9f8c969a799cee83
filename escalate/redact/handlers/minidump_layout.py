"""What of a minidump that is to be redacted must stay, what is memory, and where its texts stand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO

from escalate.formats.minidump_layout import (
    COMMENT_A,
    COMMENT_W,
    ENTRY,
    EXCEPTION,
    EXCEPTION_SIZE,
    HANDLES,
    HEADER,
    LONG,
    LONGEST_TABLE,
    MEMORY,
    MEMORY64,
    MODULE,
    MODULES,
    MOST_STREAMS,
    SYSTEM,
    THREAD,
    THREAD_NAMES,
    THREADS,
    THREADS_EX,
    UNLOADED,
    UNUSED,
)
from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import read_at
from escalate.redact.handlers.registry import CannotRedact

_NUMBERS = frozenset({13, 15, 16, 17, 19, 21, 22, 0x47670001, 0x47670008})
"""Function table, misc info, memory info, thread info, handle operations, token, system memory, counters, Breakpad's
info, auxiliary vector: numbers without pointers into the file. They stay, and are searched."""
TEXTS = frozenset({*range(0x47670003, 0x4767000D)} - {0x47670008})
"""CPU, status, release, command line, environment, maps and libraries of a Linux process."""
_SEARCHED = frozenset({COMMENT_A, COMMENT_W, 0x47670002, 0x43500001, *TEXTS})
"""Comments, assertions, Crashpad's notes: masked like memory, wherever their texts stand."""

_CHUNK = 1 << 20
_NAMED_THREAD = struct.Struct("<IQ")


@dataclass(frozen=True, slots=True)
class Stream:
    """One entry of the directory."""

    type: int
    start: int
    size: int

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self.start + self.size


@dataclass(frozen=True)
class Dump:
    """What must stay, what is memory, and where texts stand; all places are those of the file."""

    size: int
    streams: tuple[Stream, ...]
    fixed: tuple[Range, ...]
    """Header, directory, tables, contexts, ids of symbols, lengths of strings."""
    memory: tuple[Range, ...]
    strings: tuple[Range, ...]
    """Bodies of UTF-16 strings."""
    symbols: tuple[Range, ...]
    """Paths of symbol files, in bytes."""


@dataclass
class _Found:
    raw: BinaryIO
    size: int
    fixed: set[Range] = field(default_factory=set)
    memory: set[Range] = field(default_factory=set)
    strings: set[Range] = field(default_factory=set)
    symbols: set[Range] = field(default_factory=set)

    def inside(self, start: int, size: int) -> Range:
        if start + size > self.size:
            raise CannotRedact("it is cut off: a part of it ends behind the end of the file")
        return (start, start + size)

    def keep(self, start: int, size: int) -> None:
        if size:
            self.fixed.add(self.inside(start, size))

    def string(self, place: int) -> None:
        if place:
            length = int.from_bytes(read_at(self.raw, place, 4), "little")
            self.fixed.add((place, place + 4))
            self.strings.add(self.inside(place + 4, length))

    def table(self, stream: Stream, width: int, head: int = 4) -> Iterator[bytes]:
        """The entries of a list; Breakpad aligns some to eight bytes."""
        body = self.whole(stream)
        count = int.from_bytes(body[:4], "little")
        first = stream.size - count * width
        if first not in (head, head + 4):
            raise CannotRedact(f"its stream {stream.type} is not as long as its entries")
        for start in range(first, stream.size, width):
            yield body[start : start + width]

    def sized(self, stream: Stream, least: int) -> Iterator[bytes]:
        """The entries of a list that gives the size of its head and of an entry."""
        body = self.whole(stream)
        if len(body) < 12:
            raise CannotRedact(f"its stream {stream.type} is cut off")
        head, width, count = struct.unpack_from("<III", body)
        if width < least or head + width * count > len(body):
            raise CannotRedact(f"its stream {stream.type} is not as long as its entries")
        for start in range(head, head + width * count, width):
            yield body[start : start + width]

    def whole(self, stream: Stream) -> bytes:
        if stream.size > LONGEST_TABLE:
            raise CannotRedact(f"its stream {stream.type} is too long")
        self.keep(stream.start, stream.size)
        return read_at(self.raw, stream.start, stream.size)


def read_dump(raw: BinaryIO) -> Dump:
    """The structure of a minidump.

    Raises:
        CannotRedact: it is none, cut off, holds a stream that is not known, or memory lies over its structure.
    """
    size = raw.seek(0, 2)
    signature, _, count, directory, *_ = HEADER.unpack(read_at(raw, 0, HEADER.size))
    if signature != b"MDMP":
        raise CannotRedact("it is no minidump")
    if count > MOST_STREAMS:
        raise CannotRedact("it has too many streams")
    found = _Found(raw, size)
    found.keep(0, HEADER.size)
    found.keep(directory, count * ENTRY.size)
    entries = ENTRY.iter_unpack(read_at(raw, directory, count * ENTRY.size))
    streams = tuple(Stream(kind, start, length) for kind, length, start in entries)
    for stream in streams:
        if stream.type == UNUSED:
            continue
        found.inside(stream.start, stream.size)
        reader = _READERS.get(stream.type)
        if reader is not None:
            reader(found, stream)
        elif stream.type in _NUMBERS:
            found.keep(stream.start, stream.size)
        elif stream.type not in _SEARCHED:
            raise CannotRedact(
                f"it holds a stream of the type 0x{stream.type:x}, and nobody here knows what that holds"
            )
    fixed = _union(found.fixed)
    _check(fixed, found)
    parts = (fixed, *(tuple(sorted(one)) for one in (found.memory, found.strings, found.symbols)))
    return Dump(size, streams, *parts)


def _union(ranges: set[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _check(fixed: tuple[Range, ...], found: _Found) -> None:
    """Memory and texts stand beside the structure, never over it."""
    events = sorted(
        [(low, high, True) for low, high in fixed] + [(*one, False) for one in found.memory | found.strings]
    )
    ends = {True: 0, False: 0}
    for low, high, is_fixed in events:
        if low < high and low < ends[not is_fixed]:
            raise CannotRedact("memory and structure of it overlap")
        ends[is_fixed] = max(ends[is_fixed], high)


def _threads(found: _Found, stream: Stream) -> None:
    for entry in found.table(stream, THREAD[stream.type]):
        _, stack_size, stack, context_size, context = struct.unpack_from("<QIIII", entry, 24)
        found.memory.add(found.inside(stack, stack_size))
        found.keep(context, context_size)
        if stream.type == THREADS_EX:
            store_size, store = struct.unpack_from("<II", entry, 56)
            found.memory.add(found.inside(store, store_size))


def _modules(found: _Found, stream: Stream) -> None:
    for entry in found.table(stream, MODULE):
        found.string(int.from_bytes(entry[20:24], "little"))
        symbol_size, symbol, misc_size, misc = struct.unpack_from("<IIII", entry, 76)
        found.keep(misc, misc_size)
        found.inside(symbol, symbol_size)
        head = 24 if symbol_size > 24 and read_at(found.raw, symbol, 4) == b"RSDS" else symbol_size
        found.keep(symbol, head)
        if symbol_size > head:
            found.symbols.add((symbol + head, symbol + symbol_size))


def _memory(found: _Found, stream: Stream) -> None:
    for entry in found.table(stream, 16):
        length, place = struct.unpack_from("<II", entry, 8)
        found.memory.add(found.inside(place, length))


def _memory64(found: _Found, stream: Stream) -> None:
    count, base = LONG.unpack(read_at(found.raw, stream.start, LONG.size))
    if stream.size != LONG.size * (count + 1):
        raise CannotRedact("its list of memory is not as long as its entries")
    found.keep(stream.start, stream.size)
    total, at = 0, stream.start + LONG.size
    while at < stream.end:
        data = read_at(found.raw, at, min(_CHUNK, stream.end - at))
        total += sum(length for _, length in LONG.iter_unpack(data))
        at += len(data)
    found.memory.add(found.inside(base, total))


def _exception(found: _Found, stream: Stream) -> None:
    if stream.size != EXCEPTION_SIZE:
        raise CannotRedact("its exception is of an unknown size")
    body = found.whole(stream)
    size, place = struct.unpack_from("<II", body, 160)
    found.keep(place, size)


def _system(found: _Found, stream: Stream) -> None:
    if stream.size < 28:
        raise CannotRedact("its system information is cut off")
    found.string(int.from_bytes(found.whole(stream)[24:28], "little"))


def _handles(found: _Found, stream: Stream) -> None:
    for entry in found.sized(stream, 32):
        for name in struct.unpack_from("<II", entry, 8):
            found.string(name)


def _unloaded(found: _Found, stream: Stream) -> None:
    for entry in found.sized(stream, 24):
        found.string(int.from_bytes(entry[20:24], "little"))


def _thread_names(found: _Found, stream: Stream) -> None:
    for entry in found.table(stream, _NAMED_THREAD.size):
        found.string(_NAMED_THREAD.unpack(entry)[1])


_READERS: Mapping[int, Callable[[_Found, Stream], None]] = MappingProxyType(
    {
        THREADS: _threads,
        THREADS_EX: _threads,
        MODULES: _modules,
        MEMORY: _memory,
        MEMORY64: _memory64,
        EXCEPTION: _exception,
        SYSTEM: _system,
        HANDLES: _handles,
        UNLOADED: _unloaded,
        THREAD_NAMES: _thread_names,
    }
)
