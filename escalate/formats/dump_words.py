"""The sentences in which a dump is told to people, and the place of an address in its module."""

from __future__ import annotations

from collections.abc import Iterable

from escalate.model.dump import DumpCheck, DumpFault


def place_of(address: int, modules: Iterable[tuple[int, int, str]]) -> tuple[str | None, int | None]:
    """Module and offset of an address, out of (base, size, name)."""
    for base, size, name in modules:
        if base <= address < base + size:
            return name, address - base
    return None, None


def said(check: DumpCheck, what: str) -> str:
    """Such as `Core of shop (pid 12), complete, 5 threads, 14 modules: SIGSEGV at libcart.so+0x1a2b.` one sentence."""
    whom = check.process or "a process"
    whom += f" (pid {check.pid})" if check.pid is not None else ""
    parts = [f"{what} {whom}", _whole(check)]
    parts += [counted(check.threads, "thread")] if check.threads is not None else []
    parts += [counted(check.module_count, "module")] if check.module_count else []
    return f"{', '.join(parts)}{_stopped(check.fault)}."


def counted(count: int, what: str) -> str:
    """Such as `1 thread` or `5 threads`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _whole(check: DumpCheck) -> str:
    if check.state == "truncated":
        return f"truncated: {check.missing:,} bytes are missing" if check.missing else "truncated"
    return check.state


def _stopped(fault: DumpFault | None) -> str:
    if fault is None:
        return ""
    where = fault.frame or (f"0x{fault.address:x}, outside of every module" if fault.address is not None else "")
    sent = ", a signal that was sent by a process" if fault.sent else ""
    return f": {fault.name}{sent}" + (f" at {where}" if where else "")
