"""The current container log by ARM, for sites whose files cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.azure.failure import AzureFailure
from escalate.collect.arm_request import saved
from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.model.outcome import Empty, Gap, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity


@collector(
    CatalogueEntry(
        id="site.containerlogs",
        title="Current container log, by ARM",
        why="Says why the container does not start, also when the SCM site is closed to us.",
        answers=("start", "crash", "K14"),
        scope="site",
        platforms=("linux", "linux-container", "windows-container"),
        permission="Microsoft.Web/sites/containerlogs/action",
        volatility=2,
        consent=Consent.ALWAYS,
        effects="one read from ARM; the app is not touched",
        seconds=5,
        timeout_s=180,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az rest --method post --url '{site}/containerlogs?api-version=2025-05-01'"
        " --output-file containerlogs.txt",
        fallbacks=("log.containers",),
        source="azure-mgmt-web: web_apps.get_web_site_container_logs",
    )
)
def container_log(context: Context) -> Iterator[Piece | Gap]:
    """Skipped where Kudu gives the files: the same lines twice would be counted twice."""
    try:
        _ = context.site.kudu
    except AzureFailure:
        pass
    else:
        yield Skipped(reason="the SCM site answers: log.containers has the whole files", hint=context.obtain)
        return
    path = f"{context.values['site']}/containerlogs"
    body = context.site.arm.post(path).body
    if not body.strip():
        yield Empty(reason="ARM has no container log of the site", hint=context.obtain)
        return
    yield saved(context, "containerlogs.txt", body, origin=f"POST {path}")
