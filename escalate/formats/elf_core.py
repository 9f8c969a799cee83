"""Cores of Linux processes: threads, the signal and where it struck, modules with build ids, whole or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from escalate.formats.dump_reach import Reach, printable
from escalate.formats.dump_words import place_of, places_of, said, sentence
from escalate.formats.elf_core_memory import Image, Memory, short
from escalate.formats.elf_layout import (
    ARGUMENTS,
    AT_SYSINFO_EHDR,
    ET_CORE,
    EXTRA_COUNT,
    HEADER,
    IDENT,
    LONGEST_NAME,
    MACHINES,
    MAGIC,
    MOST_NOTES,
    MOST_SEGMENTS,
    NAME,
    NOTE,
    NT_AUXV,
    NT_FILE,
    NT_PRPSINFO,
    NT_PRSTATUS,
    NT_SIGINFO,
    PN_XNUM,
    PROCESS_PID,
    PT_NOTE,
    SEGMENT,
    Segment,
    padded,
    segments_of,
)
from escalate.formats.signals import FAULTS, signal_name
from escalate.model.dump import MAX_MODULES, DumpCheck, DumpFault, DumpModule

_STOP = 19
"""SIGSTOP."""
_MOST_THREADS = 100_000
_LONGEST_NOTE = 64 * 1024 * 1024
_SIGNAL, _SIGNAL_CODE, _SIGNAL_ADDRESS = 0, 8, 16
"""Places in `siginfo_t` of 64 bit; of 32 bit the address stands at 12. Of a signal that was sent, the sender's pid
stands in its place: abort(3) is a process that sends it to itself."""


class _DamagedError(Exception):
    """Why the structure cannot be followed; the text is for people."""


@dataclass
class _Notes:
    """What was kept of the notes."""

    first: tuple[int, int, int] | None = None
    """Of the thread that stands first: its id, signal, program counter."""
    counters: list[int] = field(default_factory=list)
    """Program counters of the threads."""
    count: int = 0
    pid: int | None = None
    process: str | None = None
    signal: bytes = b""
    files: bytes = b""
    vdso: int = 0
    cut: bool = False


def check_elf_core(raw: BinaryIO) -> DumpCheck:
    """What a core says of itself; of a damaged or truncated one, what is left of it. Never raises on content."""
    reach = Reach(raw)
    try:
        return _check(reach)
    except _DamagedError as error:
        return DumpCheck(
            format="elf-core",
            state="damaged",
            summary=f"Core of a Linux process, damaged: {error}.",
            problems=(sentence(str(error)),),
        )


def _check(reach: Reach) -> DumpCheck:
    wide, machine, segments, problems = _structure(reach)
    known = MACHINES.get(machine)
    notes = _notes(reach, segments, machine)
    memory = Memory(reach, segments, wide=wide)
    images = memory.images(notes.files)
    fault = _fault(notes, images, wide=wide)
    release = memory.release(notes.vdso) if notes.vdso else None
    if not notes.count:
        problems.append("It lists no thread, so it cannot show where the process stood.")
    if notes.cut:
        problems.append("The notes on its threads are not whole.")
    if not images:
        problems.append("It lists no mapped files, so no address can be told by its module.")
    check = DumpCheck(
        format="elf-core",
        state="truncated" if reach.missing else "complete",
        missing=reach.missing,
        pid=notes.pid,
        process=notes.process,
        threads=notes.count or None,
        places=places_of(notes.counters, _by_address(images)),
        fault=fault,
        modules=_modules(images, memory, fault),
        module_count=len(images),
        system=f"Linux {release}" if release else "Linux",
        arch=known.name if known else f"machine {machine}",
        summary="",
        problems=tuple(problems),
    )
    return check.model_copy(update={"summary": said(check, "Core of")})


def _structure(reach: Reach) -> tuple[bool, int, list[Segment], list[str]]:
    """(64 bit, machine, segments, problems).

    Raises:
        _DamagedError: no structure of a core can be made out.
    """
    ident = reach.at(0, IDENT)
    if len(ident) < IDENT or not ident.startswith(MAGIC) or ident[4] not in (1, 2):
        raise _DamagedError("it does not begin as an ELF file does")
    if ident[5] != 1:
        raise _DamagedError("it is of a big-endian machine, which is not known here")
    wide = ident[4] == 2
    head = reach.at(IDENT, HEADER[wide].size)
    if len(head) < HEADER[wide].size:
        raise _DamagedError(f"it ends in its first header, after {reach.size} bytes")
    kind, machine, _, _, table, sections, _, _, entry, count, section_entry, section_count, _ = HEADER[wide].unpack(
        head
    )
    if kind != ET_CORE:
        raise _DamagedError("it is an ELF file, but no core")
    if count == PN_XNUM:
        count = int.from_bytes(reach.at(sections + EXTRA_COUNT[wide], 4), "little")
    if entry != SEGMENT[wide].size or not 0 < count <= MOST_SEGMENTS:
        raise _DamagedError(f"its list of segments is not as a core has it: {count} entries of {entry} bytes")
    reach.claim(table, count * entry)
    reach.claim(sections, section_count * section_entry)
    data = reach.at(table, count * entry)
    segments = list(segments_of(data[: len(data) // entry * entry], wide=wide))
    for segment in segments:
        reach.claim(segment.offset, segment.size)
    problems = []
    if len(segments) < count:
        problems.append(
            f"Only {len(segments)} of its {count} segments are listed: what it lacks beyond cannot be told."
        )
    return wide, machine, segments, problems


def _notes(reach: Reach, segments: list[Segment], machine: int) -> _Notes:
    notes = _Notes()
    for segment in segments:
        if segment.type == PT_NOTE:
            for owner, kind, start, size in _headers(reach, segment, notes):
                if owner == b"CORE":
                    _note(reach, kind, start, size, machine, notes)
    return notes


def _headers(reach: Reach, segment: Segment, notes: _Notes) -> Iterator[tuple[bytes, int, int, int]]:
    """(owner, type, start of the content, its size) of every note that is whole."""
    at, end = segment.range
    for _ in range(MOST_NOTES):
        head = reach.at(at, NOTE.size)
        if at + NOTE.size > end:
            return
        if len(head) < NOTE.size:
            break
        name_size, size, kind = NOTE.unpack(head)
        start = at + NOTE.size + padded(name_size)
        if name_size > LONGEST_NAME or start + size > min(end, reach.size):
            break
        yield reach.at(at + NOTE.size, name_size).rstrip(b"\0"), kind, start, size
        at = start + padded(size)
    notes.cut = True


def _note(reach: Reach, kind: int, start: int, size: int, machine: int, notes: _Notes) -> None:
    known = MACHINES.get(machine)
    if kind == NT_PRSTATUS:
        notes.count += 1
        if known is not None and size >= known.status_size and len(notes.counters) < _MOST_THREADS:
            body = reach.at(start, known.status_size)
            pc = _number(body, known.pc, 8 if known.is_wide else 4)
            notes.counters.append(pc)
            notes.first = notes.first or (_number(body, known.pid, 4), _number(body, 12, 2), pc)
    elif kind == NT_PRPSINFO and size in PROCESS_PID and not notes.process:
        body = reach.at(start, size)
        notes.pid = _number(body, PROCESS_PID[size], 4)
        notes.process = printable(body[size - NAME - ARGUMENTS : size - ARGUMENTS]) or None
    elif kind == NT_SIGINFO and not notes.signal:
        notes.signal = reach.at(start, min(size, 128))
    elif kind == NT_FILE and not notes.files:
        notes.files = reach.at(start, min(size, _LONGEST_NOTE))
    elif kind == NT_AUXV and not notes.vdso:
        notes.vdso = _auxiliary(
            reach.at(start, min(size, 4096)), AT_SYSINFO_EHDR, 8 if known is not None and known.is_wide else 4
        )


def _number(body: bytes, at: int, size: int) -> int:
    return int.from_bytes(body[at : at + size], "little")


def _auxiliary(data: bytes, wanted: int, word: int) -> int:
    for at in range(0, len(data) - 2 * word + 1, 2 * word):
        if _number(data, at, word) == wanted:
            return _number(data, at + word, word)
    return 0


def _fault(notes: _Notes, images: list[Image], *, wide: bool) -> DumpFault | None:
    """The signal of the thread that stands first: that of the fault; a core of a live process has none, or SIGSTOP."""
    if notes.first is None:
        return None
    thread, signal, pc = notes.first
    told = len(notes.signal) >= 12
    signal = _number(notes.signal, _SIGNAL, 4) or signal if told else signal
    if signal in (0, _STOP):
        return None  # a debugger stopped a living process to write it
    code = int.from_bytes(notes.signal[_SIGNAL_CODE : _SIGNAL_CODE + 4], "little", signed=True) if told else None
    touched = None
    if code is not None and code > 0 and signal in FAULTS:
        touched = _number(notes.signal, _SIGNAL_ADDRESS if wide else 12, 8 if wide else 4)
    module, offset = place_of(pc, _by_address(images))
    return DumpFault(
        code=signal,
        name=signal_name(signal),
        thread=thread,
        address=pc,
        touched=touched,
        module=module,
        offset=offset,
        frame=f"{module}+0x{offset:x}" if module is not None and offset is not None else None,
        sent=code is not None and code <= 0 and _number(notes.signal, _SIGNAL_ADDRESS if wide else 12, 4) != notes.pid,
    )


def _by_address(images: list[Image]) -> list[tuple[int, int, str]]:
    return [(one.base, one.size, short(one.name)) for one in images]


def _modules(images: list[Image], memory: Memory, fault: DumpFault | None) -> tuple[DumpModule, ...]:
    """The faulting one first."""
    hit = fault.address if fault and fault.address is not None else -1
    ordered = sorted(images, key=lambda one: not one.base <= hit < one.base + one.size)
    return tuple(
        DumpModule(name=short(one.name), id=memory.build_id(one.base), base=one.base, size=one.size)
        for one in ordered[:MAX_MODULES]
    )
