"""What the path of a piece of evidence tells: worker, site, process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

_CONTAINER_LOG = re.compile(
    r"^\d{4}_\d{2}_\d{2}_(?P<machine>[^_]+)(?P<part>_.+?)?_(?P<stream>docker|platform|console|app)(?:\.\d+)?\.log$",
    re.IGNORECASE,
)
_WORKER = re.compile(
    r"(?:RD|DW|LW)[0-9A-F]{6,14}|[a-z]{2}[0-9][a-z]{1,5}wk[0-9a-z]{6}|10(?:-\d{1,3}){3}", re.IGNORECASE
)
_NOT_SITES = frozenset({"api", "deployment", "trace", "webssh"})
"""Folders that Kudu itself keeps below LogFiles/kudu."""


@dataclass(frozen=True, slots=True)
class ContainerLogName:
    """The parts of `YYYY_MM_DD_<machine>[_<part>]_docker.log` (also `_platform`, `_console`, `_app`)."""

    machine: str
    part: str
    """`default`, `default_scm`, `easyauth`, `msi`, ...; empty for the platform's own log."""
    stream: str

    @property
    def is_platform(self) -> bool:
        """Whether the platform writes this file, not the app or a side container."""
        return self.stream == "platform" or (self.stream == "docker" and not self.part)


def container_log_name(path: PurePosixPath) -> ContainerLogName | None:
    """The parts of a container log's name; None when it is not one."""
    match = _CONTAINER_LOG.match(path.name)
    if match is None:
        return None
    return ContainerLogName(match["machine"], (match["part"] or "").removeprefix("_"), match["stream"].lower())


def instance_of(path: PurePosixPath) -> str | None:
    """The worker or host that a path names: a container log's infix, or `local/<host>/`."""
    name = container_log_name(path)
    return name.machine if name else after(path, "local")


def worker_of(path: PurePosixPath) -> str | None:
    """The innermost folder that is named like a worker: `RD00155DD0D38E`, `lw0sdlwk000ABC`, `10-30-0-103`."""
    return next((part for part in reversed(path.parent.parts) if _WORKER.fullmatch(part)), None)


def site_of(path: PurePosixPath) -> str | None:
    """The site in `kudu/<site>/...`."""
    site = after(path, "kudu")
    return None if site is None or site.lower() in _NOT_SITES else site


def pid_of(path: PurePosixPath) -> int | None:
    """The process in `process/<pid>/...`."""
    pid = after(path, "process")
    return int(pid) if pid and pid.isascii() and pid.isdigit() and len(pid) <= 10 else None


def after(path: PurePosixPath, folder: str) -> str | None:
    """The folder right below the first folder of that name."""
    parts = path.parent.parts
    for index, part in enumerate(parts[:-1]):
        if part.lower() == folder:
            return parts[index + 1]
    return None
