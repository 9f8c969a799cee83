"""How ELF files and the cores of processes are laid out (gABI, Linux `elf.h` and `procfs.h`): numbers and shapes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAGIC = b"\x7fELF"
ET_CORE, PN_XNUM = 4, 0xFFFF
PT_LOAD, PT_NOTE = 1, 4
PF_X, PF_W = 1, 2
NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE, NT_SIGINFO = 1, 3, 6, 0x46494C45, 0x53494749
NT_GNU_BUILD_ID = 3
AT_SYSINFO_EHDR = 33
MOST_SEGMENTS = 1 << 18
"""Linux allows 65,530 mappings unless told otherwise; runtimes with large heaps ask for some times that."""
MOST_NOTES = 1 << 20
LONGEST_NAME = 256

IDENT = 16
HEADER: Mapping[bool, struct.Struct] = MappingProxyType(
    {True: struct.Struct("<HHIQQQIHHHHHH"), False: struct.Struct("<HHIIIIIHHHHHH")}
)
"""Behind the 16 bytes of `e_ident`, for 64 and 32 bit."""
SEGMENT: Mapping[bool, struct.Struct] = MappingProxyType(
    {True: struct.Struct("<IIQQQQQQ"), False: struct.Struct("<IIIIIIII")}
)
NOTE = struct.Struct("<III")
FILE_ENTRY: Mapping[bool, struct.Struct] = MappingProxyType({True: struct.Struct("<QQQ"), False: struct.Struct("<III")})
"""Start, end and page offset of one mapping of NT_FILE."""
EXTRA_COUNT: Mapping[bool, int] = MappingProxyType({True: 44, False: 28})
"""Where `sh_info` of the first section stands, which holds the count of segments that does not fit."""

NAME, ARGUMENTS = 16, 80
"""Bytes of `pr_fname` and `pr_psargs`, with which `struct elf_prpsinfo` ends on every machine."""
PROCESS_PID: Mapping[int, int] = MappingProxyType({124: 12, 128: 16, 136: 24})
"""Where `pr_pid` stands, by the size of the structure: 32 bit with short and with long user ids, 64 bit."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where `struct elf_prstatus` of one machine has what is read of it."""

    name: str
    status_size: int
    pid: int
    pc: int
    sp: int

    @property
    def is_wide(self) -> bool:
        """Whether its words have 64 bit."""
        return self.name in ("x86_64", "aarch64")


MACHINES: Mapping[int, Machine] = MappingProxyType(
    {
        62: Machine("x86_64", 336, 32, 240, 264),
        183: Machine("aarch64", 392, 32, 368, 360),
        3: Machine("x86", 144, 24, 120, 132),
        40: Machine("arm", 148, 24, 132, 124),
    }
)
"""By `e_machine`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One program header."""

    type: int
    flags: int
    offset: int
    address: int
    size: int
    """Bytes in the file."""
    memory: int
    """Bytes in memory; what is not in the file was left out, or zero."""
    align: int

    @property
    def range(self) -> tuple[int, int]:
        """Where it stands in the file."""
        return (self.offset, self.offset + self.size)


def segments_of(table: bytes, *, wide: bool) -> Iterator[Segment]:
    """The program headers of a table whose length is a multiple of one."""
    for fields in SEGMENT[wide].iter_unpack(table):
        if wide:
            kind, flags, offset, address, _, size, memory, align = fields
        else:
            kind, offset, address, _, size, memory, flags, align = fields
        yield Segment(kind, flags, offset, address, size, memory, align)


def padded(size: int) -> int:
    """Names and contents of notes are padded to four bytes."""
    return -(-size // 4) * 4
