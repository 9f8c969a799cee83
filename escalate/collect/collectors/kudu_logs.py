"""Log files of a site by VFS: one collector a kind, sharing one way to walk, choose and fetch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.expand import Expander, Found
from escalate.collect.piece import Piece
from escalate.collect.vfs_archive import LONGEST_S, fetch_zip
from escalate.collect.vfs_choice import GROUPS, MIB, Choice, Group, choose, group_of
from escalate.collect.vfs_fetch import Taken
from escalate.collect.vfs_walk import walk
from escalate.model.outcome import Empty, Gap, Missing, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity
from escalate.model.survey import Platform

PUBLISH = "Microsoft.Web/sites/publish/Action"
WINDOWS: tuple[Platform, ...] = ("windows",)
BEFORE = timedelta(hours=1)
"""A file last written so long before the incident holds nothing of it."""
_DOWNLOAD = "az webapp log download -g {group} -n {app} --log-file logs.zip"
_VFS = (
    'curl -H "Authorization: Bearer $(az account get-access-token --query accessToken -o tsv)" https://{scm}/api/vfs/'
)


def _entry(
    group: str,
    title: str,
    why: str,
    *,
    answers: tuple[str, ...],
    obtain: str,
    source: str,
    platforms: tuple[Platform, ...] = (),
    volatility: int = 3,
    fallbacks: tuple[str, ...] = (),
    sensitivity: Sensitivity = Sensitivity.TEXT,
) -> CatalogueEntry:
    """What all of them have in common."""
    return CatalogueEntry.model_validate(
        {
            "id": group,
            "title": title,
            "why": why,
            "answers": answers,
            "scope": "site",
            "platforms": platforms,
            "permission": PUBLISH,
            "fallbacks": fallbacks,
            "volatility": volatility,
            "consent": Consent.ALWAYS,
            "effects": "reads files of the content share through Kudu, nothing is written",
            "seconds": 15,
            "timeout_s": 600,
            "stall_s": 120,
            "max_bytes": GROUPS[group].most_bytes + 4 * MIB,
            "sensitivity": sensitivity,
            "obtain": obtain,
            "source": source,
            "may_be_absent": True,
        }
    )


@collector(
    _entry(
        "evt.log",
        "Windows event log of the sandbox",
        "Crashes, start failures and shutdown reasons by process and worker.",
        answers=("crash", "start", "which-worker", "when"),
        platforms=WINDOWS,
        obtain=_VFS + "LogFiles/eventlog.xml -o eventlog.xml",
        source="Kudu wiki: the sandbox keeps a virtual event log of 1000 events in LogFiles/eventlog.xml",
    )
)
def event_log(context: Context) -> Iterator[Piece | Gap]:
    """`eventlog.xml` and the one before it."""
    yield from gather(context, "the sandbox has written no event log")


@collector(
    _entry(
        "http.w3c",
        "Raw HTTP logs of IIS",
        "Every request with status, sub-status, duration and the front end's correlation id.",
        answers=("requests", "K13", "when"),
        obtain=_DOWNLOAD,
        source="Kudu wiki: file structure, LogFiles/http/RawLogs; buffered for 60 s",
    )
)
def http_logs(context: Context) -> Iterator[Piece | Gap]:
    """W3C logs."""
    yield from gather(context, "web server logging to the file system is off, or nothing was requested")


@collector(
    _entry(
        "log.app",
        "Application logs on the file system",
        "What the app itself wrote, with the process that wrote it.",
        answers=("app-or-platform", "crash", "requests"),
        obtain=_DOWNLOAD,
        source="Kudu wiki: file structure, LogFiles/Application",
    )
)
def application_logs(context: Context) -> Iterator[Piece | Gap]:
    """Everything in Application."""
    yield from gather(context, "application logging to the file system is off")


@collector(
    _entry(
        "log.detailed_errors",
        "Detailed error pages",
        "The module and handler that refused a request.",
        answers=("requests",),
        platforms=WINDOWS,
        obtain=_DOWNLOAD,
        source="Kudu wiki: file structure, LogFiles/DetailedErrors",
    )
)
def detailed_errors(context: Context) -> Iterator[Piece | Gap]:
    """The newest pages."""
    yield from gather(context, "detailed error messages are off")


@collector(
    _entry(
        "log.kudu_trace",
        "Kudu's own trace",
        "Deployments, swaps, and processes that Kudu started or lost.",
        answers=("what-changed", "start"),
        obtain=_DOWNLOAD,
        source="projectkudu/kudu: LogFiles/kudu/trace holds at most 200 files",
    )
)
def kudu_trace(context: Context) -> Iterator[Piece | Gap]:
    """The newest traces."""
    yield from gather(context, "Kudu has written no trace")


@collector(
    _entry(
        "vfs.logs",
        "All other log files, and the list of all of them",
        "Logs of runtimes, site extensions and startup; what exists and was not taken.",
        answers=("logging", "start", "crash"),
        obtain=_DOWNLOAD,
        source="projectkudu/kudu: VfsController; api/dump leaves out locked files and failed request traces",
        volatility=4,
    )
)
def other_logs(context: Context) -> Iterator[Piece | Gap]:
    """Walks LogFiles; when it cannot be listed at all, takes Kudu's own zip of it."""
    group, since = GROUPS["vfs.logs"], since_of(context)
    taken = Taken(context, context.site.kudu)
    try:
        tree = walk(taken.kudu, context.watch)
    except AzureFailure as failure:
        if failure.why not in (Why.FAILED, Why.TIMEOUT, Why.INVALID):
            raise
        yield from _dumped(context, taken, failure)
        return
    chosen = list(choose(group, tree.files, since))
    yield from _fetched(taken, chosen)
    for other in GROUPS.values():
        if other is not group:
            taken.rows += [_row_of_other(taken, choice) for choice in choose(other, tree.files, since)]
    for refused in tree.refused:
        taken.refuse(refused)
    yield taken.listing("listing.json")
    if tree.failures:
        reasons = "; ".join(failure.reason for failure in tree.failures[:3])
        yield context.gap(Skipped, f"{len(tree.failures)} folders could not be listed: {reasons}")


