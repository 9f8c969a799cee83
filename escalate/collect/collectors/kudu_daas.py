"""Sessions of DaaS, the diagnostics service of the site: asked for through ARM, collected, fetched, deleted again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import EXTENSIONS
from escalate.collect.collector import collector
from escalate.collect.context import Context, now
from escalate.collect.dump_check import NotADumpError, check_minidump
from escalate.collect.names import safe_part
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.vfs import file_call, parts_of
from escalate.model.outcome import Failed, Gap, Invalid, Missing, Skipped, Timeout
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

ACTION = "Microsoft.Web/sites/extensions/api/action"
POLL_S = 15.0
LONGEST_S = 1800
READ_S = 220
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDED = frozenset({"complete", "timedout"})
_BELOW = ((), ("data", "DaaS"))
"""What a RelativePath is relative to: HOME, on older versions the folder of DaaS."""
_SOURCE = (
    "Azure/DaaS: SessionController (public until February 2024); the portal calls it through ARM's extensions path"
)
_STORAGE_HINT = (
    "this tool keeps its files in a storage account, whose setting restarts the app: decide on that yourself, then use"
    " Diagnose and solve problems > Diagnostic Tools in the portal"
)


def _entry(id_: str, title: str, why: str, tool: str, **more: object) -> CatalogueEntry:
    return CatalogueEntry.model_validate(
        {
            "id": id_,
            "title": title,
            "why": why,
            "scope": "worst-worker",
            "platforms": ("windows",),
            "permission": ACTION,
            "volatility": 3,
            "consent": Consent.ASK,
            "seconds": 180,
            "timeout_s": 2400,
            "stall_s": 240,
            "max_bytes": 8 * 1024**3,
            "sensitivity": Sensitivity.MEMORY,
            "obtain": f"portal > Diagnose and solve problems > Diagnostic Tools > {tool}, {{machine}}, collect only",
            "source": _SOURCE,
            "may_be_absent": True,
            **more,
        }
    )


@collector(
    _entry(
        "daas.sessions",
        "Sessions of the diagnostics service",
        "What was collected before, by whom, and whether something is collecting now.",
        "Sessions",
        scope="site",
        answers=("what-changed", "logging"),
        consent=Consent.ALWAYS,
        effects="reads a list",
        seconds=5,
        timeout_s=120,
        max_bytes=5_000_000,
        sensitivity=Sensitivity.NAMES,
        volatility=5,
    )
)
def sessions(context: Context) -> Iterator[Piece | Gap]:
    """The list, as it is given."""
    answer = context.site.arm.post(_address(context, "sessions/list"), EXTENSIONS)
    data = answer.json()
    if not data:
        yield context.gap(Missing, "there has been no session")
        return
    yield Piece(
        path=PurePosixPath("kudu", context.site.survey.site, "daas", "sessions.json"),
        content=[answer.body],
        origin="POST extensions/daas/sessions/list",
        captured_at=now(),
    )


@collector(
    _entry(
        "daas.memorydump",
        "Dump by the diagnostics service",
        "The way to a dump when the SCM site is closed to us but ARM is not.",
        "Collect Memory Dump",
        answers=("hang", "memory", "crash"),
        include="dumps",
        effects="the process is cloned or stands still while it is written; the file holds everything in memory",
        fallbacks=("win.dump.full",),
    )
)
def memory_dump(context: Context) -> Iterator[Piece | Gap]:
    """Tool MemoryDump."""
    yield from collect(context, "MemoryDump")


@collector(
    _entry(
        "daas.java_threads",
        "Java thread dump by the diagnostics service",
        "Deadlocks and blocked pools of a Java app on Windows.",
        "Collect Java Thread Dump",
        answers=("hang",),
        include="profiles",
        effects="a safepoint of milliseconds",
        sensitivity=Sensitivity.NAMES,
        max_bytes=200_000_000,
    )
)
def java_threads(context: Context) -> Iterator[Piece | Gap]:
    """Tool JAVA Thread Dump."""
    yield from collect(context, "JAVA Thread Dump")


@collector(
    _entry(
        "daas.profiler",
        "CPU trace by the diagnostics service",
        "Which methods burn the CPU, when the SCM site is closed to us.",
        "Collect .NET Profiler Trace",
        answers=("cpu",),
        include="profiles",
        effects="the process is traced for a minute: 5 to 15 percent more CPU",
        fallbacks=("win.profile",),
    )
)
def profiler(context: Context) -> Iterator[Piece | Gap]:
    """Tool Profiler."""
    yield from collect(context, "Profiler")


def collect(context: Context, tool: str) -> Iterator[Piece | Gap]:
    """One session on this step's worker, only to collect: no mode that analyses or kills is ever asked for."""
    worker = context.site.worker
    machine = worker.machine or worker.computer if worker else None
    if machine is None:
        raise Unavailable(context.gap(Missing, "the worker's machine name is not known, and DaaS wants it"))
    _check_offered(context, tool)
    session_id = _begun(context, tool, machine)
    context.footprint(f"DaaS ran {tool} on {machine} (session {session_id}) and keeps its files in data/DaaS")
    session = _ended(context, session_id)
    yield Piece(
        path=PurePosixPath("kudu", context.site.survey.site, "daas", f"{session_id}.json"),
        content=[json.dumps(session, ensure_ascii=False, indent=1).encode()],
        origin=f"POST extensions/daas/sessions/{session_id}",
        instance=machine,
        captured_at=now(),
    )
    if str(session.get("Status")).casefold() == "timedout":
        yield context.gap(Timeout, f"session {session_id} timed out at the site")
    some = False
    for instance in _list(session, "ActiveInstances"):
        for error in instance.get("CollectorErrors") or ():
            yield context.gap(Failed, f"{tool} on {instance.get('Name')}: {str(error)[:300]}")
        for log in _list(instance, "Logs"):
            some = True
            yield _result(context, session, log, machine)
    if not some:
        yield context.gap(Failed, f"session {session_id} left no file")
    _deleted(context, session_id)


