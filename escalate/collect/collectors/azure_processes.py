"""Processes of a Windows worker through ARM, for identities that may read but not enter the SCM site."""

from __future__ import annotations

import json
from collections.abc import Iterator

from escalate.azure.failure import AzureFailure
from escalate.collect.collector import collector
from escalate.collect.collectors.windows_sandbox import PROCESSES, PUBLISH, folder, hide_secrets
from escalate.collect.context import STAMP, Context
from escalate.collect.json_parts import Json, mapping, mappings, properties
from escalate.collect.permissions import may
from escalate.collect.piece import Piece, Unavailable
from escalate.collect.samples import rounds
from escalate.model.base import CollectorId
from escalate.model.outcome import Empty, Gap, Missing, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity


@collector(
    CatalogueEntry(
        id="arm.processes",
        title="Process counters by ARM",
        why="A reader cannot enter the SCM site; ARM tells of processes without their environment.",
        answers=("resources", "memory", "cpu", "K8", "K9"),
        scope="worker",
        platforms=("windows",),
        volatility=1,
        consent=Consent.ALWAYS,
        permission="Microsoft.Web/sites/instances/processes/read",
        effects="reads process counters, which wakes the SCM site (Kudu); nothing is paused",
        seconds=25,
        timeout_s=300,
        stall_s=120,
        max_bytes=20_000_000,
        sensitivity=Sensitivity.NAMES,
        obtain="az rest --method get --url {site}/instances/{worker}/processes?api-version=2025-05-01",
        fallbacks=(CollectorId("win.samples"),),
        source="Microsoft.Web 2023-12-01: WebApps_ListInstanceProcesses, WebApps_GetInstanceProcess",
    )
)
def arm_processes(context: Context) -> Iterator[Piece | Gap]:
    """At least three samples of each process; only where `win.samples` is closed, which tells more."""
    site = context.site
    if may(site.survey, PUBLISH):
        raise Unavailable(context.gap(Skipped, "win.samples asks the worker itself, which says more"))
    if site.worker is None:
        raise ValueError(f"{context.step} needs a worker")
    base = f"{site.survey.resource_id}/instances/{site.worker.arm_id}/processes"
    listed = [properties(each) for page in site.arm.pages(base) for each in mappings(mapping(page.json()).get("value"))]
    pids = [each["id"] for each in listed if isinstance(each.get("id"), int)][:PROCESSES]
    if not pids:
        yield context.gap(Empty, "ARM lists no process")
    for at in rounds(context):
        for pid in pids:
            try:
                found = dict(properties(_detail(context, f"{base}/{pid}")))
            except AzureFailure as failure:
                yield context.gap(Missing, f"process {pid}: {failure.reason}")
                continue
            hide_secrets(context, found)
            yield Piece(
                path=folder(context, "process", str(pid), f"{at.strftime(STAMP)}-arm-process.json"),
                content=[json.dumps(found, ensure_ascii=False, indent=1).encode()],
                origin=f"GET {base}/{pid}",
                instance=site.worker.label,
                pid=pid,
                captured_at=at,
            )


def _detail(context: Context, path: str) -> Json:
    return mapping(context.site.arm.get(path).json())
