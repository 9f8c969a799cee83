"""The slim form of a core: stacks, and what a debugger needs to name their frames; all other memory is left out."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from escalate.formats.elf_layout import NT_AUXV, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, PT_LOAD, PT_NOTE, Segment
from escalate.redact.cover import Range
from escalate.redact.handlers.elf_core_layout import Core, read_at, read_core
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.slim_core_libraries import heads, libraries
from escalate.redact.handlers.slim_core_memory import Memory, auxiliary, modules, ranges_of, stacks, vdso
from escalate.redact.handlers.slim_words import Modules, merged, without

_NT_SIGINFO, _NT_ARM_TLS, _NT_ARM_PAC_MASK = 0x53494749, 0x401, 0x406
_KEPT_NOTES = {
    NT_PRSTATUS: 512,
    NT_PRPSINFO: 256,
    NT_AUXV: 4096,
    NT_FILE: 64 * 1024 * 1024,
    _NT_SIGINFO: 128,
    _NT_ARM_TLS: 32,
    _NT_ARM_PAC_MASK: 32,
}
"""General registers, signals, and what was loaded, with the most bytes that each can have. Vector registers hold what
was copied last, and no unwinder asks for them."""
_OWNERS = frozenset({b"CORE", b"LINUX"})
_PN_XNUM = 0xFFFF
_ALIGNMENT = 16
_CHUNK = 1 << 20
_SEGMENT = {True: struct.Struct("<IIQQQQQQ"), False: struct.Struct("<IIIIIIII")}
_HEAD = {True: struct.Struct("<HHIQQQIHHHHHH"), False: struct.Struct("<HHIIIIIHHHHHH")}
_SECTION = {True: struct.Struct("<IIQQQQIIQQ"), False: struct.Struct("<10I")}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a segment: bytes of the core that stay, or memory that is only declared."""

    segment: Segment
    start: int
    end: int
    kept: bool


def slim(raw: BinaryIO, out: BinaryIO) -> int:
    """Write the slim form of a core; how many words of stacks were replaced.

    Raises:
        CannotRedact: it is no core, damaged, or of a machine that is not known here.
    """
    core = read_core(raw)
    memory = Memory(raw, core)
    threads = stacks(memory)
    files, vector = modules(memory), auxiliary(memory)
    kernel = vdso(memory, vector)
    code = ranges_of(files, kernel, memory.word)
    rest = [*heads(memory, files), *libraries(memory, vector, code), *([kernel] if kernel else [])]
    parts = list(_parts(core, sorted([*threads, *without(merged(rest), threads)])))
    notes = _notes(raw, core)
    out.write(_headers(read_at(raw, 0, 64 if core.wide else 52), core.wide, parts, len(notes)))
    out.write(_padded(notes))
    changed = 0
    for part in parts:
        if part.kept:
            own = _holder(threads, part.start)
            changed += _write(raw, part, own, code, out)
    return changed


def is_slim(raw: BinaryIO) -> bool:
    """Whether `slim` would replace no word of its stacks.

    Raises:
        CannotRedact: as `slim`.
    """
    core = read_core(raw)
    memory = Memory(raw, core)
    threads = stacks(memory)
    code = ranges_of(modules(memory), vdso(memory, auxiliary(memory)), memory.word)
    return not any(
        code.deface(data, own)[1]
        for part in _parts(core, threads)
        if part.kept
        for own in [_holder(threads, part.start)]
        for data in _chunks(raw, part)
        if own
    )


def _parts(core: Core, kept: Sequence[Range]) -> Iterator[_Part]:
    """Each segment, cut where what is kept begins and ends."""
    for segment in core.segments:
        if segment.type != PT_LOAD:
            continue
        at, in_file = segment.address, segment.address + segment.size
        end = max(in_file, segment.address + segment.memory)
        for low, high in kept[bisect_right(kept, at, key=lambda one: one[1]) :]:
            if low >= in_file:
                break
            start, stop = max(low, at), min(high, in_file)
            if start > at:
                yield _Part(segment, at, start, kept=False)
            yield _Part(segment, start, stop, kept=True)
            at = stop
        if at < end:
            yield _Part(segment, at, end, kept=False)


def _notes(raw: BinaryIO, core: Core) -> bytes:
    kept = bytearray()
    for note in core.notes:
        if note.type in _KEPT_NOTES and note.name in _OWNERS:
            if note.size > _KEPT_NOTES[note.type]:
                raise CannotRedact("a note of it is too long")
            body = read_at(raw, note.start, note.size)
            name = (note.name + b"\0").ljust(8, b"\0")
            kept += struct.pack("<III", len(note.name) + 1, len(body), note.type) + name + body + bytes(-len(body) % 4)
    return bytes(kept)


def _headers(original: bytes, wide: bool, parts: Sequence[_Part], notes: int) -> bytes:
    """File header, program headers, and, where they are too many to count there, the section that has their number."""
    count, entry = 1 + len(parts), _SEGMENT[wide]
    table = len(original)
    section = table + count * entry.size
    many = count >= _PN_XNUM
    at = section + (_SECTION[wide].size if many else 0)
    at += -at % _ALIGNMENT
    segments = [_segment(wide, PT_NOTE, 4, (at, 0, notes, 0))]
    at += notes + -notes % _ALIGNMENT
    for part in parts:
        memory = part.end - part.start
        size = memory if part.kept else 0
        segments.append(_segment(wide, PT_LOAD, part.segment.flags, (at if size else 0, part.start, size, memory)))
        at += size + -size % _ALIGNMENT
    kind, machine, version, start, _, _, flags, own, *_ = _HEAD[wide].unpack(original[16:])
    sections = (_SECTION[wide].size, 1) if many else (0, 0)
    places = (table, section if many else 0)
    numbers = (own, entry.size, min(count, _PN_XNUM), *sections, 0)
    head = original[:16] + _HEAD[wide].pack(kind, machine, version, start, *places, flags, *numbers)
    counted = _SECTION[wide].pack(0, 0, 0, 0, 0, sections[1], 0, count, 0, 0) if many else b""
    return _padded(head + b"".join(segments) + counted)


def _segment(wide: bool, kind: int, flags: int, place: tuple[int, int, int, int]) -> bytes:
    """One program header; `place` is offset, address, bytes in the file, bytes in memory."""
    offset, address, size, memory = place
    if wide:
        return _SEGMENT[wide].pack(kind, flags, offset, address, 0, size, memory, 1)
    return _SEGMENT[wide].pack(kind, offset, address, 0, size, memory, flags, 1)


def _write(raw: BinaryIO, part: _Part, own: Range | None, code: Modules, out: BinaryIO) -> int:
    """One part that stays; `own` is the stack it belongs to, if it is one."""
    changed = 0
    for data in _chunks(raw, part):
        words, count = code.deface(data, own) if own else (data, 0)
        out.write(words)
        changed += count
    out.write(bytes((part.start - part.end) % _ALIGNMENT))
    return changed


def _chunks(raw: BinaryIO, part: _Part) -> Iterator[bytes]:
    place = part.segment.offset - part.segment.address
    for start in range(part.start, part.end, _CHUNK):
        yield read_at(raw, place + start, min(_CHUNK, part.end - start))


def _holder(ranges: Sequence[Range], address: int) -> Range | None:
    place = bisect_right(ranges, address, key=lambda one: one[0]) - 1
    return ranges[place] if place >= 0 and address < ranges[place][1] else None


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)
