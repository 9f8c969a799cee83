"""One way to ask any dump of memory how whole it is and what it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import BinaryIO

from escalate.formats.elf_core import check_elf_core
from escalate.formats.hprof import check_hprof
from escalate.formats.kernel_dump import check_kernel_dump
from escalate.formats.minidump import check_minidump
from escalate.model.dump import DumpCheck
from escalate.model.kind import Kind

_CHECKS: Mapping[Kind, Callable[[BinaryIO], DumpCheck]] = MappingProxyType(
    {
        Kind.ELF_CORE: check_elf_core,
        Kind.MINIDUMP: check_minidump,
        Kind.HPROF: check_hprof,
        Kind.KERNEL_DUMP: check_kernel_dump,
    }
)


def check_dump(kind: Kind, raw: BinaryIO, expected_pid: int | None = None) -> DumpCheck | None:
    """What a dump says of itself; None for kinds that are no dumps of memory with a known layout.

    `expected_pid`: the process that was asked for; a dump of another one has a problem.

    Raises:
        OSError: the file cannot be read.
    """
    read = _CHECKS.get(kind)
    if read is None:
        return None
    check = read(raw)
    if expected_pid is None or check.pid in (None, expected_pid):
        return check
    problem = (
        f"It is of pid {check.pid}, and pid {expected_pid} was asked for: another process, or another pid namespace."
    )
    return check.model_copy(update={"problems": (*check.problems, problem)})
