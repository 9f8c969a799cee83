"""Log files: those the user named, those the process holds open, and what a runtime left behind when it fell."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.names import safe_path
from escalate.collect.outcomes import outcome_of_error
from escalate.collect.piece import Piece
from escalate.collect.watch import Watch
from escalate.model.outcome import Gap, Invalid
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity
from escalate.model.target import LocalTarget

CHUNK = 1024 * 1024
TAIL = 64 * 1024 * 1024
"""Of each log at most so many bytes, from the end: the latest are what is asked for."""
FILES = 50

_SUFFIXES = (".log", ".txt", ".out", ".err", ".trace")
_STREAMS = ("1", "2")


def tail_of(context: Context, place: Path, name: str, folder: tuple[str, ...], *, follow: bool = True) -> Piece | Gap:
    """The last bytes of a regular file, from the beginning of a line; `name` is what it is called there."""
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        handle = os.fdopen(os.open(place, flags), "rb")
    except OSError as error:
        return outcome_of_error(error, name, context.obtain)
    found = os.fstat(handle.fileno())
    if not stat.S_ISREG(found.st_mode):
        handle.close()
        return Invalid(reason=f"{name} is not a regular file", hint="name a log file")
    limit = min(TAIL, context.max_bytes)
    left_out = max(0, found.st_size - limit)
    return Piece(
        path=context.below_host(*folder, *safe_path(name.lstrip("/")).parts),
        content=_tail(handle, left_out, found.st_size, context.watch),
        origin=name,
        pid=context.pid,
        captured_at=datetime.fromtimestamp(found.st_mtime, UTC),
        cut=f"the first {left_out} of {found.st_size} bytes are left out" if left_out else None,
    )


def _tail(handle: BinaryIO, start: int, end: int, watch: Watch) -> Iterator[bytes]:
    with handle:
        handle.seek(start)
        position = start
        if start:
            position += len(handle.readline(CHUNK))
        while position < end and (data := handle.read(min(CHUNK, end - position))):
            position += len(data)
            watch.alive()
            yield data


@collector(
    CatalogueEntry(
        id="logs.named",
        title="Log files you named",
        why="You know where the app writes.",
        scope="system",
        volatility=3,
        consent=Consent.ALWAYS,
        effects="reads the files",
        seconds=2,
        timeout_s=600,
        stall_s=60,
        max_bytes=1_000_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="name files that exist and that this user may read",
        source="the command line",
    )
)
def named_logs(context: Context) -> Iterator[Piece | Gap]:
    """Each of them, from the end."""
    logs = context.target.logs if isinstance(context.target, LocalTarget) else ()
    for name in dict.fromkeys(str(Path(log).absolute()) for log in logs):
        yield tail_of(context, Path(name), name, ("logs",))


@collector(
    CatalogueEntry(
        id="logs.open",
        title="Log files the process holds open",
        why="What the app itself said.",
        scope="process",
        volatility=3,
        consent=Consent.ALWAYS,
        effects="reads the files",
        seconds=2,
        timeout_s=600,
        stall_s=60,
        max_bytes=1_000_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="ls -l /proc/{pid}/fd, then copy the logs",
        source="proc(5): fd",
    )
)
def open_logs(context: Context) -> Iterator[Piece | Gap]:
    """Regular files that are called like logs, or that standard output and error go to; also deleted ones."""
    folder = context.place(f"/proc/{context.process}/fd")
    seen: set[str] = set()
    for entry in sorted(folder.iterdir(), key=lambda entry: int(entry.name)):
        context.watch.alive()
        try:
            target = str(entry.readlink())
            regular = stat.S_ISREG(entry.stat().st_mode)
        except FileNotFoundError:
            continue  # closed between the listing and the reading
        name = target.removesuffix(" (deleted)")
        like_a_log = PurePosixPath(name).suffix.lower() in _SUFFIXES or entry.name in _STREAMS
        if regular and like_a_log and name.startswith("/") and name not in seen and len(seen) < FILES:
            seen.add(name)
            yield tail_of(context, entry, name, ("process", str(context.process), "logs"))


def _left_behind(context: Context, patterns: tuple[str, ...]) -> Iterator[Piece | Gap]:
    """Files in the working folder of the process, by name."""
    folder = context.place(f"/proc/{context.process}/cwd")
    home = str(folder.readlink())
    for pattern in patterns:
        for place in sorted(folder.glob(pattern))[:FILES]:
            yield tail_of(
                context, place, f"{home}/{place.name}", ("process", str(context.process), "left"), follow=False
            )


@collector(
    CatalogueEntry(
        id="java.crash_files",
        title="Crash files the JVM left",
        why="Which frame crashed, and by which signal.",
        scope="process",
        runtimes=("java",),
        volatility=4,
        consent=Consent.ALWAYS,
        effects="reads the files",
        seconds=1,
        timeout_s=120,
        stall_s=30,
        max_bytes=200_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="ls $(readlink /proc/{pid}/cwd)/hs_err_pid*.log: there is none unless the JVM crashed",
        source="JDK: -XX:ErrorFile, default ./hs_err_pid%p.log",
    )
)
def java_crash_files(context: Context) -> Iterator[Piece | Gap]:
    """hs_err and replay files of the working folder."""
    yield from _left_behind(context, ("hs_err_pid*.log", "replay_pid*.log"))


@collector(
    CatalogueEntry(
        id="node.report_files",
        title="Diagnostic reports Node left",
        why="Stacks and heap statistics at the time of the fault.",
        scope="process",
        runtimes=("node",),
        volatility=4,
        consent=Consent.ALWAYS,
        effects="reads the files",
        seconds=1,
        timeout_s=120,
        stall_s=30,
        max_bytes=200_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="ls $(readlink /proc/{pid}/cwd)/report.*.json: there is none unless it runs with --report-on-fatalerror",
        source="nodejs.org: Diagnostic report, default file name report.*.json in the working folder",
    )
)
def node_reports(context: Context) -> Iterator[Piece | Gap]:
    """report.*.json of the working folder."""
    yield from _left_behind(context, ("report.*.json",))
