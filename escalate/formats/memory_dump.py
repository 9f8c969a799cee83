"""Dumps of memory, by their magic bytes: minidump, ELF core, kernel dumps, Java heap."""

from __future__ import annotations

import struct

from escalate.formats.dump_records import reader
from escalate.formats.elf_layout import ET_CORE, MAGIC
from escalate.formats.kernel_dump import STARTS
from escalate.formats.registry import Format, Head
from escalate.model.kind import Kind


def elf_type(data: bytes) -> int | None:
    """`e_type` of an ELF header; None when this is no ELF file."""
    if not data.startswith(MAGIC) or len(data) < 18 or data[5] not in (1, 2):
        return None
    return int(struct.unpack_from("<H" if data[5] == 1 else ">H", data, 16)[0])


def _is_vmcore(head: Head) -> bool:
    """A core of a kernel carries a VMCOREINFO note; its PT_NOTE follows the program headers."""
    return elf_type(head.data) == ET_CORE and b"VMCOREINFO\x00" in head.data


FORMATS = (
    Format(
        Kind.KERNEL_DUMP,
        "application/x-kernel-dump",
        lambda head: head.data.startswith(STARTS) or _is_vmcore(head),
        rank=9,
        read=reader(Kind.KERNEL_DUMP),
    ),
    Format(
        Kind.ELF_CORE,
        "application/x-coredump",
        lambda head: elf_type(head.data) == ET_CORE,
        rank=10,
        read=reader(Kind.ELF_CORE),
    ),
    Format(
        Kind.MINIDUMP,
        "application/x-minidump",
        lambda head: head.data.startswith(b"MDMP\x93\xa7"),
        rank=10,
        read=reader(Kind.MINIDUMP),
    ),
    Format(
        Kind.HPROF,
        "application/x-hprof",
        lambda head: head.data.startswith(b"JAVA PROFILE 1.0"),
        rank=10,
        read=reader(Kind.HPROF),
    ),
)
