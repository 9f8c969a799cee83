"""Processors, file systems, control group and kernel log of the machine, read once."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

from escalate.collect.cgroups import files_of
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.local_request import read_files
from escalate.collect.outcomes import outcome_of_error
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.samples import piece_of
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

_CPU_FACTS = ("model name", "cpu MHz", "cache size", "microcode", "flags", "bugs", "CPU implementer", "CPU part")

_READ_ALL, _SIZE = 3, 10
"""Commands of syslog(2)."""


@collector(
    CatalogueEntry(
        id="system.cpu",
        title="Processors",
        why="How many and which: sick workers often differ in model or microcode.",
        scope="system",
        volatility=4,
        consent=Consent.ALWAYS,
        effects="reads /proc/cpuinfo",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=1_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="cat /proc/cpuinfo",
        source="proc(5)",
    )
)
def cpu(context: Context) -> Iterator[Piece | Gap]:
    """The first processor and how many there are."""
    text = context.place("/proc/cpuinfo").read_text("utf-8", "replace")
    blocks = [block for block in text.split("\n\n") if block.strip()]
    lines = [line for line in blocks[0].splitlines() if line.startswith(_CPU_FACTS)] if blocks else []
    summary = "\n".join([f"processors\t: {len(blocks)}", *lines]) + "\n"
    yield piece_of(context, ("proc", "cpuinfo-summary.txt"), [summary.encode()], "/proc/cpuinfo")


@collector(
    CatalogueEntry(
        id="system.disk",
        title="Free space of the mounted file systems",
        why="A full disk explains much; a mount that does not answer explains more.",
        scope="system",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="asks each mounted file system for its size",
        seconds=1,
        timeout_s=30,
        stall_s=10,
        max_bytes=1_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="df -k; df -i",
        source="statvfs(3)",
    )
)
def disk(context: Context) -> Iterator[Piece | Gap]:
    """One line a file system that holds anything; one that hangs ends the step by its limit."""
    rows = [f"{'type':<12}{'bytes':>18}{'free':>18}{'inodes':>14}{'free':>14}  mount"]
    seen: set[str] = set()
    for line in context.place("/proc/mounts").read_text("utf-8", "replace").splitlines():
        cells = line.split()
        if len(cells) < 3 or cells[1] in seen:
            continue
        seen.add(cells[1])
        try:
            facts = os.statvfs(context.place(cells[1].encode().decode("unicode_escape")))
        except OSError as error:
            yield outcome_of_error(error, cells[1], context.obtain)
            continue
        context.watch.alive()
        if facts.f_blocks:
            rows.append(
                f"{cells[2]:<12}{facts.f_blocks * facts.f_frsize:>18}{facts.f_bavail * facts.f_frsize:>18}"
                f"{facts.f_files:>14}{facts.f_favail:>14}  {cells[1]}"
            )
    yield piece_of(context, ("disk-space.txt",), [("\n".join(rows) + "\n").encode()], "statvfs of /proc/mounts")


@collector(
    CatalogueEntry(
        id="system.cgroup",
        title="Control group of this container",
        why="Limits, kills and throttling that a container's owner set.",
        scope="system",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="reads /sys/fs/cgroup",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory.stat /sys/fs/cgroup/cpu.stat",
        source="Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst",
    )
)
def cgroup(context: Context) -> Iterator[Piece | Gap]:
    """The files of version 1 or 2 that are there."""
    yield from read_files(context, files_of(context, "self"))


@collector(
    CatalogueEntry(
        id="system.kernel_log",
        title="Kernel log",
        why="Killed processes, hung tasks, drivers. Containers may not read it: the refusal is worth a line.",
        scope="system",
        volatility=3,
        consent=Consent.ALWAYS,
        effects="asks the kernel for its ring buffer",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=32_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="dmesg --time-format iso (on the host, with CAP_SYSLOG); on App Service only Microsoft can",
        source="syslog(2)",
        host_owned=True,
    )
)
def kernel_log(context: Context) -> Iterator[Piece | Gap]:
    """The ring buffer as text, or the errno that refused it."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = libc.klogctl(_SIZE, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 1 << 18))
    got = libc.klogctl(_READ_ALL, buffer, len(buffer))
    if got < 0:
        error = OSError(ctypes.get_errno(), "syslog(2)")
        raise Unavailable(outcome_of_error(error, "syslog(2)", context.obtain))
    if got:
        yield piece_of(context, ("kernel-log.txt",), [buffer.raw[:got]], "syslog(2) SYSLOG_ACTION_READ_ALL")
