"""Dumps of whole machines, as a virtual machine or a node of one's own gives them: their headers."""

from __future__ import annotations

from typing import BinaryIO

from escalate.formats.dump_reach import Reach
from escalate.formats.kernel_dump_linux import (
    DISKDUMP,
    FLAT,
    KDUMP,
    check_compressed,
    check_flattened,
    check_vmcore,
)
from escalate.formats.kernel_dump_windows import MAGIC_32, MAGIC_64, check_windows
from escalate.model.dump import DumpCheck

STARTS = (MAGIC_64, MAGIC_32, KDUMP, DISKDUMP, FLAT)


def check_kernel_dump(raw: BinaryIO) -> DumpCheck:
    """What a dump of a machine says of itself. Never raises on content."""
    reach = Reach(raw)
    head = reach.at(0, 16)
    if head.startswith((MAGIC_64, MAGIC_32)):
        return check_windows(reach)
    if head.startswith((KDUMP, DISKDUMP)):
        return check_compressed(reach)
    return check_flattened(reach) if head.startswith(FLAT) else check_vmcore(reach)
