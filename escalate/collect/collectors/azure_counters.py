"""What the Windows sandbox counts: connections, threads, handles of the app and of every other app on its workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.azure_steps import chosen_workers
from escalate.collect.collector import collector
from escalate.collect.context import STAMP, Context, now
from escalate.collect.names import safe_part
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity
from escalate.model.survey import Worker

COMMAND = "echo %WEBSITE_COUNTERS_ALL%"
PUBLISH = "Microsoft.Web/sites/publish/Action"
SOURCE = "Kudu wiki: Perf Counters exposed as environment variables (WEBSITE_COUNTERS_ALL)"


@collector(
    CatalogueEntry(
        id="counters.app",
        title="Sandbox counters of the app",
        why="Shows how near connections, threads and handles are to the limits of the sandbox, and how they grow.",
        answers=("resources", "network", "which-worker", "K5", "K7", "K9"),
        scope="worker",
        platforms=("windows",),
        permission=PUBLISH,
        volatility=1,
        consent=Consent.ALWAYS,
        effects="a few short commands beside the app, which print a variable",
        seconds=18,
        timeout_s=300,
        stall_s=110,
        max_bytes=1_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="in the Kudu console of {app} (https://{scm}/DebugConsole), on {machine}: echo %WEBSITE_COUNTERS_ALL%",
        fallbacks=("metrics.site",),
        source=SOURCE,
        may_be_absent=True,
    )
)
def of_app(context: Context) -> Iterator[Piece | Gap]:
    """Several samples, so that growth shows."""
    site = context.site
    kudu = site.kudu
    for number in range(1, context.pace.samples + 1):
        if number > 1:
            context.watch.pause(context.pace.sample_interval)
        yield _counters(context, kudu, site.survey.site, site.worker, number)


@collector(
    CatalogueEntry(
        id="counters.sibling",
        title="Sandbox counters of another app of the plan",
        why="Apps of one worker share its connections and memory; who holds them is the most often missing evidence.",
        answers=("neighbours", "resources", "network", "K5", "K7", "K9"),
        scope="sibling",
        platforms=("windows",),
        permission=PUBLISH,
        volatility=2,
        consent=Consent.ALWAYS,
        effects="wakes the SCM site of the other app, which takes some memory of the worker for 20 minutes",
        seconds=20,
        timeout_s=600,
        stall_s=220,
        max_bytes=4_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="in the Kudu console of {name} (Advanced Tools of {sibling} in the portal), on every instance:"
        " echo %WEBSITE_COUNTERS_ALL%",
        fallbacks=("metrics.sibling",),
        source=SOURCE,
    )
)
def of_sibling(context: Context) -> Iterator[Piece | Gap]:
    """One sample of each worker, asked of the sibling's own Kudu."""
    site, name = context.site, context.values["name"]
    sibling = next(each for each in site.survey.siblings if each.resource_id == site.sibling)
    anyone = site.kudu_of(sibling.resource_id, sibling.scm_host)
    context.footprint(f"woke the SCM site of {name}")
    workers: tuple[Worker | None, ...] = chosen_workers(site.survey) or (None,)
    for worker in workers:
        kudu = Kudu(anyone.channel, anyone.door, worker.arm_id if worker else None)
        try:
            yield _counters(context, kudu, name, worker, 1)
        except AzureFailure as failure:
            gap = outcome_of_failure(failure, context.obtain)
            yield type(gap)(reason=f"{name} on {worker.label if worker else 'any worker'}: {gap.reason}", hint=gap.hint)


def _counters(context: Context, kudu: Kudu, site: str, worker: Worker | None, number: int) -> Piece:
    """What the command printed, as a document that readers know as counters.

    Raises:
        AzureFailure: Kudu does not answer; it knows no such variable.
    """
    at = now()
    printed = kudu.command(COMMAND).output.strip()
    try:
        data = json.loads(printed)
    except ValueError as error:
        raise AzureFailure(Why.MISSING, f"{COMMAND} printed no counters: {printed[:80] or 'nothing'}") from error
    if not isinstance(data, dict):
        raise AzureFailure(Why.MISSING, f"{COMMAND} printed no counters")
    # the three families (app, clr, aspNet) as one: the form in which each of them is printed alone
    flat = {name: value for name, value in data.items() if not isinstance(value, dict)}
    for family in data.values():
        flat |= family if isinstance(family, dict) else {}
    label = worker.label if worker else "site"
    name = f"counters_{at.strftime(STAMP)}-{number}.json"
    return Piece(
        path=PurePosixPath("kudu", safe_part(site), safe_part(label), name),
        content=[json.dumps(flat, indent=1).encode()],
        origin=f"{COMMAND} in the Kudu of {site}",
        site=site,
        instance=worker.label if worker else None,
        captured_at=at,
    )
