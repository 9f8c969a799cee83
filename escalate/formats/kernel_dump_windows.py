"""Headers of the dumps of a whole Windows machine: bugcheck, build, time, and how long the file has to be.

Offsets are those of `DUMP_HEADER64` and `DUMP_HEADER32` as Microsoft's symbols describe them; bitmap dumps (Windows 8
and later) have a second header that counts the pages.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from escalate.formats.bugchecks import bugcheck_name
from escalate.formats.dump_reach import Reach
from escalate.formats.dump_words import sentence
from escalate.model.dump import DumpCheck, DumpFault, State

MAGIC_64, MAGIC_32 = b"PAGEDU64", b"PAGEDUMP"
_PAGE = 4096
_FIRST_TIME = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_TICKS = 2_650_467_743_999_999_999
"""The end of the year 9999 in 100 ns."""
_MACHINES: Mapping[int, str] = MappingProxyType({0x8664: "x86_64", 0xAA64: "aarch64", 0x14C: "x86", 0x1C4: "arm"})
_FULL, _SMALL = 1, 4
_TYPES: Mapping[int, str] = MappingProxyType(
    {_FULL: "full", 2: "kernel", 3: "header", _SMALL: "small", 5: "full", 6: "kernel", 7: "automatic"}
)
_BITMAPS = frozenset({5, 6, 7})
_MOST_RUNS = 40
"""Runs of memory for which the header has room."""
_LONGEST_NAME = 260


@dataclass(frozen=True)
class _Layout:
    """Where the header of one width has what is read of it."""

    size: int
    machine: int
    bugcheck: int
    parameters: int
    word: str
    type: int
    required: int
    time: int


_LAYOUTS: Mapping[bytes, _Layout] = MappingProxyType(
    {
        MAGIC_64: _Layout(0x2000, 0x30, 0x38, 0x40, "Q", 0xF98, 0xFA0, 0xFA8),
        MAGIC_32: _Layout(0x1000, 0x20, 0x28, 0x2C, "I", 0xF88, 0xFA0, 0xFC0),
    }
)


def check_windows(reach: Reach) -> DumpCheck:
    """What the header says; of one that is cut off, what is left of it."""
    magic = reach.at(0, 8)
    layout = _LAYOUTS[magic]
    head = reach.at(0, layout.size)
    reach.claim(0, layout.size)
    if len(head) < layout.parameters + 4 * struct.calcsize(layout.word):
        why = f"it ends in its header, after {reach.size} bytes"
        return DumpCheck(
            format="machine-dump",
            state="truncated",
            missing=reach.missing,
            summary=f"Dump of a Windows machine, truncated: {why}.",
            problems=(sentence(why),),
        )
    build, machine = _u32(head, 12), _u32(head, layout.machine)
    code = _u32(head, layout.bugcheck)
    parameters = struct.unpack_from(f"<4{layout.word}", head, layout.parameters)
    kind = _u32(head, layout.type) if len(head) == layout.size else 0
    problems = _claim(reach, head, layout, kind, wide=magic == MAGIC_64)
    what = _TYPES.get(kind, "unknown")
    state: State = "truncated" if reach.missing else "damaged" if reach.end <= layout.size else "complete"
    whole = f"truncated: {reach.missing:,} bytes are missing" if reach.missing else state
    fault = DumpFault(
        code=code, name=bugcheck_name(code), parameters=parameters, module=_broken_driver(reach, head, kind)
    )
    shown = ", ".join(f"0x{value:x}" for value in parameters)
    blamed = f", {fault.module} named by the dump itself" if fault.module else ""
    return DumpCheck(
        format="machine-dump",
        state=state,
        missing=reach.missing,
        fault=fault,
        system=f"Windows build {build}",
        arch=_MACHINES.get(machine, f"machine 0x{machine:x}"),
        captured_at=_from_filetime(int.from_bytes(head[layout.time : layout.time + 8], "little")),
        summary=f"Dump of a Windows machine ({what}, build {build}), {whole}: "
        f"bugcheck 0x{code:X} {fault.name} ({shown}){blamed}.",
        problems=tuple(problems),
    )


def _claim(reach: Reach, head: bytes, layout: _Layout, kind: int, *, wide: bool) -> list[str]:
    """Let the header say how long the file is; what it cannot be asked for is told."""
    if len(head) < layout.size:
        return ["Its header is cut off."]
    if kind in _BITMAPS:
        reach.claim(layout.size, 0x38)
        second = reach.at(layout.size, 0x38)
        if second[4:8] == b"DUMP" and second[:4] in (b"SDMP", b"FDMP") and len(second) == 0x38:
            first, pages = struct.unpack_from("<QQ", second, 0x20)
            reach.claim(0, first + pages * _PAGE)
            return []
    if kind == _FULL and wide:
        runs = _u32(head, 0x88)
        if 0 < runs <= _MOST_RUNS:
            pages = sum(struct.unpack_from("<Q", head, 0x98 + 16 * number + 8)[0] for number in range(runs))
            reach.claim(0, layout.size + pages * _PAGE)
            return []
    if kind == _SMALL and wide:
        reach.claim(layout.size, 8)
        reach.claim(0, _u32(reach.at(layout.size + 4, 4), 0))
        return []
    required = int.from_bytes(head[layout.required : layout.required + 8], "little")
    if 0 < required < 1 << 50:
        reach.claim(0, required)
        return []
    return ["Its header does not say how long it has to be: whether it is whole cannot be told."]


def _broken_driver(reach: Reach, head: bytes, kind: int) -> str | None:
    """The module that a small dump itself blames, which most do not."""
    if kind != _SMALL or not head.startswith(MAGIC_64):
        return None
    place = int.from_bytes(reach.at(0x2040, 4), "little")
    length = int.from_bytes(reach.at(place, 4), "little") if place else 0
    if not 0 < length <= _LONGEST_NAME:
        return None
    name = reach.at(place + 4, 2 * length).decode("utf-16-le", "replace").rstrip("\0")
    return name if name.isprintable() and name else None


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _from_filetime(ticks: int) -> datetime | None:
    return _FIRST_TIME + timedelta(microseconds=ticks // 10) if 0 < ticks <= _MOST_TICKS else None
