"""Facts on running processes, read from /proc."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")

_RUNTIMES = (
    ("java", re.compile(r"^java$")),
    ("dotnet", re.compile(r"^dotnet$")),
    ("node", re.compile(r"^node(js)?$")),
    ("python", re.compile(r"^python[\d.]*$|^gunicorn$|^uwsgi$")),
    ("php", re.compile(r"^php(-fpm|-cgi)?[\d.]*$")),
    ("httpd", re.compile(r"^(httpd|apache2)$")),
    ("nginx", re.compile(r"^nginx$")),
    ("ruby", re.compile(r"^ruby[\d.]*$|^puma$")),
)
_MODULES = (("dotnet", b"libcoreclr.so"), ("java", b"libjvm.so"))
_MAPS_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class ProcessFacts:
    """What the plan and the tools need to know of one process."""

    pid: int
    parent: int
    name: str
    state: str
    """One letter, as in /proc/PID/status."""
    uid: int
    gid: int
    rss: int
    """Resident bytes; 0 for kernel threads."""
    runtime: str | None


def facts_of(pid: int, proc: Path = PROC) -> ProcessFacts:
    """Read one process.

    Raises:
        OSError: it does not exist or may not be seen.
        ValueError: its status is not what the kernel documents (proc(5)).
    """
    fields = _status(proc / str(pid) / "status")
    name = fields.get("Name", "")
    return ProcessFacts(
        pid=pid,
        parent=int(fields.get("PPid", "0")),
        name=name,
        state=fields.get("State", "?")[:1],
        uid=int(fields["Uid"].split()[1]) if "Uid" in fields else 0,
        gid=int(fields["Gid"].split()[1]) if "Gid" in fields else 0,
        rss=int(fields.get("VmRSS", "0 kB").split()[0]) * 1024,
        runtime=_runtime(pid, name, proc),
    )


def state_of(pid: int, proc: Path = PROC) -> str | None:
    """The state letter, or None when the process is gone."""
    try:
        return _status(proc / str(pid) / "status").get("State", "?")[:1]
    except OSError:
        return None


def biggest_runtimes(limit: int, proc: Path = PROC) -> tuple[ProcessFacts, ...]:
    """The processes of known runtimes with the most resident memory, other than ourselves, our parents and children."""
    own = family(os.getpid(), proc)
    found = [
        process
        for process in _all(proc)
        if process.runtime and process.pid not in own and process.parent != os.getpid() and process.rss
    ]
    return tuple(sorted(found, key=lambda process: (-process.rss, process.pid))[:limit])


def family(pid: int, proc: Path = PROC) -> frozenset[int]:
    """A process and all its parents."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        try:
            pid = int(_status(proc / str(pid) / "status").get("PPid", "0"))
        except OSError:
            break
    return frozenset(found)


def argv_of(pid: int, proc: Path = PROC) -> list[str]:
    """The command line, one element an argument."""
    data = (proc / str(pid) / "cmdline").read_bytes()
    return [part.decode("utf-8", "replace") for part in data.rstrip(b"\0").split(b"\0")] if data else []


def runtime_named(*names: str) -> str | None:
    """The runtime that the first of these names of a program says."""
    for name in names:
        for runtime, pattern in _RUNTIMES:
            if pattern.match(name.removesuffix(" (deleted)")):
                return runtime
    return None


def _all(proc: Path) -> Iterator[ProcessFacts]:
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended between the listing and the reading
                yield facts_of(int(entry.name), proc)


def _status(place: Path) -> dict[str, str]:
    text = place.read_text("utf-8", "replace")
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


def _runtime(pid: int, name: str, proc: Path) -> str | None:
    names = [name]
    with contextlib.suppress(OSError):
        names.insert(0, (proc / str(pid) / "exe").readlink().name)
    if (known := runtime_named(*names)) is not None:
        return known
    try:
        with (proc / str(pid) / "maps").open("rb") as handle:
            maps = handle.read(_MAPS_BYTES)
    except OSError:
        return None
    return next((runtime for runtime, module in _MODULES if module in maps), None)
