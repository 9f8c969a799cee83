"""Dumps of the app on the worst Windows worker: small by Kudu, whole by procdump, each proved before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.collector import collector
from escalate.collect.collectors.windows_sandbox import (
    PUBLISH,
    Details,
    app_itself,
    app_processes,
    folder,
    private_bytes,
)
from escalate.collect.collectors.windows_workplace import ROOM, Workplace, detached, free_bytes, gap_of, workplace
from escalate.collect.context import STAMP, Context, now
from escalate.collect.dump_check import MINIDUMP, BitnessError, NotADumpError, check_minidump
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.staging import MORE_ROOM
from escalate.collect.vfs import exists, file_call
from escalate.model.kind import Kind
from escalate.model.outcome import Blocked, Failed, Gap, Invalid, Missing, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

FIRST_BYTE_S = 220
"""The front end cuts what is silent for 230 s."""
PROCDUMP = ("D:\\devtools\\sysinternals\\procdump.exe", "C:\\devtools\\sysinternals\\procdump.exe")
LONGEST_S = 900
SMALL_BYTES = 500_000_000
"""Room for a dump without memory."""
KUDUS_FILE = ("LogFiles", "minidump", "minidump.dmp")
"""All dumps of all workers go through this one file on the share."""
_BACKSLASHED = "%HOME%\\" + "\\".join(KUDUS_FILE)
_MINI, _FULL = "0", "2"


@collector(
    CatalogueEntry(
        id="win.dump.mini",
        title="Small dump of the app: threads and stacks",
        why="Where each thread stands, with a file of megabytes.",
        answers=("hang", "crash"),
        scope="worst-worker",
        platforms=("windows",),
        permission=PUBLISH,
        volatility=2,
        consent=Consent.ASK,
        include="dumps",
        effects="the process stands still for less than a second; the file holds what is on the stacks, secrets too",
        seconds=20,
        timeout_s=600,
        stall_s=240,
        max_bytes=SMALL_BYTES,
        sensitivity=Sensitivity.MEMORY,
        obtain="https://{scm} > Process explorer > w3wp > Download memory dump > Mini dump",
        fallbacks=("win.dump.full", "daas.memorydump"),
        source="projectkudu/kudu: ProcessController dump?dumpType=0; #3427: 12 KB when the bitness differs",
    )
)
def mini_dump(context: Context) -> Iterator[Piece | Gap]:
    """Kudu's own; when its bitness is not that of the process, procdump's."""
    kudu, process = _process(context)
    try:
        yield _by_kudu(context, kudu, process, _MINI)
    except BitnessError as error:
        tool = _procdump(kudu)
        if tool is None:
            raise gap_of(context, Invalid, f"{error}; procdump is not on this worker") from error
        yield _by_procdump(context, kudu, process, f"{tool} -accepteula -mm -r", SMALL_BYTES, full=False)
    except NotADumpError as error:
        raise gap_of(context, Invalid, str(error)) from error


@collector(
    CatalogueEntry(
        id="win.dump.full",
        title="Full dump of the app",
        why="Every object, lock and string of the process: what a debugger needs.",
        answers=("hang", "memory", "crash"),
        scope="worst-worker",
        platforms=("windows",),
        permission=PUBLISH,
        volatility=3,
        consent=Consent.ASK,
        include="dumps",
        effects="a clone of the process is written: a short stop, then disk and memory as big as the process;"
        " the file holds everything that is in memory, secrets too",
        seconds=180,
        timeout_s=3600,
        stall_s=240,
        max_bytes=8 * 1024**3,
        sensitivity=Sensitivity.MEMORY,
        obtain="https://{scm}, console: D:\\devtools\\sysinternals\\procdump.exe -accepteula -ma -r PID %TEMP%\\a.dmp",
        fallbacks=("win.dump.mini", "daas.memorydump"),
        source="procdump -? (Sysinternals); projectkudu/kudu: dumps go through LogFiles/minidump/minidump.dmp",
    )
)
def full_dump(context: Context) -> Iterator[Piece | Gap]:
    """By procdump on the worker's own disk; by Kudu where there is no procdump, or no room, or it fails."""
    kudu, process = _process(context)
    size = private_bytes(process)
    if size > context.max_bytes:
        raise Unavailable(
            Skipped(
                reason=f"{process.get('name')} {process['id']} has {size} private bytes, more than may be brought home",
                hint=MORE_ROOM,
            )
        )
    tool, why = _procdump(kudu), "procdump is not on this worker"
    if tool is not None:
        try:
            yield _by_procdump(context, kudu, process, f"{tool} -accepteula -ma -r", round(size * ROOM), full=True)
        except Unavailable as error:
            why = error.outcome.reason
        except AzureFailure as failure:
            why = failure.reason
        else:
            return
    yield _full_by_kudu(context, kudu, process, why)


def _process(context: Context) -> tuple[Kudu, Details]:
    kudu = context.site.kudu
    return kudu, app_itself(app_processes(context, kudu))


