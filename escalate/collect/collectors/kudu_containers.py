"""Container logs: by VFS, else by Kudu's list of the current ones, else by ARM, which works when Kudu does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from escalate.azure.arm import WEB
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.collector import collector
from escalate.collect.collectors.kudu_logs import candidates, since_of, unpacked
from escalate.collect.context import Context
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.collect.vfs import VfsFile, parts_of
from escalate.collect.vfs_archive import LONGEST_S, fetch_zip
from escalate.collect.vfs_choice import GROUPS, MIB, Choice, infix_of
from escalate.collect.vfs_fetch import Taken
from escalate.formats.names import container_log_name
from escalate.model.outcome import Empty, Gap, Missing, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity


@collector(
    CatalogueEntry(
        id="log.containers",
        title="Container logs of every worker",
        why="What the platform and the app wrote while the container started, ran and ended.",
        answers=("start", "crash", "memory", "which-worker", "K3", "K14"),
        scope="site",
        platforms=("linux", "linux-container", "windows-container"),
        volatility=2,
        consent=Consent.ALWAYS,
        effects="reads files of the content share through Kudu, nothing is written",
        seconds=20,
        timeout_s=600,
        stall_s=240,
        max_bytes=GROUPS["log.containers"].most_bytes + 4 * MIB,
        sensitivity=Sensitivity.TEXT,
        obtain="az webapp log download -g {group} -n {app} --log-file logs.zip",
        source="KuduLite: api/logs/docker; ARM: containerlogs/zip/download (204: none)",
    )
)
def container_logs(context: Context) -> Iterator[Piece | Gap]:
    """Every part of every container, the newest first; the first way that answers is taken."""
    ways: tuple[tuple[str, Callable[[Context], Iterator[Piece | Gap]]], ...] = (
        ("VFS", _by_vfs),
        ("api/logs/docker", _by_list),
        ("containerlogs of ARM", _by_arm),
    )
    tried: list[str] = []
    failures: list[AzureFailure] = []
    for name, way in ways:
        try:
            yield from way(context)
        except AzureFailure as failure:
            tried.append(f"{name}: {failure.reason}")
            failures.append(failure)
            continue
        if tried:
            yield context.gap(Skipped, f"taken by {name}, because of {'; '.join(tried)}")
        return
    gap = outcome_of_failure(failures[0], context.obtain)
    yield gap.model_copy(update={"reason": "; ".join(tried)})


def _by_vfs(context: Context) -> Iterator[Piece | Gap]:
    taken = Taken(context, context.site.kudu)
    chosen = list(candidates(taken, GROUPS["log.containers"], since_of(context)))
    yield from _chosen(taken, chosen)


def _by_list(context: Context) -> Iterator[Piece | Gap]:
    """Files that Kudu names; only their names are believed, not where it says they are."""
    kudu = context.site.kudu
    entries = kudu.get("/api/logs/docker").json()
    if not isinstance(entries, list):
        raise AzureFailure(Why.INVALID, "api/logs/docker answered with something that is not a list")
    files: list[VfsFile] = []
    for entry in entries:
        parts = parts_of(str(entry.get("path", ""))) if isinstance(entry, dict) else None
        if parts and container_log_name(PurePosixPath(parts[-1])):
            size = entry.get("size")
            files.append(VfsFile(parts, size if isinstance(size, int) else 0))
    yield from _chosen(Taken(context, kudu), [Choice(file) for file in files])


def _by_arm(context: Context) -> Iterator[Piece | Gap]:
    survey, arm = context.site.survey, context.site.arm
    call = arm.call(
        "POST", f"{survey.resource_id}/containerlogs/zip/download", api_version=WEB, read_s=LONGEST_S, worker=None
    )
    place = context.scratch / "containers.zip"
    fetch_zip(context.site.channel, call, place)  # 204: it has none, a failure like the others
    folder = PurePosixPath("kudu", survey.site, "LogFiles")
    for item in unpacked(context, place, folder, "POST containerlogs/zip/download"):
        if isinstance(item, Piece):
            _learn(context, VfsFile(item.path.parts))
        yield item


def _chosen(taken: Taken, chosen: list[Choice]) -> Iterator[Piece | Gap]:
    context = taken.context
    for choice in chosen:
        _learn(context, choice.file)
    wanted = [choice for choice in chosen if choice.why_not is None]
    if not chosen:
        yield context.gap(Missing, "there are no container logs: the container has never been started")
    elif not wanted:
        yield context.gap(Empty, f"{len(chosen)} files, the newest: {chosen[0].why_not}")
    for choice in wanted:
        yield taken.piece(choice)
    capped = [choice for choice in chosen if choice.is_cap]
    if capped:
        yield context.gap(Skipped, f"{len(capped)} older files were left out ({capped[0].why_not})")


def _learn(context: Context, file: VfsFile) -> None:
    """Tell the roster which infix is which worker's, where the name says so."""
    name = container_log_name(PurePosixPath(file.name))
    roster = context.site.reach.roster
    worker = roster.find(name.machine) if name else None
    if worker is not None:
        roster.learn(worker.arm_id, infixes=(infix_of(file),))
