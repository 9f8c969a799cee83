"""The sentences in which a dump is told to people, and the place of an address in its module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from escalate.model.dump import MAX_PLACES, DumpCheck, DumpFault, DumpPlace

MOST_COUNTERS = 1000
"""Different program counters that are looked up."""


def place_of(address: int, modules: Iterable[tuple[int, int, str]]) -> tuple[str | None, int | None]:
    """Module and offset of an address, out of (base, size, name)."""
    for base, size, name in modules:
        if base <= address < base + size:
            return name, address - base
    return None, None


def places_of(counters: Iterable[int], modules: Sequence[tuple[int, int, str]]) -> tuple[DumpPlace, ...]:
    """Where threads stand, out of their program counters; those outside of every module are left out."""
    found = Counter[str]()
    for address, threads in Counter(counters).most_common(MOST_COUNTERS):
        module, offset = place_of(address, modules)
        if module is not None and offset is not None:
            found[f"{module}+0x{offset:x}"] += threads
    return tuple(DumpPlace(frame=frame, threads=threads) for frame, threads in found.most_common(MAX_PLACES))


def said(check: DumpCheck, what: str) -> str:
    """Such as `Core of shop (pid 12), complete, 5 threads, 14 modules: SIGSEGV at libcart.so+0x1a2b.` one sentence."""
    whom = check.process or "a process"
    whom += f" (pid {check.pid})" if check.pid is not None else ""
    parts = [f"{what} {whom}", _whole(check)]
    parts += [counted(check.threads, "thread")] if check.threads is not None else []
    parts += [counted(check.module_count, "module")] if check.module_count else []
    return f"{', '.join(parts)}{_stopped(check.fault)}."


def sentence(words: str) -> str:
    """Words as a sentence of their own."""
    return f"{words[:1].upper()}{words[1:]}."


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
