"""One process and its threads, in several samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from escalate.collect.cgroups import files_of
from escalate.collect.collector import collector
from escalate.collect.context import STAMP, Context
from escalate.collect.outcomes import outcome_of_error
from escalate.collect.piece import Piece
from escalate.collect.samples import piece_of, rounds, sample_files
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

FILES = ("status", "stat", "io", "wchan", "stack", "schedstat")
HOST_OWNED = frozenset({"stack"})
"""Needs CAP_SYS_ADMIN of the host."""
THREADS = 2000
"""More are counted, not listed."""


@collector(
    CatalogueEntry(
        id="proc.samples",
        title="State, CPU, I/O and kernel wait of the process and its threads, sampled",
        why="Whether it computes, waits, or hangs inside the kernel; three samples tell a stand from a moment.",
        scope="process",
        volatility=1,
        consent=Consent.ALWAYS,
        effects="reads /proc",
        seconds=16,
        timeout_s=120,
        stall_s=30,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="for i in 1 2 3; do cat /proc/{pid}/status /proc/{pid}/wchan /proc/{pid}/task/*/wchan; sleep 5; done",
        source="proc(5); stack needs CAP_SYS_ADMIN in the first user namespace: the errno is the evidence",
    )
)
def process_samples(context: Context) -> Iterator[Piece | Gap]:
    """Files by their names below `proc/<pid>/<stamp>/`, and a table of the threads."""
    pid = str(context.process)
    given_up: set[str] = set()
    for at in rounds(context):
        files = {name: f"/proc/{pid}/{name}" for name in FILES}
        yield from sample_files(context, ("proc", pid), files, at, given_up, HOST_OWNED)
        if "threads.txt" in given_up:
            continue
        try:
            lines = [f"{line}\n".encode() for line in threads(context, context.place(f"/proc/{pid}/task"))]
        except OSError as error:
            given_up.add("threads.txt")
            yield outcome_of_error(error, f"/proc/{pid}/task", context.obtain)
            continue
        yield piece_of(context, ("proc", pid, at.strftime(STAMP), "threads.txt"), lines, f"/proc/{pid}/task", at)


def threads(context: Context, folder: Path) -> Iterator[str]:
    """A head line and one line a thread: tid, state, CPU ticks in user and kernel, wait channel, name.

    Raises:
        OSError: the process is gone or may not be seen.
    """
    tids = sorted(int(entry.name) for entry in folder.iterdir())
    yield f"{'tid':>9} state {'utime':>9} {'stime':>9} {'wchan':<32} name"
    for tid in tids[:THREADS]:
        context.watch.alive()
        stat = _read(folder / str(tid) / "stat")
        # The name stands in parentheses and may hold some itself: proc(5) says to look for the last one.
        name = stat[stat.find("(") + 1 : stat.rfind(")")]
        cells = stat[stat.rfind(")") + 2 :].split()
        if len(cells) > 12:
            wchan = _read(folder / str(tid) / "wchan") or "?"
            yield f"{tid:>9} {cells[0]:<5} {cells[11]:>9} {cells[12]:>9} {wchan:<32} {name}"
    if len(tids) > THREADS:
        yield f"and {len(tids) - THREADS} more threads"


@collector(
    CatalogueEntry(
        id="proc.cgroup",
        title="Control group of the process",
        why="Its own memory limit, kills and throttling.",
        scope="process",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="reads /sys/fs/cgroup",
        seconds=1,
        timeout_s=20,
        stall_s=10,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="cat /proc/{pid}/cgroup, then the files of that group below /sys/fs/cgroup",
        source="Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst",
    )
)
def process_cgroup(context: Context) -> Iterator[Piece | Gap]:
    """The files of its group by their names below `proc/<pid>/cgroup-files/`."""
    pid = str(context.process)
    for source in files_of(context, pid):
        try:
            data = context.place(source).read_bytes()
        except OSError as error:
            yield outcome_of_error(error, source, context.obtain)
        else:
            yield piece_of(context, ("proc", pid, "cgroup-files", source.rpartition("/")[2]), [data], source)


def _read(place: Path) -> str:
    """A short file; empty when the thread ended meanwhile or the kernel refuses."""
    try:
        return place.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
