"""A folder of our own on a Windows worker: made where there is room, used by a detached command, removed again."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import CommandResult, Kudu
from escalate.collect.context import Context
from escalate.collect.piece import Unavailable
from escalate.collect.vfs import VfsFile, parts_of, read_folder, remove
from escalate.model.outcome import Blocked, Gap, Timeout

FOLDER = "esc"
ROOM = 1.3
"""Times the private memory must be free: a dump is somewhat bigger, and the app needs some itself."""
POLL_S = 5.0
_FREE = re.compile(r"(\d[\d.,\s\u00a0]*)\s*bytes free", re.IGNORECASE)
_PLAIN_PATH = re.compile(r"[A-Za-z]:[\w\\.~-]+")
_PLACES = ("%TEMP%", "%HOME%\\LogFiles")
"""The worker's own disk first: HOME is a share that all workers wait for."""


@dataclass(frozen=True)
class Workplace:
    """The folder, under both its names."""

    kudu: Kudu
    path: str
    """`C:\\local\\Temp\\esc-...`"""
    parts: tuple[str, ...]
    """Below `api/vfs/`."""

    def files(self) -> tuple[VfsFile, ...]:
        """What is in it now.

        Raises:
            AzureFailure: it cannot be listed.
        """
        return read_folder(self.kudu, self.parts).files

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return any(file.name.casefold() == name.casefold() for file in self.files())


@contextlib.contextmanager
def workplace(context: Context, kudu: Kudu, n_bytes: int) -> Iterator[Workplace]:
    """A folder with room for so many bytes; what is in it afterwards is removed, and looked for.

    Raises:
        AzureFailure: Kudu cannot be asked.
        Unavailable: there is no room, or nothing can be written.
    """
    place = _made(context, kudu, n_bytes)
    context.footprint(f"made the folder {place.path} on {_worker(context)} for a dump")
    try:
        yield place
    finally:
        _removed(context, place)


def detached(context: Context, kudu: Kudu, place: Workplace, command: str, longest_s: float) -> str:
    """Run a command that outlives the request, and wait for its end; gives what it printed.

    A request ends after 230 s at the front end, and Kudu ends what is silent for 60 s: hence a file that says "done".

    Raises:
        AzureFailure: it cannot be started.
        Unavailable: it was not done in time.
    """
    inner = f"{command} > {place.path}\\out.txt 2>&1 & echo !errorlevel! > {place.path}\\rc.txt"
    try:
        kudu.command(f'start "" /b cmd /v:on /c "{inner}" > nul 2>&1')
    except AzureFailure as failure:
        if failure.why is not Why.TIMEOUT:  # a console that waits for its child: the child goes on
            raise
    waited = 0.0
    while not place.has("rc.txt"):
        if waited >= longest_s:
            raise Unavailable(context.gap(Timeout, f"{command} was not done after {longest_s:.0f} s"))
        context.watch.pause(min(POLL_S, context.pace.sample_interval))
        waited += min(POLL_S, context.pace.sample_interval)
    return kudu.command(f"type {place.path}\\out.txt").output


def free_bytes(result: CommandResult) -> int | None:
    """From the last line of `dir /-c`; None: it does not say."""
    found = _FREE.findall(result.output)
    digits = re.sub(r"\D", "", found[-1]) if found else ""
    return int(digits) if digits else None


def _made(context: Context, kudu: Kudu, n_bytes: int) -> Workplace:
    tried: list[str] = []
    for base in _PLACES:
        parent = kudu.command(f"echo {base}").output.strip()
        parts = parts_of(parent)
        if parts is None or not _PLAIN_PATH.fullmatch(parent):
            tried.append(f"{parent or base} is not where Kudu shows files")
            continue
        name = f"{FOLDER}-{context.case_id}"
        made = kudu.command(f"mkdir {parent}\\{name}")
        if made.exit_code != 0 and "already exists" not in made.error:
            tried.append(f"nothing can be written to {parent}: {made.error.strip()[:120] or made.exit_code}")
            continue
        place = Workplace(kudu, f"{parent}\\{name}", (*parts, name))
        for leftover in place.files():  # of a run that was killed
            remove(kudu, leftover.parts)
        free = free_bytes(kudu.command(f"dir {parent} /-c"))
        if free is not None and free >= n_bytes:
            return place
        tried.append(
            f"{parent} has {'an unknown number of' if free is None else free} bytes free, {n_bytes} are needed"
        )
        _removed(context, place, said=False)
    raise Unavailable(context.gap(Blocked, "; ".join(tried)))


def _removed(context: Context, place: Workplace, *, said: bool = True) -> None:
    """Delete our files and the folder. Done on a channel of its own: also when this step was given up."""
    kudu = Kudu(context.site.reach.session.channel(), place.kudu.door, place.kudu.worker)
    try:
        for file in read_folder(kudu, place.parts).files:
            remove(kudu, file.parts)
        remove(kudu, place.parts)
        gone = _is_gone(kudu, place)
    except AzureFailure as failure:
        context.footprint(f"{place.path} on {_worker(context)} could not be removed: {failure.reason}")
        return
    if said or not gone:
        state = "removed, and is gone" if gone else "removed, and is still there"
        context.footprint(f"{place.path} on {_worker(context)} was {state}")


def _is_gone(kudu: Kudu, place: Workplace) -> bool:
    return all(folder != place.parts for folder in read_folder(kudu, place.parts[:-1]).folders)


def _worker(context: Context) -> str:
    worker = context.site.worker
    return worker.label if worker else "whichever worker answered"


def gap_of(context: Context, kind: type[Gap], reason: str) -> Unavailable:
    """Raise this when a step cannot go on."""
    return Unavailable(context.gap(kind, reason))
