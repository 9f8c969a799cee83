"""Dumps of a whole Linux machine: kdump's compressed form, makedumpfile's flattened form, and ELF with VMCOREINFO."""

from __future__ import annotations

import re
import struct
from datetime import datetime

from escalate.formats.dump_reach import Reach, from_epoch, printable
from escalate.formats.dump_words import sentence
from escalate.formats.elf_core_memory import notes_in
from escalate.formats.elf_layout import HEADER, IDENT, PT_NOTE, SEGMENT, segments_of
from escalate.model.dump import DumpCheck

KDUMP, DISKDUMP, FLAT = b"KDUMP   ", b"DISKDUMP", b"makedumpfile\x00"
_UTSNAME_AT, _FIELD = 12, 65
"""`struct new_utsname`: six texts of 65 bytes behind signature and version."""
_AFTER = struct.Struct("<QQIiiIII")
_AFTER_AT = 408
"""Time, status, size of a block, blocks of the second header and of the bitmaps, page numbers (64 bit)."""
_INCOMPLETE = 8
"""Bit of `status`: makedumpfile ran out of room."""
_SUB = struct.Struct("<QiiQQQQ")
"""Beginning of `kdump_sub_header`; the last two tell where VMCOREINFO stands."""
_PAGE_ENTRY = struct.Struct("<QIIQ")
_FLAT_DATA = 4096 + 16
"""Where the first block of the flattened form begins, which holds the header of the other form."""
_LARGEST_BLOCK = 64 * 1024
_CHUNK = 1 << 20
_LONGEST_INFO = 64 * 1024
_LARGEST_NOTES = 8 << 20
_RELEASE = re.compile(r"^OSRELEASE=(\S{1,128})$", re.MULTILINE)
_TIME = re.compile(r"^CRASHTIME=(\d{1,12})$", re.MULTILINE)


def check_compressed(reach: Reach) -> DumpCheck:
    """Of `KDUMP   ` or `DISKDUMP`."""
    return _compressed(reach, 0)


def check_flattened(reach: Reach) -> DumpCheck:
    """Of what makedumpfile writes to a pipe: whole if it ends with the mark of its end."""
    check = _compressed(reach, _FLAT_DATA)
    ended = reach.at(reach.size - 16, 16) == b"\xff" * 16
    problems = () if ended else ("It ends without the mark that ends the flattened form.",)
    return _made(
        check.system.removeprefix("Linux ") if check.system else "",
        check.arch,
        check.captured_at,
        state="complete" if ended and check.state == "complete" else "truncated",
        missing=0,
        problems=(*check.problems, *problems),
    )


def _compressed(reach: Reach, base: int) -> DumpCheck:
    flat = base > 0
    head = reach.at(base, _AFTER_AT + _AFTER.size)
    reach.claim(base, _AFTER_AT + _AFTER.size)
    if len(head) < _AFTER_AT + _AFTER.size or head[:8] not in (KDUMP, DISKDUMP):
        why = "its header is cut off" if len(head) < _AFTER_AT + _AFTER.size else "its header is not that of kdump"
        state = "truncated" if reach.missing else "damaged"
        return _made("", None, None, state=state, missing=reach.missing, problems=(sentence(why),))
    names = [printable(head[at : at + _FIELD]) for at in range(_UTSNAME_AT, _UTSNAME_AT + 6 * _FIELD, _FIELD)]
    release, machine = names[2], names[4]
    seconds, _, status, block, sub_blocks, bitmap_blocks, _, _ = _AFTER.unpack_from(head, _AFTER_AT)
    problems = []
    if not 512 <= block <= _LARGEST_BLOCK or not 0 <= sub_blocks <= 1024:
        return _made(release, machine, from_epoch(seconds), state="damaged", problems=("Its header is damaged.",))
    info = "" if flat else _information(reach, block)
    if not flat:
        problems += _pages(reach, block, sub_blocks, bitmap_blocks)
    if status & _INCOMPLETE:
        problems.append("makedumpfile marked it as incomplete: there was no room for it.")
    crashed = _TIME.search(info)
    whole = not reach.missing and not status & _INCOMPLETE
    return _made(
        release,
        machine,
        from_epoch(int(crashed[1])) if crashed else from_epoch(seconds),
        state="complete" if whole else "truncated",
        missing=reach.missing,
        problems=tuple(problems),
    )


