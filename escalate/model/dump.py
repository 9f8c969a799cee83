"""What a dump of memory says of itself, read from its structure alone: never from the contents of memory."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Bytes, Frozen, Utc

MAX_MODULES = 64
"""Modules that are named; `module_count` counts all."""

MAX_PLACES = 8

DumpFormat = Literal["elf-core", "minidump", "hprof", "machine-dump"]
State = Literal["complete", "truncated", "damaged"]


class DumpModule(Frozen):
    """A program or library that was loaded."""

    name: str
    """File name; the folder only where the dump has nothing else."""
    id: str | None = None
    """What its symbols are found by: a GNU build id in hex, or GUID and age as symbol servers join them."""
    base: int = Field(ge=0)
    """Address at which it is loaded."""
    size: Bytes


class DumpFault(Frozen):
    """What ended or stopped the process, or the system, and where."""

    code: int
    """Signal number, exception code or bugcheck code."""
    name: str
    """`SIGSEGV`, `EXCEPTION_ACCESS_VIOLATION`, `BAD_POOL_HEADER`; the code in hex where nobody named it."""
    parameters: tuple[int, ...] = ()
    """The four of a bugcheck, those of an exception; empty for a signal."""
    thread: int | None = None
    """Id of the thread that it happened in, as the dump numbers threads."""
    address: int | None = None
    """Of the instruction; None where the dump does not tell."""
    touched: int | None = None
    """Address whose access failed (`si_addr`); None where it is no memory fault."""
    module: str | None = None
    offset: int | None = None
    """Of the instruction, from the module's load address, as debuggers count."""
    frame: str | None = None
    """`libfoo.so+0x1a2b`: the same place whatever the address space looked like; needs no symbols."""
    sent: bool = False
    """The signal was sent by a process; no instruction of this one raised it."""


class DumpPlace(Frozen):
    """Where threads stand: the instruction that each would execute next."""

    frame: str
    """`ntdll.dll+0x9f3b4`; needs no symbols. In a dump of a hang it is where they wait."""
    threads: int


class DumpCheck(Frozen):
    """How whole a dump is and what it is of; every dump has one before it is offered to anyone."""

    format: DumpFormat
    state: State
    """`truncated`: its own structure says that it was longer. `damaged`: that structure cannot be followed."""
    missing: Bytes = 0
    """Bytes that a truncated dump lacks, as far as its structure tells; 0 where it does not tell."""
    pid: int | None = None
    """As the dump itself has it: of the pid namespace in which it was taken."""
    process: str | None = None
    """Short name of the program."""
    threads: int | None = None
    """None where the format, or what is left of it, does not list threads."""
    places: tuple[DumpPlace, ...] = Field(default=(), max_length=MAX_PLACES)
    """Where its threads stand, the place of most threads first."""
    fault: DumpFault | None = None
    modules: tuple[DumpModule, ...] = Field(default=(), max_length=MAX_MODULES)
    """The faulting one first, then as the dump lists them."""
    module_count: int = 0
    system: str | None = None
    """System and build, as far as the dump tells: `Windows 10.0.20348`, `Linux 5.15.0-1075-azure`."""
    arch: str | None = None
    """`x86_64`, `aarch64`, `x86`, `arm`."""
    captured_at: Utc | None = None
    """When it was written, by its own account; None where it does not say."""
    summary: str
    """One sentence for a person: what it is, of whom, how whole, what it stopped at."""
    problems: tuple[str, ...] = ()
    """Sentences; empty: nothing is wrong with it."""
