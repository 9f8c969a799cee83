"""Processes of the app in a Windows sandbox: list, samples over time, threads and their waits, modules, handles."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.collector import collector
from escalate.collect.collectors.windows_sandbox import (
    PUBLISH,
    Details,
    app_itself,
    app_processes,
    check_machine,
    folder,
    gap_of_process,
)
from escalate.collect.context import STAMP, Context, now
from escalate.collect.piece import Piece
from escalate.collect.samples import rounds
from escalate.model.kind import Kind
from escalate.model.outcome import Empty, Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

SAMPLES = 3
"""At least: one sample tells a state, two a change, three whether it goes on."""
THREADS = 64
"""Of so many threads the wait reason is asked, one request each."""
_SOURCE = "projectkudu/kudu: Kudu.Services/Diagnostics/ProcessController.cs"


def _entry(id_: str, title: str, why: str, answers: tuple[str, ...], path: str, **more: object) -> CatalogueEntry:
    return CatalogueEntry.model_validate(
        {
            "id": id_,
            "title": title,
            "why": why,
            "answers": answers,
            "scope": "worker",
            "platforms": ("windows",),
            "permission": PUBLISH,
            "volatility": 1,
            "consent": Consent.ALWAYS,
            "effects": "reads process counters through Kudu, nothing is paused",
            "seconds": 5,
            "timeout_s": 120,
            "stall_s": 90,
            "max_bytes": 50_000_000,
            "sensitivity": Sensitivity.NAMES,
            "obtain": f"az rest --method get --url {{site}}/instances/{{worker}}/{path}?api-version=2025-05-01",
            "source": _SOURCE,
            **more,
        }
    )


@collector(
    _entry(
        "proc.list",
        "Process list",
        "Which processes there are, and whether the worker that answers is the one that was asked.",
        ("which-worker", "resources"),
        "processes",
        platforms=(),
        may_be_absent=True,
    )
)
def process_list(context: Context) -> Iterator[Piece | Gap]:
    """As Kudu gives it; Linux says that it does not."""
    kudu = context.site.kudu
    answer = kudu.get("/api/processes")
    entries = answer.json()
    if not isinstance(entries, list):
        raise AzureFailure(Why.INVALID, "api/processes is not a list", status=answer.status)
    for entry in entries:
        check_machine(context, entry.get("machineName") if isinstance(entry, dict) else None)
    if not entries:
        yield context.gap(Empty, "there is no process")
        return
    at = now()
    yield Piece(
        path=folder(context, f"{at.strftime(STAMP)}-processes.json"),
        content=[answer.body],
        origin="GET /api/processes",
        instance=_instance(context),
        captured_at=at,
    )


@collector(
    _entry(
        "win.samples",
        "Process counters, several times",
        "CPU in kernel and user mode, memory, handles and threads of the app, and how they move.",
        ("resources", "memory", "cpu", "K8", "K9"),
        "processes",
        seconds=25,
        timeout_s=300,
    )
)
def process_samples(context: Context) -> Iterator[Piece | Gap]:
    """The worker process and its children; environments are never kept."""
    kudu = context.site.kudu
    for at in rounds(_at_least_three(context)):
        for process in app_processes(context, kudu):
            yield _piece(context, process["id"], at, "process.json", process, f"GET /api/processes/{process['id']}")


@collector(
    _entry(
        "win.threads",
        "Threads and what they wait for",
        "A pool that waits for a lock, for pages or for the network.",
        ("hang", "K4"),
        "processes/PID/threads",
        seconds=60,
        timeout_s=600,
    )
)
def threads(context: Context) -> Iterator[Piece | Gap]:
    """The wait reason stands only in the answer about a single thread: waiting ones are asked first."""
    kudu = context.site.kudu
    processes = app_processes(context, kudu)
    inner = app_itself(processes)
    looked_at = [inner] if inner is processes[0] else [inner, processes[0]]
    refused: set[int] = set()
    for at in rounds(_at_least_three(context)):
        for process in looked_at:
            if process["id"] in refused:
                continue
            try:
                found = _threads_of(context, kudu, process["id"])
            except AzureFailure as failure:
                refused.add(process["id"])
                yield gap_of_process(context, process, failure)
                continue
            yield _piece(
                context, process["id"], at, "threads.json", found, f"GET /api/processes/{process['id']}/threads"
            )


@collector(
    _entry(
        "win.modules",
        "Modules that are loaded",
        "Versions of the runtime, of IIS modules, and of whatever else is in the process.",
        ("configuration", "app-or-platform", "K12"),
        "processes/PID/modules",
        volatility=2,
        may_be_absent=True,
    )
)
def modules(context: Context) -> Iterator[Piece | Gap]:
    """A Kudu of the other bitness refuses (400)."""
    kudu = context.site.kudu
    for process in app_processes(context, kudu):
        address = f"/api/processes/{process['id']}/modules"
        try:
            found = kudu.get(address).json()
        except AzureFailure as failure:
            yield gap_of_process(context, process, failure)
            continue
        piece = _piece(context, process["id"], now(), "modules.json", found, f"GET {address}")
        yield replace(piece, kind=Kind.JSON)  # its links look like those of processes


@collector(
    _entry(
        "win.handles",
        "Files that are held open",
        "Log files, locked assemblies, and what leaks.",
        ("resources", "storage"),
        "processes/PID",
        volatility=2,
        max_bytes=10_000_000,
    )
)
def handles(context: Context) -> Iterator[Piece | Gap]:
    """`open_file_handles` of each process, one a line."""
    some = False
    for process in app_processes(context, context.site.kudu):
        names = [str(name) for name in process.get("open_file_handles") or ()]
        if not names:
            continue
        some = True
        at = now()
        yield Piece(
            path=folder(context, "process", str(process["id"]), f"{at.strftime(STAMP)}-open-files.txt"),
            content=["".join(f"{name}\n" for name in names).encode()],
            origin=f"GET /api/processes/{process['id']}: open_file_handles",
            instance=_instance(context),
            pid=process["id"],
            captured_at=at,
        )
    if not some:
        yield context.gap(Empty, "Kudu lists no open files")


def _threads_of(context: Context, kudu: Kudu, pid: int) -> list[dict[str, Any]]:
    """Those with details first; the others as the list has them.

    Raises:
        AzureFailure: there is no list.
    """
    address = f"/api/processes/{pid}/threads"
    entries = kudu.get(address).json()
    listed = [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    listed.sort(key=lambda each: each.get("state") != "Wait")
    detailed: list[dict[str, Any]] = []
    plain: list[dict[str, Any]] = []
    for entry in listed:
        number = entry.get("id")
        one = _thread(kudu, f"{address}/{number}") if len(detailed) < THREADS and isinstance(number, int) else None
        if one is None:
            plain.append(entry)
        else:
            detailed.append(one)
        context.watch.alive()
    return detailed + plain


def _thread(kudu: Kudu, address: str) -> dict[str, Any] | None:
    """One thread; None: it has ended since it was listed."""
    try:
        found = kudu.get(address).json()
    except AzureFailure as failure:
        if failure.status == 404:
            return None
        raise
    return found if isinstance(found, dict) else None


def _at_least_three(context: Context) -> Context:
    return replace(context, pace=replace(context.pace, samples=max(SAMPLES, context.pace.samples)))


def _piece(context: Context, pid: int, at: datetime, name: str, data: Details | Iterable[Any], origin: str) -> Piece:
    return Piece(
        path=folder(context, "process", str(pid), f"{at.strftime(STAMP)}-{name}"),
        content=[json.dumps(data, ensure_ascii=False, indent=1).encode()],
        origin=origin,
        instance=_instance(context),
        pid=pid,
        captured_at=at,
    )


def _instance(context: Context) -> str | None:
    worker = context.site.worker
    return worker.label if worker else None