def gather(context: Context, nothing: str) -> Iterator[Piece | Gap]:
    """The files of one group.

    Raises:
        AzureFailure: they cannot be listed.
    """
    group = GROUPS[context.entry.id]
    taken = Taken(context, context.site.kudu)
    chosen = list(candidates(taken, group, since_of(context)))
    if not chosen:
        yield context.gap(Missing, f"{'/'.join(group.start)} has none: {nothing}")
        return
    if all(choice.why_not for choice in chosen):
        yield context.gap(Empty, f"{len(chosen)} files, the newest: {chosen[0].why_not}")
        return
    yield from _fetched(taken, chosen)


def candidates(taken: Taken, group: Group, since: datetime) -> Iterator[Choice]:
    """The choice among the files of a group; a folder that does not exist holds none.

    Raises:
        AzureFailure: they cannot be listed.
    """
    try:
        tree = walk(taken.kudu, taken.context.watch, group.start, group.depth)
    except AzureFailure as failure:
        if failure.status == 404:
            return
        raise
    for unread in tree.failures:
        if unread.status != 404:
            raise unread
    yield from choose(group, tree.files, since)


def since_of(context: Context) -> datetime:
    """What was last written before this moment is not taken."""
    return context.site.survey.window.start - BEFORE


def _fetched(taken: Taken, chosen: list[Choice]) -> Iterator[Piece | Gap]:
    capped = [choice for choice in chosen if choice.is_cap]
    for choice in chosen:
        if choice.why_not:
            taken.leave(choice)
        else:
            yield taken.piece(choice)
    if capped:
        why = capped[0].why_not
        yield taken.context.gap(Skipped, f"{len(capped)} older files were left out ({why}); listing.json names them")


def _row_of_other(taken: Taken, choice: Choice) -> dict[str, object]:
    """A file that another collector takes or leaves."""
    file = choice.file
    changed = file.modified.isoformat() if file.modified else None
    row: dict[str, object] = {"path": file.shown, "size": file.size, "mtime": changed, "by": group_of(file).id}
    return {**row, "why_not": choice.why_not} if choice.why_not else row


def _dumped(context: Context, taken: Taken, failure: AzureFailure) -> Iterator[Piece | Gap]:
    """Kudu's zip of LogFiles, which lacks failed request traces and whatever was locked."""
    context.footprint("Kudu packed LogFiles into a zip (api/dump), which costs it CPU and disk reads")
    place = context.scratch / "dump.zip"
    fetch_zip(taken.kudu, taken.kudu.call("GET", "/api/dump", read_s=LONGEST_S, again=False), place)
    yield from unpacked(context, place, PurePosixPath("kudu", context.site.survey.site), "GET /api/dump")
    yield context.gap(
        Skipped,
        f"LogFiles could not be listed ({failure.reason}); its zip lacks failed request traces and locked files",
    )


def unpacked(context: Context, archive: Path, folder: PurePosixPath, origin: str) -> Iterator[Piece | Gap]:
    """The members of a zip that was proved whole, as files below a folder of the evidence."""
    expander = Expander(context.scratch, context.watch, describe=lambda piece: piece)
    yield from expander.take(Found(archive, folder, origin, ours=True))
    yield from expander.gaps()