def _procdump(kudu: Kudu) -> str | None:
    """Where it stands; the drive of the tools differs by age of the worker.

    Raises:
        AzureFailure: Kudu cannot be asked.
    """
    for path in PROCDUMP:
        if path.casefold() in kudu.command(f"if exist {path} echo {path}").output.casefold():
            return path
    return None


def _by_kudu(context: Context, kudu: Kudu, process: Details, kind: str) -> Piece:
    """A dump that Kudu writes and sends; a second request is a second dump, so only a small one is tried again.

    Raises:
        AzureFailure: it refuses, or the answer was cut off.
        NotADumpError: what came is none.
    """
    pid = process["id"]
    at = now()
    call = kudu.call("GET", f"/api/processes/{pid}/dump", query={"dumpType": kind}, read_s=FIRST_BYTE_S, again=False)
    place = context.scratch / f"kudu-{kind}.dmp"
    tries = 2 if kind == _MINI else 1
    for left in reversed(range(tries)):
        context.footprint(
            f"Kudu dumped process {pid} (dumpType={kind}) through {_BACKSLASHED}, which it deletes itself"
        )
        try:
            _save(context, download(kudu, call, Expectation(magic=(MINIDUMP,), ranges=False)), place)
            break
        except AzureFailure as failure:
            if left == 0 or failure.why is not Why.INVALID:
                raise
    origin = f"GET /api/processes/{pid}/dump?dumpType={kind}"
    return _checked(context, place, process, at.strftime(STAMP), full=kind == _FULL, origin=origin)


def _full_by_kudu(context: Context, kudu: Kudu, process: Details, why: str) -> Piece:
    """The way that is left; `why` says what the better one met.

    Raises:
        Unavailable: somebody else is dumping, or it failed.
    """
    try:
        if exists(kudu, KUDUS_FILE):
            raise gap_of(context, Blocked, f"{why}; and Kudu is dumping already: {_BACKSLASHED} exists")
        free, room = free_bytes(kudu.command("dir %HOME% /-c")), round(private_bytes(process) * ROOM)
        if free is None or free < room:
            raise gap_of(context, Blocked, f"{why}; and %HOME%, where Kudu writes dumps, has no room for {room} bytes")
        return _by_kudu(context, kudu, process, _FULL)
    except NotADumpError as error:
        raise gap_of(context, Invalid, f"{why}; and of Kudu came {error}") from error
    except AzureFailure as failure:
        kind = Missing if failure.why is Why.MISSING else Invalid if failure.why is Why.INVALID else Failed
        raise gap_of(context, kind, f"{why}; and Kudu: {failure.reason}") from failure


def _by_procdump(context: Context, kudu: Kudu, process: Details, tool: str, room: int, *, full: bool) -> Piece:
    """Made on the worker, fetched in ranges, removed there.

    Raises:
        AzureFailure: Kudu cannot be asked, or the file not fetched.
        Unavailable: there is no room, it was not done in time, or what it wrote is no dump.
    """
    at = now()
    with workplace(context, kudu, room) as place:
        said = detached(context, kudu, place, f"{tool} {process['id']} {place.path}\\p.dmp", LONGEST_S)
        found = _dump_in(place)
        if found is None:
            raise gap_of(context, Failed, f"procdump wrote no dump: {_last_words(said)}")
        local = context.scratch / "procdump.dmp"
        call = replace(file_call(kudu, (*place.parts, found)), read_s=FIRST_BYTE_S)
        _save(context, download(kudu, call, Expectation(magic=(MINIDUMP,))), local)
    try:
        return _checked(context, local, process, at.strftime(STAMP), full=full, origin=f"{tool} {process['id']}")
    except NotADumpError as error:
        raise gap_of(context, Invalid, f"procdump: {error}") from error


def _dump_in(place: Workplace) -> str | None:
    return next((file.name for file in place.files() if file.name.casefold().endswith(".dmp")), None)


def _checked(context: Context, place: Path, process: Details, stamp: str, *, full: bool, origin: str) -> Piece:
    try:
        check_minidump(place, full_of=private_bytes(process) if full else None)
    except NotADumpError:
        place.unlink()
        raise
    worker = context.site.worker
    return Piece(
        path=folder(context, "process", str(process["id"]), f"{stamp}-{'full' if full else 'mini'}.dmp"),
        content=place,
        origin=origin,
        kind=Kind.MINIDUMP,
        instance=worker.label if worker else None,
        pid=process["id"],
        captured_at=now(),
    )


def _save(context: Context, chunks: Iterable[bytes], place: Path) -> None:
    """Write a download to scratch; half a dump is none, so more than may be kept ends it.

    Raises:
        AzureFailure: it broke, or is not what was expected.
        Unavailable: it is bigger than the step may bring home.
    """
    size = 0
    with place.open("wb") as handle:
        for chunk in chunks:
            size += len(chunk)
            if size > context.max_bytes:
                reason = f"the dump is bigger than the {context.max_bytes} bytes that are left for it"
                raise Unavailable(Skipped(reason=reason, hint=MORE_ROOM))
            handle.write(chunk)


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it printed nothing"
