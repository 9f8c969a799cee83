"""Which worker answers at the SCM site, before anything is believed that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from escalate.collect.collector import collector
from escalate.collect.context import Context, now
from escalate.collect.kudu_request import saved
from escalate.collect.piece import Piece, Unavailable
from escalate.model.outcome import Failed, Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

WINDOWS = "echo %COMPUTERNAME% %WEBSITE_INSTANCE_ID%"
LINUX = "hostname; echo $WEBSITE_INSTANCE_ID"
_INSTANCE = re.compile(r"[0-9A-Fa-f]{16,128}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@collector(
    CatalogueEntry(
        id="kudu.whoami",
        title="Which worker answers",
        why="A worker that has left the plan is silently replaced by another: its evidence would be false.",
        answers=("which-worker", "K1"),
        scope="worker",
        permission="Microsoft.Web/sites/publish/Action",
        volatility=1,
        consent=Consent.ALWAYS,
        effects="prints two names in the Kudu site; wakes the Kudu site if it sleeps",
        seconds=5,
        timeout_s=120,
        stall_s=110,
        max_bytes=100_000,
        sensitivity=Sensitivity.NAMES,
        obtain="https://{scm}, console, cookie ARRAffinity={worker}: echo %COMPUTERNAME% %WEBSITE_INSTANCE_ID%",
        source="projectkudu/kudu: CommandController; Kudu wiki: WEBSITE_INSTANCE_ID is the ARRAffinity value",
    )
)
def whoami(context: Context) -> Iterator[Piece | Gap]:
    """Compares the instance id that the site says with the one that was asked for; learns the host's name."""
    site = context.site
    worker, survey, roster = site.worker, site.survey, site.reach.roster
    if worker is None:
        raise ValueError(f"{context.step} needs a worker")
    if worker.arm_id == survey.workers[0].arm_id:
        context.footprint(f"our first request started the SCM site (Kudu) of {survey.name}, if it was not running")
    command = WINDOWS if survey.platform.startswith("windows") else LINUX
    result = site.kudu.command(command)
    words = result.output.split()
    instance = next((word for word in reversed(words) if _INSTANCE.fullmatch(word)), None)
    host = words[0] if len(words) > 1 and _HOST.fullmatch(words[0]) else None
    if instance is None:
        why = (result.error.strip() or result.output.strip() or "nothing")[:200]
        yield context.gap(Failed, f"the SCM site did not say which worker it is: {why}")
        return
    if instance.casefold() != worker.arm_id.casefold():
        other = roster.label(instance) or instance
        raise Unavailable(
            context.gap(
                Missing, f"worker {worker.label} has left the plan: {host or other[:12]} answered instead of it"
            )
        )
    if host is not None and roster.find(host) in (None, roster.find(worker.arm_id)):
        if survey.platform.startswith("windows"):
            roster.learn(worker.arm_id, computer=host)
        else:
            roster.learn(worker.arm_id, containers=(host,))
    text = f"{now().isoformat()} {command}\n{result.output}".replace("\r\n", "\n")
    yield saved(context, f"{worker.label}/whoami.txt", text.encode(), origin=command)
