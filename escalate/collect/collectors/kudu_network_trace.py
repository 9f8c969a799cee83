"""Packets on every worker of a dedicated plan, captured by the platform: the sandbox itself cannot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from escalate.azure.arm import WEB, Arm
from escalate.azure.download import Expectation, download
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.collector import collector
from escalate.collect.context import Context, now
from escalate.collect.names import safe_part
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Abandoned, Piece, Unavailable
from escalate.collect.vfs import file_call, parts_of, remove
from escalate.model.outcome import Blocked, Empty, Failed, Gap, Invalid
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

HEADERS = 96
"""Bytes of a frame: enough for its headers, and too few for what is said in it."""
SLACK_S = 300
POLL_S = 15.0
_MAGIC = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a",
    b"PK\x03\x04",
)  # fmt: skip
_RUNNING = ("CaptureNetworkTrace", "NetworkTrace")


@collector(
    CatalogueEntry(
        id="net.trace.arm",
        title="Network trace of all workers, headers only",
        why="Retransmits, resets and silence between the app and what it talks to, worker by worker.",
        answers=("network", "K5", "K6"),
        scope="site",
        platforms=("windows",),
        permission="Microsoft.Web/sites/networktrace/action",
        tiers=(
            "Basic",
            "Standard",
            "Premium",
            "PremiumV2",
            "PremiumV3",
            "PremiumMV3",
            "PremiumV4",
            "PremiumMV4",
            "Isolated",
            "IsolatedV2",
        ),
        volatility=2,
        consent=Consent.ASK,
        include="network",
        effects="the platform captures the headers of all packets of the app for 30 seconds; addresses are in them",
        seconds=90,
        timeout_s=900,
        stall_s=240,
        max_bytes=1_000_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="portal > Diagnose and solve problems > Diagnostic Tools > Network Trace; see LogFiles/networktrace",
        fallbacks=("network.capture",),
        source="azure-mgmt-web: WebApps.begin_start_network_trace_operation; the portal's network trace tool",
    )
)
def network_trace(context: Context) -> Iterator[Piece | Gap]:
    """Started, waited for, fetched by VFS, removed there."""
    site, arm = context.site, context.site.arm
    seconds = max(1, round(context.pace.capture))
    query = {"durationInSeconds": str(seconds), "maxFrameLength": str(HEADERS)}
    try:
        answer = arm.post(f"{site.survey.resource_id}/networkTrace/startOperation", WEB, query)
    except AzureFailure as failure:
        if failure.status in (400, 403, 409) and any(word in failure.reason for word in _RUNNING):
            reason = f"another network trace is running: {failure.reason}"
            raise Unavailable(context.gap(Blocked, reason)) from failure
        raise
    at = now()
    context.footprint(
        f"a network trace of {seconds} s was started on all workers at {at.isoformat(timespec='seconds')}"
    )
    try:
        results = arm.finished(
            answer, longest_s=seconds + SLACK_S, every_s=min(POLL_S, context.pace.dump_interval)
        ).json()
    except (Abandoned, AzureFailure):
        _stop(context)
        raise
    if not isinstance(results, list):
        raise AzureFailure(Why.INVALID, "the network trace ended with something that is not a list")
    if not results:
        yield context.gap(Empty, "the network trace ended without a file")
    for result in results:
        if isinstance(result, dict):
            yield _file(context, result)


def _file(context: Context, result: dict[str, object]) -> Piece | Gap:
    """One worker's file; it is where ARM says only if that is below HOME."""
    path, kudu = str(result.get("path") or ""), context.site.kudu
    if not path:
        return context.gap(Failed, f"a worker gave no trace: {result.get('status')} {str(result.get('message'))[:200]}")
    parts = parts_of(path)
    if parts is None or len(parts) < 2:
        return context.gap(Invalid, f"a trace is said to lie at {path[:200]!r}")
    name = safe_part(parts[-1])
    place = context.scratch / name
    try:
        with place.open("wb") as handle:
            handle.writelines(download(kudu, file_call(kudu, parts), Expectation(magic=_MAGIC)))
    except AzureFailure as failure:
        place.unlink(missing_ok=True)
        return outcome_of_failure(failure, context.obtain)
    try:
        remove(kudu, parts)
        context.footprint(f"the trace {'/'.join(parts)} was removed after it was fetched")
    except AzureFailure as failure:
        context.footprint(f"the trace {'/'.join(parts)} could not be removed: {failure.reason}")
    worker = _worker_in(context, parts)
    return Piece(
        path=PurePosixPath("kudu", context.site.survey.site, worker or "site", "networktrace", name),
        content=place,
        origin=f"GET /api/vfs/{'/'.join(parts)}",
        instance=worker,
        captured_at=now(),
    )


def _worker_in(context: Context, parts: tuple[str, ...]) -> str | None:
    """The worker whose name begins the file's name, or is a folder above it."""
    for part in reversed(parts):
        worker = context.site.reach.roster.find(part) or context.site.reach.roster.find(part.partition(".")[0])
        if worker is not None:
            return worker.label
    return None


def _stop(context: Context) -> None:
    """End a trace that nobody waits for any more; on a channel of its own, as this step may have been given up."""
    arm = Arm(context.site.reach.session.channel())
    with contextlib.suppress(AzureFailure):
        arm.post(f"{context.site.survey.resource_id}/networkTrace/stop")
        context.footprint("the network trace was stopped")