def _information(reach: Reach, block: int) -> str:
    """VMCOREINFO: lines of `NAME=value`."""
    data = reach.at(block, _SUB.size)
    if len(data) < _SUB.size:
        return ""
    *_, place, size = _SUB.unpack(data)
    return reach.at(place, min(size, _LONGEST_INFO)).decode("utf-8", "replace")


def _pages(reach: Reach, block: int, sub_blocks: int, bitmap_blocks: int) -> list[str]:
    """Find the last page that the second bitmap promises, and where it ends."""
    bitmap = (1 + sub_blocks) * block
    half = bitmap_blocks * block // 2
    table = bitmap + bitmap_blocks * block
    reach.claim(bitmap, bitmap_blocks * block)
    count, at, end = 0, bitmap + half, min(table, reach.size)
    while at < end:
        data = reach.at(at, min(_CHUNK, end - at))
        count += int.from_bytes(data, "little").bit_count()
        at += len(data)
    reach.claim(table, count * _PAGE_ENTRY.size)
    last = reach.at(table + (count - 1) * _PAGE_ENTRY.size, _PAGE_ENTRY.size) if count else b""
    if len(last) == _PAGE_ENTRY.size:
        place, size, _, _ = _PAGE_ENTRY.unpack(last)
        reach.claim(place, size)
        return []
    return ["Its bitmap promises no page." if not count else "Its list of pages is cut off."]


def check_vmcore(reach: Reach) -> DumpCheck:
    """Of an ELF file that the crash kernel wrote: 64 bit, little endian."""
    head = reach.at(0, IDENT + HEADER[True].size)
    reach.claim(0, IDENT + HEADER[True].size)
    if len(head) < IDENT + HEADER[True].size or head[4] != 2 or head[5] != 1:
        return _made("", None, None, state="truncated" if reach.missing else "damaged", missing=reach.missing)
    _, machine, _, _, table, _, _, _, entry, count, *_ = HEADER[True].unpack_from(head, IDENT)
    if entry != SEGMENT[True].size:
        return _made("", None, None, state="damaged", problems=("Its list of segments is not as a core has it.",))
    reach.claim(table, count * entry)
    data = reach.at(table, count * entry)
    info = ""
    for segment in segments_of(data[: len(data) // entry * entry], wide=True):
        reach.claim(segment.offset, segment.size)
        if segment.type == PT_NOTE and segment.size <= _LARGEST_NOTES:
            notes = notes_in(reach.at(segment.offset, segment.size))
            info = next((text.decode("utf-8", "replace") for name, _, text in notes if name == b"VMCOREINFO"), info)
    release, crashed = _RELEASE.search(info), _TIME.search(info)
    return _made(
        release[1] if release else "",
        {62: "x86_64", 183: "aarch64"}.get(machine, f"machine {machine}"),
        from_epoch(int(crashed[1])) if crashed else None,
        state="truncated" if reach.missing else "complete",
        missing=reach.missing,
        problems=() if info else ("It holds no VMCOREINFO, without which crash(8) needs to be told the layout.",),
    )


def _made(
    release: str,
    machine: str | None,
    captured: datetime | None,
    *,
    state: str,
    missing: int = 0,
    problems: tuple[str, ...] = (),
) -> DumpCheck:
    lacks = f": {missing:,} bytes are missing" if missing else ""
    return DumpCheck.model_validate(
        {
            "format": "machine-dump",
            "state": state,
            "missing": missing,
            "system": f"Linux {release}" if release else "Linux",
            "arch": machine or None,
            "captured_at": captured,
            "summary": f"Dump of a Linux machine ({release or 'release unknown'}), {state}{lacks}.",
            "problems": problems,
        }
    )
