"""Which log files of a site are taken, by which collector, and why the others are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from types import MappingProxyType

from escalate.collect.vfs import VfsFile
from escalate.collect.vfs_walk import DEPTH, LOGS
from escalate.formats.names import container_log_name

MIB = 1024 * 1024
FILE_BYTES = 50 * MIB
"""Of a longer file the end is taken."""
PER_INSTANCE = 200
_OLDEST = datetime.min.replace(tzinfo=UTC)

_WRITER = re.compile(r"^(?:\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}_)?(?P<inst>[0-9A-Fa-f]{6})[-_](?:(?P<pid>\d{1,10})-\d)?")
"""`d10e51-2432-638...txt` of Application, `2014-11-17T04-59-21_d10e51_366_GET_...xml` of Kudu's trace."""
_NOT_TEXT = frozenset(
    {
        ".dmp", ".mdmp", ".hprof", ".core", ".gcdump", ".jfr", ".nettrace", ".diagsession", ".etl", ".pcap", ".pcapng",
        ".cap", ".zip", ".gz", ".7z", ".exe", ".dll",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """The files of one collector."""

    id: str
    holds: Callable[[VfsFile], bool]
    most_bytes: int
    most_files: int | None = None
    """So many of it are enough; None: all, at most `PER_INSTANCE` for each instance infix."""
    any_age: bool = False
    """Taken whatever its age: a ring that holds days, in one file."""
    start: tuple[str, ...] = LOGS
    """Where the walk for it begins."""
    depth: int = 0


@dataclass(frozen=True)
class Choice:
    """A file, and whether it is taken."""

    file: VfsFile
    why_not: str | None = None
    is_cap: bool = False
    """Left out because of a bound, not because it does not matter."""

    @property
    def left_out(self) -> int:
        """Bytes at its beginning that are not taken."""
        return max(0, self.file.size - FILE_BYTES)


def choose(group: Group, files: Iterable[VfsFile], since: datetime) -> Iterator[Choice]:
    """The files of a group, newest first; what was last written before `since` is not taken."""
    left, counts = group.most_bytes, Counter[str]()
    for file in newest_first(each for each in files if group_of(each) is group):
        infix = infix_of(file) if group.most_files is None else ""
        most = PER_INSTANCE if group.most_files is None else group.most_files
        size = min(file.size, FILE_BYTES)
        if not is_text(file):
            yield Choice(file, "a dump, a trace or an archive: asked for separately, with your consent")
        elif file.size == 0:
            yield Choice(file, "empty")
        elif not group.any_age and file.modified is not None and file.modified < since:
            yield Choice(file, "last written more than an hour before the incident")
        elif counts[infix] >= most:
            yield Choice(file, f"the newest {most} of its kind are enough", is_cap=group.most_files is None)
        elif size > left:
            yield Choice(file, f"over the {group.most_bytes // MIB} MB of {group.id}", is_cap=True)
        else:
            counts[infix] += 1
            left -= size
            yield Choice(file)


def newest_first(files: Iterable[VfsFile]) -> list[VfsFile]:
    """By the time of the last change, then by name; a file without a time comes last."""
    return sorted(files, key=lambda file: (file.modified or _OLDEST, file.parts), reverse=True)


def infix_of(file: VfsFile) -> str:
    """Which instance wrote it, as its name says; empty when it does not."""
    name = container_log_name(PurePosixPath(file.name))
    if name is not None:
        return f"{name.machine}_{name.part}" if name.part else name.machine
    writer = _WRITER.match(file.name)
    return writer["inst"].lower() if writer else ""


def pid_in(file: VfsFile) -> int | None:
    """The process whose trace an Application log is."""
    writer = _WRITER.match(file.name)
    return int(writer["pid"]) if writer and writer["pid"] else None


def group_of(file: VfsFile) -> Group:
    """The first group that holds a file; the rest is `vfs.logs`."""
    return next((group for group in GROUPS.values() if group.holds(file)), GROUPS["vfs.logs"])


def _below(file: VfsFile, *folders: str) -> bool:
    """Whether it lies right in a folder of LogFiles; the names are patterns."""
    own = file.parts[1:-1]
    return len(own) == len(folders) and all(
        re.fullmatch(pattern, part, re.IGNORECASE) for pattern, part in zip(folders, own, strict=True)
    )


def _named(file: VfsFile, pattern: str) -> bool:
    return re.fullmatch(pattern, file.name, re.IGNORECASE) is not None


def _is_container_log(file: VfsFile) -> bool:
    return container_log_name(PurePosixPath(file.name)) is not None


def is_text(file: VfsFile) -> bool:
    """Whether its name is not one of a dump, a trace or an archive."""
    return PurePosixPath(file.name.casefold()).suffix not in _NOT_TEXT


def _table(groups: Sequence[Group]) -> Mapping[str, Group]:
    """Together they may bring 500 MB."""
    return MappingProxyType({group.id: group for group in groups})


GROUPS: Mapping[str, Group] = _table(
    (
        Group(
            "evt.log",
            lambda file: _below(file) and _named(file, r"eventlog.*\.xml"),
            most_bytes=20 * MIB,
            any_age=True,
        ),
        Group(
            "http.w3c",
            lambda file: _below(file, "http", "RawLogs") and _named(file, r".*\.log"),
            most_bytes=150 * MIB,
            start=(*LOGS, "http", "RawLogs"),
        ),
        Group("freb", lambda file: _below(file, r"W3SVC\d*") and _named(file, r"fr.*\.xml"), 20 * MIB, depth=1),
        Group(
            "log.detailed_errors",
            lambda file: _below(file, r"DetailedErrors?") and _named(file, r".*\.html?"),
            most_bytes=5 * MIB,
            most_files=20,
            depth=1,
        ),
        Group("log.app", lambda file: _below(file, "Application"), 100 * MIB, start=(*LOGS, "Application")),
        Group(
            "log.kudu_trace",
            lambda file: _below(file, "kudu", "trace"),
            most_bytes=5 * MIB,
            most_files=30,
            start=(*LOGS, "kudu", "trace"),
        ),
        Group("log.containers", _is_container_log, 150 * MIB),
        Group("vfs.logs", lambda file: True, 50 * MIB, depth=DEPTH),
    )
)
