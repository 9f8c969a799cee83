"""The slim form of a minidump: threads with their stacks, modules and the exception, in a dump that is built anew."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import BinaryIO

from escalate.formats.minidump_layout import EXCEPTION, MODULES, SYSTEM, THREADS, THREADS_EX
from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import read_at
from escalate.redact.handlers.minidump_layout import Dump, read_dump
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_minidump_memory import MISC, Memory, entries, machine_of, modules, stream_of
from escalate.redact.handlers.slim_words import Modules, merged

_UNLOADED, _THREAD_INFO, _THREAD_NAMES, _MEMORY = 14, 17, 24, 5
_HEADER = struct.Struct("<4sIIIIIQ")
_FILTER_MEMORY, _KEPT_FLAGS = 0x8, 0x20 | 0x1000
"""`MiniDumpFilterMemory`: stacks hold only what a trace needs. Kept: there are unloaded modules, thread information."""
_COPIED = (MISC, _THREAD_INFO)
"""Streams of numbers and of names of time zones, without pointers into the file."""
_LONGEST_NUMBERS = 16 * 1024 * 1024
_LONGEST_TEXT = 1 << 16
_LONGEST_CONTEXT = 16 * 1024
"""Bytes, with every vector register."""
_LONGEST_SYMBOL = 4096
_SYMBOLS = (b"RSDS", b"NB10", b"LEpB")
"""How the id of a symbol file begins: of two kinds of PDB, and of an ELF file (Breakpad, `MD_CVINFOELF_SIGNATURE`)."""


def slim(raw: BinaryIO, out: BinaryIO) -> int:
    """Write the slim form of a minidump; how many words of stacks were replaced.

    Raises:
        CannotRedact: it is no minidump, damaged, or of a machine that is not known here.
    """
    return _Builder(raw, out).build()


def is_slim(raw: BinaryIO) -> bool:
    """Whether `slim` would replace no word of its stacks.

    Raises:
        CannotRedact: as `slim`.
    """
    dump = read_dump(raw)
    memory = Memory(raw, dump, machine_of(raw, dump))
    code = Modules(modules(raw, dump), memory.machine.word)
    return not any(
        code.deface(data, own)[1] for one in _threads(raw, dump) for own, data in [memory.stack(one)] if data
    )


def _threads(raw: BinaryIO, dump: Dump) -> Iterator[bytes]:
    """The threads, each in the 48 bytes that both kinds of lists begin with."""
    for kind, width in ((THREADS, 48), (THREADS_EX, 64)):
        if (stream := stream_of(dump, kind)) is not None:
            for entry in entries(raw, stream, width):
                yield entry[:48]
            return
    raise CannotRedact("it has no list of threads")


def _check_names(dump: Dump) -> None:
    """Names stand beside the memory: a damaged pointer does not make a name of what the process had in it."""
    memory = merged(dump.memory)
    for low, high in (*dump.strings, *dump.symbols):
        at = bisect_right(memory, low, key=lambda one: one[1])
        if at < len(memory) and memory[at][0] < high:
            raise CannotRedact("a name in it stands where memory is")


class _Builder:
    """Writes one dump: header, then everything as it comes, and the directory at the end."""

    def __init__(self, raw: BinaryIO, out: BinaryIO) -> None:
        self._raw = raw
        self._out = out
        self._dump = read_dump(raw)
        _check_names(self._dump)
        self._memory = Memory(raw, self._dump, machine_of(raw, self._dump))
        self._code = Modules(modules(raw, self._dump), self._memory.machine.word)
        self._streams: list[tuple[int, int, int]] = []
        self._moved: dict[Range, int] = {}
        self._stacks: list[tuple[int, int, int]] = []

    def build(self) -> int:
        """Write it all; how many words were replaced."""
        head = _HEADER.unpack(read_at(self._raw, 0, _HEADER.size))
        self._out.write(bytes(_HEADER.size))
        changed = self._write_threads()
        self._write_memory_list()
        for stream in self._dump.streams:
            if stream.type in _COPIED:
                if stream.size > _LONGEST_NUMBERS:
                    raise CannotRedact(f"its stream {stream.type} is too long")
                self._put_stream(stream.type, read_at(self._raw, stream.start, stream.size))
        self._write_modules()
        self._write_named(_UNLOADED, 24, 20)
        self._write_named(_THREAD_NAMES, 12, 4)
        self._write_exception()
        self._write_system()
        directory = self._put(b"".join(struct.pack("<III", *one) for one in self._streams))
        flags = head[6] & _KEPT_FLAGS | _FILTER_MEMORY
        self._out.seek(0)
        self._out.write(_HEADER.pack(head[0], head[1], len(self._streams), directory, 0, head[5], flags))
        self._out.seek(0, 2)
        return changed

    def _write_threads(self) -> int:
        changed, made = 0, list[bytes]()
        for entry in _threads(self._raw, self._dump):
            own, data = self._memory.stack(entry)
            words, count = self._code.deface(data, own) if data else (b"", 0)
            changed += count
            place = self._put(words)
            if words:
                self._stacks.append((own[0], len(words), place))
            size, context = struct.unpack_from("<II", entry, 40)
            moved = (own[0], len(words), place if words else 0, size, self._moved_blob(context, size))
            made.append(entry[:24] + struct.pack("<QIIII", *moved))
        if not self._stacks:
            raise CannotRedact("no stack of a thread is in it")
        self._put_stream(THREADS, struct.pack("<I", len(made)) + b"".join(made))
        return changed

    def _write_memory_list(self) -> None:
        made = b"".join(struct.pack("<QII", *one) for one in self._stacks)
        self._put_stream(_MEMORY, struct.pack("<I", len(self._stacks)) + made)

    def _write_modules(self) -> None:
        stream = stream_of(self._dump, MODULES)
        if stream is None:
            return
        made: list[bytes] = []
        for entry in entries(self._raw, stream, 108):
            name = self._moved_string(int.from_bytes(entry[20:24], "little"))
            size, place = struct.unpack_from("<II", entry, 76)
            if size > _LONGEST_SYMBOL or (size and read_at(self._raw, place, 4) not in _SYMBOLS):
                size = 0
            symbol = struct.pack("<IIII", size, self._moved_blob(place, size), 0, 0)
            made.append(entry[:20] + struct.pack("<I", name) + entry[24:76] + symbol + entry[92:])
        self._put_stream(MODULES, struct.pack("<I", len(made)) + b"".join(made))

    def _write_named(self, kind: int, width: int, name: int) -> None:
        """A list whose entries have the place of a text at `name`."""
        stream = stream_of(self._dump, kind)
        if stream is None:
            return
        size = 8 if kind == _THREAD_NAMES else 4
        found = list(entries(self._raw, stream, width))
        made = [
            one[:name]
            + self._moved_string(int.from_bytes(one[name : name + size], "little")).to_bytes(size, "little")
            + one[name + size :]
            for one in found
        ]
        head = struct.pack("<I", len(made)) if kind == _THREAD_NAMES else struct.pack("<III", 12, width, len(made))
        self._put_stream(kind, head + b"".join(made))

    def _write_exception(self) -> None:
        stream = stream_of(self._dump, EXCEPTION)
        if stream is not None:
            body = read_at(self._raw, stream.start, stream.size)
            size, context = struct.unpack_from("<II", body, 160)
            self._put_stream(EXCEPTION, body[:164] + struct.pack("<I", self._moved_blob(context, size)))

    def _write_system(self) -> None:
        stream = stream_of(self._dump, SYSTEM)
        if stream is not None:
            body = read_at(self._raw, stream.start, min(stream.size, 56))
            text = self._moved_string(int.from_bytes(body[24:28], "little"))
            self._put_stream(SYSTEM, body[:24] + struct.pack("<I", text) + body[28:])

    def _moved_blob(self, place: int, size: int) -> int:
        """Where a context or an id stands now; what two entries share is written once."""
        if not size:
            return 0
        if size > _LONGEST_CONTEXT:
            raise CannotRedact("the registers of a thread are of an unknown size")
        key = (place, size)
        if key not in self._moved:
            self._moved[key] = self._put(read_at(self._raw, place, size))
        return self._moved[key]

    def _moved_string(self, place: int) -> int:
        if not place:
            return 0
        size = int.from_bytes(read_at(self._raw, place, 4), "little")
        if size > _LONGEST_TEXT:
            raise CannotRedact("a name in it is too long")
        key = (place, 4 + size)
        if key not in self._moved:
            self._moved[key] = self._put(read_at(self._raw, place, 4 + size) + b"\0\0")
        return self._moved[key]

    def _put(self, data: bytes) -> int:
        """Write at the next place that is a multiple of eight, where it stands then."""
        self._out.write(bytes(-self._out.tell() % 8))
        place = self._out.tell()
        self._out.write(data)
        return place

    def _put_stream(self, kind: int, data: bytes) -> None:
        self._streams.append((kind, len(data), self._put(data)))
