"""Runs shell scripts in the app's Linux container: started detached, watched and fetched through the shared /home."""

from __future__ import annotations

import contextlib
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.azure.failure import AzureFailure
from escalate.azure.kudu import Kudu
from escalate.collect.container_files import chunks, names, remove_folder
from escalate.collect.container_notes import Closed
from escalate.collect.context import Context
from escalate.collect.piece import Unavailable
from escalate.model.outcome import Blocked, Denied, Failed, Gap, Invalid, Missing, Timeout

HOME = "/home/"
FIRST_SIGN_S = 30.0
"""A container that has /home shows the folder of a step within seconds; the share's cache may take some of them."""
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 3.0
GRACE_S = 20.0
"""Between the limit in the container and ours: the answer has to come through the share."""
OUTPUT_BYTES = 64 * 1024 * 1024
"""What is printed is held in memory; what may be bigger is written to a file."""
SHOWN = 300
"""Characters of a program's complaint that a reason quotes."""
NOT_FOUND, TIMED_OUT = 127, 124
"""Exit codes: of a shell that finds no such program, and of timeout(1)."""

NO_HOME = (
    "the container took the command and wrote nothing to /home/LogFiles: it has no shared /home"
    " (WEBSITES_ENABLE_APP_SERVICE_STORAGE=false), no /bin/sh, or does not run"
)
NO_EXEC = "this stamp runs no commands in the app's container (exec/execute)"
_NO_EXEC = frozenset({400, 404, 405, 501})
_REFUSED = re.compile(r"operation not permitted|permission denied|not permitted|\bEPERM\b|\bEACCES\b", re.IGNORECASE)
_OPTIONS_ECHO = re.compile(r"^Picked up \w+: ")
"""What each Java tool says first when such a variable is set; its value may hold secrets."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Ran:
    """How a script ended."""

    name: str
    code: int
    complaint: str
    """The end of what it wrote to standard error, in one line."""
    size: int
    """Bytes of its standard output, as the container counts them."""

    @property
    def was_refused(self) -> bool:
        """Whether the kernel said no."""
        return self.code != 0 and bool(_REFUSED.search(self.complaint))


class ContainerShell:
    """One step's way into the container of its worker."""

    def __init__(self, context: Context, kudu: Kudu, folder: str) -> None:
        self._context = context
        self._kudu = kudu
        self._notes = context.site.reach.containers
        self.folder = folder
        """Where scripts may leave files, as the container names it: `/home/LogFiles/escalate-...`."""
        self.has_run = False
        """Whether anything was run, and may have left something."""

    @property
    def worker(self) -> str:
        """ARM id of the worker; empty when any may answer."""
        return self._kudu.worker or ""

    def run(self, script: str, name: str, limit_s: float) -> Ran:
        """Run a script of `/bin/sh` to its end; `timeout`, where the container has it, ends it after `limit_s`.

        Raises:
            Unavailable: no command can be run there, it did not end, or another worker answered.
            AzureFailure: Kudu could not be asked.
        """
        if (known := self._notes.closed(self.worker)) is not None:
            raise Unavailable(self._context.gap(known.kind, known.reason))
        self._start(wrapped(script, self.folder, name, limit_s))
        return self._ended(name, self._answer(name, limit_s + GRACE_S))

    def output(self, ran: Ran) -> bytes:
        """Standard output of a script.

        Raises:
            AzureFailure: it cannot be read.
            Unavailable: it is not as long as the container counted, or longer than may be held.
        """
        if ran.size > OUTPUT_BYTES:
            raise Unavailable(self._context.gap(Failed, f"the command printed {ran.size} bytes"))
        data = b"".join(self.chunks(f"{ran.name}.out")) if ran.size else b""
        if len(data) != ran.size:
            came = f"{len(data)} of {ran.size} bytes came of what the command printed"
            raise Unavailable(self._context.gap(Invalid, came))
        return data

    def text(self, ran: Ran) -> str:
        """The same, read as UTF-8.

        Raises:
            AzureFailure, Unavailable: see `output`.
        """
        return self.output(ran).decode("utf-8", "replace")

    def chunks(self, name: str, magic: tuple[bytes, ...] = ()) -> Iterator[bytes]:
        """A file of the folder, in pieces; it must begin with one of `magic`.

        Raises:
            AzureFailure: it is not there, cannot be had whole, or is something else.
        """
        return chunks(self._kudu, f"{self._vfs}/{name}", magic)

    def gap(self, ran: Ran) -> Gap | None:
        """How a script that failed is recorded; None when it did not fail."""
        complaint = ran.complaint or "it said nothing"
        if ran.code == 0:
            return None
        if ran.was_refused:
            return self._context.gap(Denied, f"the kernel refused it: {complaint}")
        if ran.code == NOT_FOUND:
            return self._context.gap(Missing, f"not in this container: {complaint}")
        if ran.code == TIMED_OUT:
            return self._context.gap(Timeout, f"ended in the container by its time limit: {complaint}")
        return self._context.gap(Failed, f"it ended with exit code {ran.code}: {complaint}")

    @property
    def _vfs(self) -> str:
        return self.folder.removeprefix(HOME)

    def _start(self, script: str) -> None:
        body = {"Command": "/bin/sh", "Args": ["-c", script], "WorkingDirectory": "/"}
        try:
            self._kudu.post("/exec/execute", body)
        except AzureFailure as failure:
            if failure.status not in _NO_EXEC:
                raise
            runs = "not running" not in failure.reason
            kind, reason = (Missing, NO_EXEC) if runs else (Blocked, "the app's container does not run")
            raise self._closing(kind, f"{reason}: {failure.reason}") from failure
        if not self.has_run:
            self.has_run = True
            self._context.footprint(
                f"ran commands in the app's container, with their output in {self.folder}"
                " (left there, if no line says that it was removed)"
            )

    def _closing(self, kind: type[Gap], reason: str) -> Unavailable:
        self._notes.close(self.worker, Closed(kind, reason))
        return Unavailable(self._context.gap(kind, reason))

    def _answer(self, name: str, limit_s: float) -> list[str]:
        """What the script said of its end, once it has ended."""
        start, pause = time.monotonic(), FIRST_PAUSE_S
        while True:
            self._context.watch.pause(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
            found = names(self._kudu, self._vfs)
            if found is not None and f"{name}.rc" in found:
                return b"".join(self.chunks(f"{name}.rc")).decode("utf-8", "replace").split("\n")
            waited = time.monotonic() - start
            if found is None and waited > min(FIRST_SIGN_S, limit_s):
                self._start(f"rm -rf {shlex.quote(self.folder)}")
                raise self._closing(Blocked, NO_HOME)
            if waited > limit_s:
                raise Unavailable(self._context.gap(Timeout, f"{name} did not end within {limit_s:.0f} s"))

    def _ended(self, name: str, answer: list[str]) -> Ran:
        code, worker, container, size = (*answer, "", "", "", "")[:4]
        if not code.strip().isdigit() or not size.strip().isdigit():
            raise Unavailable(self._context.gap(Invalid, f"{name} ended with something that is not an exit code"))
        wanted = self.worker.casefold()
        if wanted and worker and worker.casefold() != wanted:
            other = self._context.site.reach.roster.label(worker) or worker
            raise Unavailable(
                self._context.gap(Missing, f"worker {wanted[:6]}... is gone: worker {other[:20]} ran the command")
            )
        if wanted and container:
            self._context.site.reach.roster.learn(self.worker, containers=(container,))
        words = " ".join(" ".join(line for line in answer[4:] if not _OPTIONS_ECHO.match(line)).split())
        return Ran(name=name, code=int(code), complaint=words[-SHOWN:], size=int(size))


@contextlib.contextmanager
def container_shell(context: Context) -> Iterator[ContainerShell]:
    """A folder of this step's own below /home/LogFiles, removed at the end, whatever happens.

    Raises:
        AzureFailure: Kudu cannot be reached.
    """
    kudu = context.site.kudu
    folder = f"{HOME}LogFiles/escalate-{context.case_id}-{_UNSAFE.sub('-', context.step)}"
    shell = ContainerShell(context, kudu, folder)
    try:
        yield shell
    finally:
        if shell.has_run:
            _clear(context, kudu, folder)


def _clear(context: Context, kudu: Kudu, folder: str) -> None:
    aside = context.site.reach.session.channel()  # nobody watches it: the folder goes also when the step was given up
    try:
        remove_folder(Kudu(aside, kudu.door, kudu.worker), folder.removeprefix(HOME))
    except AzureFailure as failure:
        context.footprint(f"{folder} could not be removed and is left: {failure.reason}")
    else:
        context.footprint(f"removed {folder}")


def wrapped(script: str, folder: str, name: str, limit_s: float) -> str:
    """A script that runs another one and says at its end: exit code, worker, container, bytes printed, complaint."""
    base = f"{folder}/{name}"
    return f"""mkdir -p {shlex.quote(folder)} || exit 1
worker=$WEBSITE_INSTANCE_ID
[ -n "$worker" ] || worker=$(tr '\\0' '\\n' </proc/1/environ 2>/dev/null | sed -n 's/^WEBSITE_INSTANCE_ID=//p')
limit=
timeout 5 true 2>/dev/null && limit={shlex.quote(f"timeout {max(1, round(limit_s))}")}
$limit /bin/sh -c {shlex.quote(script)} </dev/null >{shlex.quote(f"{base}.out")} 2>{shlex.quote(f"{base}.err")}
code=$?
{{
echo "$code"
echo "$worker"
hostname 2>/dev/null || cat /proc/sys/kernel/hostname
wc -c <{shlex.quote(f"{base}.out")} | tr -d ' '
tail -c 2000 {shlex.quote(f"{base}.err")}
}} >{shlex.quote(f"{base}.new")}
mv {shlex.quote(f"{base}.new")} {shlex.quote(f"{base}.rc")}
"""
