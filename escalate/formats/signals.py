"""Names of Linux signals and of Windows exception codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NAMES = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG "
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
"""signal(7), x86 and ARM, from 1."""

FAULTS = frozenset({4, 5, 7, 8, 11, 31})
"""Signals that an instruction raises: ILL, TRAP, BUS, FPE, SEGV, SYS."""
CRASHES = frozenset({*FAULTS, 6})
"""Those, and SIGABRT: the process gave up by itself."""

EXCEPTIONS: Mapping[int, str] = MappingProxyType(
    {
        0x40010006: "DBG_PRINTEXCEPTION_C",
        0x80000001: "EXCEPTION_GUARD_PAGE",
        0x80000002: "EXCEPTION_DATATYPE_MISALIGNMENT",
        0x80000003: "EXCEPTION_BREAKPOINT",
        0x80000004: "EXCEPTION_SINGLE_STEP",
        0xC0000005: "EXCEPTION_ACCESS_VIOLATION",
        0xC0000006: "EXCEPTION_IN_PAGE_ERROR",
        0xC0000008: "EXCEPTION_INVALID_HANDLE",
        0xC0000017: "STATUS_NO_MEMORY",
        0xC000001D: "EXCEPTION_ILLEGAL_INSTRUCTION",
        0xC0000025: "EXCEPTION_NONCONTINUABLE_EXCEPTION",
        0xC000008C: "EXCEPTION_ARRAY_BOUNDS_EXCEEDED",
        0xC000008E: "EXCEPTION_FLT_DIVIDE_BY_ZERO",
        0xC0000094: "EXCEPTION_INT_DIVIDE_BY_ZERO",
        0xC0000096: "EXCEPTION_PRIV_INSTRUCTION",
        0xC00000FD: "EXCEPTION_STACK_OVERFLOW",
        0xC0000135: "STATUS_DLL_NOT_FOUND",
        0xC0000194: "EXCEPTION_POSSIBLE_DEADLOCK",
        0xC0000374: "STATUS_HEAP_CORRUPTION",
        0xC0000409: "STATUS_STACK_BUFFER_OVERRUN",
        0xC0000420: "STATUS_ASSERTION_FAILURE",
        0xC0000602: "STATUS_FAIL_FAST_EXCEPTION",
        0xE0434352: "CLR_EXCEPTION",
        0xE06D7363: "CPP_EXCEPTION",
    }
)
"""`ntstatus.h` and `winbase.h`; the last two are those of the .NET runtime and of Visual C++."""


def signal_name(number: int) -> str:
    """`SIGSEGV` of 11; `signal 40` of what has no name."""
    names = _NAMES.split()
    return f"SIG{names[number - 1]}" if 1 <= number <= len(names) else f"signal {number}"


def exception_name(code: int) -> str:
    """`EXCEPTION_ACCESS_VIOLATION` of 0xC0000005; the code in hex of what has no name."""
    return EXCEPTIONS.get(code, f"0x{code:08x}")
