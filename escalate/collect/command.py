"""Runs one program of the system: no shell, no input, its own session, killed as a group, its output streamed."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from escalate.collect.processes import ProcessFacts
from escalate.collect.watch import Watch, end_group

CHUNK = 256 * 1024
STDERR_BYTES = 8 * 1024
_TICK_S = 0.25


@dataclass(frozen=True)
class As:
    """The user a program runs as; the attach interfaces of the JVM and of .NET refuse everybody else, root included."""

    uid: int
    gid: int

    @classmethod
    def owner_of(cls, process: ProcessFacts) -> As | None:
        """The process's own user, when we are root and it is not; None: ourselves."""
        if os.geteuid() != 0 or process.uid == 0:
            return None
        return cls(uid=process.uid, gid=process.gid)


class Command:
    """One run; iterate over `stdout()`, then look at `returncode` and `stderr`."""

    def __init__(self, argv: Sequence[str], watch: Watch, *, user: As | None = None) -> None:
        self.argv = tuple(argv)
        self.returncode: int | None = None
        self.stderr = b""
        """The last 8 KiB of it."""
        self.stopped = False
        """Whether we ended it ourselves, as planned."""
        self.too_big = False
        """Whether we ended it because its file outgrew the limit."""
        self._watch = watch
        self._user = user

    def stdout(
        self, *, stop_after: float | None = None, grows: Path | None = None, limit: int | None = None
    ) -> Iterator[bytes]:
        """Stream standard output until the program ends.

        Args:
            stop_after: seconds after which it gets SIGINT, the end of a capture.
            grows: a file it writes; its growth is a sign of life.
            limit: bytes at which that file is too big and the program is ended.

        Raises:
            OSError: it cannot be started.
            Abandoned: the step was given up.
        """
        child = self._start()
        self._watch.add_child(child)
        started, size = time.monotonic(), -1
        try:
            with selectors.DefaultSelector() as selector:
                for stream in (child.stdout, child.stderr):
                    if stream is not None:
                        selector.register(stream, selectors.EVENT_READ)
                while selector.get_map():
                    for key, _ in selector.select(_TICK_S):
                        data = os.read(key.fd, CHUNK)
                        if not data:
                            selector.unregister(key.fileobj)
                        elif key.fileobj is child.stdout:
                            yield data
                        else:
                            self.stderr = (self.stderr + data)[-STDERR_BYTES:]
                    if stop_after is not None and not self.stopped and time.monotonic() - started >= stop_after:
                        self.stopped = True
                        os.killpg(child.pid, signal.SIGINT)
                    elif stop_after is not None and not self.stopped:
                        self._watch.alive()
                    if grows is not None and (grown := _size(grows)) != size:
                        size = grown
                        self._watch.alive()
                        if limit is not None and size > limit:
                            self.too_big = True
                            break
            if not self.too_big:
                self.returncode = child.wait()
        finally:
            end_group(child)
            self._watch.remove_child(child)
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()

    @property
    def complaint(self) -> str:
        """The last line of standard error that says something."""
        lines = [line.strip() for line in self.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        return (lines[-1] if lines else "it said nothing")[:300]

    @property
    def was_refused(self) -> bool:
        """Whether standard error speaks of a permission."""
        said = self.stderr.decode("utf-8", "replace").lower()
        return any(
            words in said for words in ("operation not permitted", "permission denied", "not permitted", "eperm")
        )

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
        }
        # Nothing else of our environment: JAVA_TOOL_OPTIONS and its like would load agents, and holds secrets.
        return subprocess.Popen(
            self.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=environment,
            start_new_session=True,
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
        )


def find_tool(name: str, pid: int | None = None, user: As | None = None) -> str | None:
    """A program: beside the process's own executable, among our .NET tools, or on PATH.

    Beside a process it is only taken when root, we, or the user it will run as own it: as root we run nothing that
    the process's owner could have put there.
    """
    candidates: list[Path] = []
    if pid is not None:
        try:
            home = Path(f"/proc/{pid}/exe").readlink().parent
        except OSError:
            home = None
        if home is not None:
            trusted = {0, os.geteuid()} | ({user.uid} if user else set())
            beside = (home / name, home.parent.parent / "bin" / name)
            candidates += [place for place in beside if place.exists() and place.stat().st_uid in trusted]
    candidates.append(Path(os.environ.get("HOME", "/")) / ".dotnet" / "tools" / name)
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return shutil.which(name)


def _size(place: Path) -> int:
    """Bytes of a file that a program makes, whatever it appends to the name it was given."""
    return sum(
        (entry.stat().st_size for entry in place.parent.glob(f"{place.name}*") if entry.is_file()),
        start=0,
    )