def _check_offered(context: Context, tool: str) -> None:
    offered = context.site.arm.get(_address(context, "diagnosers"), EXTENSIONS).json()
    names = [each.get("Name") for each in offered if isinstance(each, dict)] if isinstance(offered, list) else []
    if names and tool not in names:
        raise Unavailable(context.gap(Missing, f"DaaS does not offer {tool} here, only {', '.join(map(str, names))}"))


def _begun(context: Context, tool: str, machine: str) -> str:
    """The id of the new session.

    Raises:
        Unavailable: another one is active, or the tool needs a setting that would restart the app.
    """
    body = {
        "Mode": "Collect",
        "Tool": tool,
        "ToolParams": "",
        "Instances": [machine],
        "Description": f"escalate {context.case_id}",
    }
    try:
        answer = context.site.arm.post(_address(context, "sessions"), EXTENSIONS, json=body)
    except AzureFailure as failure:
        if failure.why is Why.BUSY:
            reason = f"another session is active: {failure.reason}"
            raise Unavailable(Skipped(reason=reason, hint="wait until it has ended, then collect again")) from failure
        if failure.status == 400 and "must be specified" in failure.reason:
            raise Unavailable(Skipped(reason=failure.reason, hint=_STORAGE_HINT)) from failure
        raise
    session_id = answer.body.decode("utf-8-sig", "replace").strip().strip('"')
    if not _ID.fullmatch(session_id):
        raise AzureFailure(Why.INVALID, "DaaS answered with something that is no session id", status=answer.status)
    return session_id


def _ended(context: Context, session_id: str) -> dict[str, Any]:
    """The session when it is over; what it does cannot be called back.

    Raises:
        Unavailable: it was still active after half an hour.
    """
    waited, pause = 0.0, min(POLL_S, context.pace.dump_interval)
    while True:
        data = context.site.arm.post(_address(context, f"sessions/{session_id}"), EXTENSIONS).json()
        if not isinstance(data, dict):
            raise AzureFailure(Why.INVALID, f"session {session_id} is not told of as a session")
        if str(data.get("Status")).casefold() in _ENDED:
            return data
        if waited >= LONGEST_S:
            raise Unavailable(context.gap(Timeout, f"session {session_id} was still active after {LONGEST_S} s"))
        context.watch.pause(pause)
        waited += pause


def _result(context: Context, session: dict[str, Any], log: dict[str, Any], machine: str) -> Piece | Gap:
    """One file of a session, fetched and checked."""
    name, relative = str(log.get("Name")), str(log.get("RelativePath") or "")
    if session.get("BlobStorageHostName"):
        where = f"{session['BlobStorageHostName']}/{relative}"
        return Skipped(reason=f"{name} lies in your storage account: {where}", hint=f"download it from there: {where}")
    own = parts_of("/home/" + relative.replace("\\", "/").lstrip("/"))
    if not own:
        return context.gap(Invalid, f"{name} is said to lie at {relative[:200]!r}")
    place = context.scratch / safe_part(own[-1])
    try:
        _fetched(context, own, place)
        if own[-1].casefold().endswith(".dmp"):
            check_minidump(place)
    except AzureFailure as failure:
        place.unlink(missing_ok=True)
        return outcome_of_failure(failure, context.obtain)
    except NotADumpError as error:
        place.unlink()
        return context.gap(Invalid, f"{name}: {error}")
    return Piece(
        path=PurePosixPath("kudu", context.site.survey.site, machine, "daas", safe_part(own[-1])),
        content=place,
        origin=f"GET /api/vfs/{'/'.join(own)}",
        instance=machine,
        captured_at=now(),
    )


def _fetched(context: Context, own: tuple[str, ...], place: Path) -> None:
    kudu = context.site.kudu
    for number, base in enumerate(_BELOW, 1):
        try:
            with place.open("wb") as handle:
                handle.writelines(download(kudu, file_call(kudu, (*base, *own)), Expectation(min_bytes=1)))
        except AzureFailure as failure:
            if failure.status != 404 or number == len(_BELOW):
                raise
        else:
            return


def _deleted(context: Context, session_id: str) -> None:
    """Our session and its files, off the site's disk."""
    arm = context.site.arm
    try:
        context.site.channel.send(
            arm.call("DELETE", _address(context, f"sessions/{session_id}"), api_version=EXTENSIONS)
        )
    except AzureFailure as failure:
        context.footprint(f"session {session_id} could not be deleted: {failure.reason}")
    else:
        context.footprint(f"session {session_id} was deleted again")


def _address(context: Context, rest: str) -> str:
    return f"{context.site.survey.resource_id}/extensions/daas/{rest}"


def _list(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = data.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
