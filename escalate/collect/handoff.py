"""A folder in which a process of another user, perhaps in another mount namespace, leaves a file for us."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escalate.collect.processes import ProcessFacts


@dataclass(frozen=True)
class Handoff:
    """One folder under two names."""

    theirs: Path
    """As the process sees it."""
    ours: Path
    """As we reach it."""


@contextlib.contextmanager
def handoff(process: ProcessFacts, label: str, root: Path = Path("/")) -> Iterator[Handoff]:
    """Make the folder in the process's /tmp, owned by its user, and remove it with all it holds.

    The name is fixed by the case and the step, so that what a killed run left is found and removed.

    Raises:
        OSError: /tmp cannot be reached or written, or somebody else sits on the name.
    """
    theirs = Path("/", "tmp", f"escalate-{label}")
    ours = root / "proc" / str(process.pid) / "root" / theirs.relative_to("/")
    _remove_leftover(ours, process)
    ours.mkdir(mode=0o700)
    try:
        if os.geteuid() == 0:
            os.chown(ours, process.uid, process.gid)
        yield Handoff(theirs=theirs, ours=ours)
    finally:
        shutil.rmtree(ours, ignore_errors=True)


def free_bytes(folder: Path) -> int:
    """Bytes an unprivileged user may still write there."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def _remove_leftover(folder: Path, process: ProcessFacts) -> None:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), process.uid):
        raise FileExistsError(errno.EEXIST, "somebody else sits on this name", str(folder))
    shutil.rmtree(folder)
