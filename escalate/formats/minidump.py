"""Minidumps of Windows, .NET, Breakpad and Crashpad: threads, exception, modules with symbol ids, whole or cut off."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import BinaryIO
from uuid import UUID

from escalate.formats.dump_reach import Reach, from_epoch, last_part
from escalate.formats.dump_words import place_of, places_of, said, sentence
from escalate.formats.minidump_layout import (
    CONTEXT_PC,
    ENTRY,
    EXCEPTION,
    EXCEPTION_SIZE,
    HEADER,
    LONG,
    LONGEST_TABLE,
    MACHINES,
    MEMORY,
    MEMORY64,
    MISC,
    MODULE,
    MODULES,
    MOST_STREAMS,
    PLATFORMS,
    PROCESS_STATUS,
    SYSTEM,
    THREAD,
    THREADS,
    THREADS_EX,
    VERSION,
    WINDOWS,
)
from escalate.formats.signals import FAULTS, exception_name, signal_name
from escalate.model.dump import MAX_MODULES, DumpCheck, DumpFault, DumpModule

_LONGEST_NAME = 2048
_CHUNK = 1 << 20
_MOST_PARAMETERS = 15
_TOUCHES = frozenset({0xC0000005, 0xC0000006})
"""Exceptions whose second parameter is the address that could not be accessed."""
_SENT = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFA})
"""`si_code` of a signal that a process sent: SI_USER, SI_QUEUE, SI_TKILL."""
_ABORT = 6
"""SIGABRT, which abort(3) sends to its own process."""
_PID = re.compile(rb"^Pid:\s+(\d{1,10})$", re.MULTILINE)
_Streams = Mapping[int, tuple[int, int]]
"""Start and size by type."""


def check_minidump(raw: BinaryIO) -> DumpCheck:
    """What a dump says of itself; of a damaged or truncated one, what is left of it. Never raises on content."""
    reach = Reach(raw)
    head = reach.at(0, HEADER.size)
    if len(head) < HEADER.size or not head.startswith(b"MDMP"):
        return _damaged("it has no whole header of a minidump")
    _, version, count, directory, _, stamp, _ = HEADER.unpack(head)
    if version & 0xFFFF != VERSION or not 0 < count <= MOST_STREAMS:
        return _damaged(f"its header names version {version & 0xFFFF:x} and {count} streams")
    return _check(reach, _streams(reach, directory, count), count, from_epoch(stamp))


def _damaged(why: str) -> DumpCheck:
    return DumpCheck(
        format="minidump", state="damaged", summary=f"Minidump, damaged: {why}.", problems=(sentence(why),)
    )


def _streams(reach: Reach, directory: int, count: int) -> _Streams:
    reach.claim(directory, count * ENTRY.size)
    data = reach.at(directory, count * ENTRY.size)
    found: dict[int, tuple[int, int]] = {}
    for kind, size, start in ENTRY.iter_unpack(data[: len(data) // ENTRY.size * ENTRY.size]):
        if kind:
            reach.claim(start, size)
            found.setdefault(kind, (start, size))
    return MappingProxyType(found)


def _check(reach: Reach, streams: _Streams, count: int, captured: datetime | None) -> DumpCheck:
    system = reach.at(*streams.get(SYSTEM, (0, 0)))
    machine = int.from_bytes(system[:2], "little") if len(system) >= 28 else None
    platform = int.from_bytes(system[20:24], "little") if len(system) >= 28 else None
    modules = list(_modules(reach, streams))
    threads, counters = _threads(reach, streams, machine)
    _memory(reach, streams)
    fault = _fault(reach, streams, machine, platform, modules)
    hit = fault.address if fault and fault.address is not None else -1
    ordered = sorted(modules, key=lambda one: not one.base <= hit < one.base + one.size)
    check = DumpCheck(
        format="minidump",
        state="truncated" if reach.missing else "complete",
        missing=reach.missing,
        pid=_pid(reach, streams),
        process=modules[0].name if modules else None,
        threads=threads,
        places=places_of(counters, [(one.base, one.size, one.name) for one in modules]),
        fault=fault,
        modules=tuple(ordered[:MAX_MODULES]),
        module_count=len(modules),
        system=_system_name(system, platform),
        arch=None if machine is None else MACHINES.get(machine, f"machine {machine}"),
        captured_at=captured,
        summary="",
        problems=tuple(_problems(reach, streams, count)),
    )
    return check.model_copy(update={"summary": said(check, "Minidump of")})


def _problems(reach: Reach, streams: _Streams, count: int) -> Iterator[str]:
    if len(streams) < count and not streams:
        yield "Its list of streams is cut off."
    for kind, what in ((THREADS, "its threads"), (MODULES, "its modules"), (SYSTEM, "its system")):
        start, size = streams.get(kind, (0, 0))
        if not size:
            yield f"It has no stream on {what}."
        elif start + size > reach.size:
            yield f"Its stream on {what} is cut off."


def _table(reach: Reach, place: tuple[int, int], width: int) -> Iterator[bytes]:
    """The entries of a list that stand in the file; Breakpad aligns some to eight bytes."""
    start, size = place
    count = int.from_bytes(reach.at(start, 4), "little")
    first = size - count * width
    if first not in (4, 8) or size > LONGEST_TABLE:
        return
    body = reach.at(start, size)
    for at in range(first, len(body) - width + 1, width):
        yield body[at : at + width]


def _threads(reach: Reach, streams: _Streams, machine: int | None) -> tuple[int | None, list[int]]:
    """(how many, their program counters as far as they can be read)."""
    counters: list[int] = []
    for kind in (THREADS, THREADS_EX):
        if kind in streams:
            for entry in _table(reach, streams[kind], THREAD[kind]):
                _, stack_size, stack, context_size, context = struct.unpack_from("<QIIII", entry, 24)
                reach.claim(stack, stack_size)
                reach.claim(context, context_size)
                pc = _program_counter(reach, context, context_size, machine)
                counters += [] if pc is None else [pc]
            data = reach.at(streams[kind][0], 4)
            fits = streams[kind][1] // THREAD[kind]
            return (min(int.from_bytes(data, "little"), fits) if len(data) == 4 else None), counters
    return None, counters


def _modules(reach: Reach, streams: _Streams) -> Iterator[DumpModule]:
    for entry in _table(reach, streams.get(MODULES, (0, 0)), MODULE):
        base, size = struct.unpack_from("<QI", entry)
        symbol_size, symbol = struct.unpack_from("<II", entry, 76)
        reach.claim(symbol, symbol_size)
        path = _string(reach, int.from_bytes(entry[20:24], "little"))
        yield DumpModule(
            name=last_part(path) or f"module at 0x{base:x}",
            id=_symbols(reach, symbol, symbol_size),
            base=base,
            size=size,
        )


def _symbols(reach: Reach, start: int, size: int) -> str | None:
    """GUID and age as symbol servers join them, or the build id that Breakpad keeps of an ELF file."""
    data = reach.at(start, min(size, 64))
    if data.startswith(b"RSDS") and len(data) >= 24:
        return f"{UUID(bytes_le=data[4:20]).hex.upper()}{int.from_bytes(data[20:24], 'little'):X}"
    if data.startswith(b"LEpB") and len(data) > 4:
        return data[4:].hex()
    return None


def _string(reach: Reach, place: int) -> str:
    """A UTF-16 string with its length before it."""
    if not place:
        return ""
    length = int.from_bytes(reach.at(place, 4), "little")
    text = reach.at(place + 4, min(length, _LONGEST_NAME)).decode("utf-16-le", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _memory(reach: Reach, streams: _Streams) -> None:
    """How far the memory reaches that the lists speak of."""
    for entry in _table(reach, streams.get(MEMORY, (0, 0)), 16):
        size, place = struct.unpack_from("<II", entry, 8)
        reach.claim(place, size)
    start, size = streams.get(MEMORY64, (0, 0))
    head = reach.at(start, LONG.size)
    if len(head) < LONG.size:
        return
    count, base = LONG.unpack(head)
    end = min(start + size, start + LONG.size * (count + 1), reach.size)
    total, at = 0, start + LONG.size
    while at < end:
        data = reach.at(at, min(_CHUNK, end - at))
        total += sum(length for _, length in LONG.iter_unpack(data[: len(data) // LONG.size * LONG.size]))
        at += len(data)
    reach.claim(base, total)


def _fault(
    reach: Reach, streams: _Streams, machine: int | None, platform: int | None, modules: list[DumpModule]
) -> DumpFault | None:
    body = reach.at(*streams.get(EXCEPTION, (0, 0)))
    if len(body) < EXCEPTION_SIZE or not any(body[8:12]):
        return None  # the stream of a dump that was taken of a healthy process says nothing
    thread, _, code, flags, _, address, count, _ = struct.unpack_from("<IIIIQQII", body)
    values = struct.unpack_from("<15Q", body, 40)[: min(count, _MOST_PARAMETERS)]
    size, context = struct.unpack_from("<II", body, 160)
    reach.claim(context, size)
    windows = platform in (None, WINDOWS)
    pc = address if windows else _program_counter(reach, context, size, machine)
    module, offset = (None, None) if pc is None else place_of(pc, [(one.base, one.size, one.name) for one in modules])
    return DumpFault(
        code=code,
        name=exception_name(code) if windows else signal_name(code),
        parameters=values if windows else (),
        thread=thread,
        address=pc,
        touched=_touched(code, values) if windows else address if code in FAULTS else None,
        module=module,
        offset=offset,
        frame=f"{module}+0x{offset:x}" if module is not None and offset is not None else None,
        sent=not windows and flags in _SENT and code != _ABORT,
    )


def _touched(code: int, values: tuple[int, ...]) -> int | None:
    return values[1] if code in _TOUCHES and len(values) > 1 else None


def _program_counter(reach: Reach, context: int, size: int, machine: int | None) -> int | None:
    at, width = CONTEXT_PC.get(-1 if machine is None else machine, (0, 0))
    data = reach.at(context, size)[at : at + width]
    return int.from_bytes(data, "little") if width and len(data) == width else None


def _pid(reach: Reach, streams: _Streams) -> int | None:
    misc = reach.at(*streams.get(MISC, (0, 0)))[:16]
    if len(misc) >= 12 and int.from_bytes(misc[4:8], "little") & 1:
        return int.from_bytes(misc[8:12], "little")
    status = _PID.search(reach.at(*streams.get(PROCESS_STATUS, (0, 0)))[:8192])
    return int(status[1]) if status else None


def _system_name(system: bytes, platform: int | None) -> str | None:
    if platform is None:
        return None
    major, minor, build = struct.unpack_from("<III", system, 8)
    return f"{PLATFORMS.get(platform, f'system {platform:#x}')} {major}.{minor}.{build}"
