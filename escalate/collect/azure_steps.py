"""All steps that the catalogue has for a target in Azure, on its workers and on the siblings of its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from escalate.collect.permissions import may
from escalate.collect.planned import Planned
from escalate.model.base import StepId
from escalate.model.plan import CatalogueEntry
from escalate.model.survey import Survey, Worker

SCOPES = ("site", "worker", "worst-worker", "sibling")
WORKERS = 10
"""On so many workers the volatile state is read; the worst and the first come first."""
SIBLINGS = 20


def azure_steps(survey: Survey, catalogue: Sequence[CatalogueEntry]) -> Iterator[Planned]:
    """Every entry for this platform, once for each thing it is about, and once more late where telemetry is late."""
    for entry in catalogue:
        if entry.scope not in SCOPES or (entry.platforms and survey.platform not in entry.platforms):
            continue
        for planned in _of_scope(survey, entry):
            step = _with_refusal(survey, planned)
            yield step
            if entry.late:
                yield replace(step, id=StepId(f"{step.id}/late"), title=f"{step.title}, once more", late=True)


def chosen_workers(survey: Survey) -> tuple[Worker, ...]:
    """The workers that are looked at, the worst first."""
    ordered = sorted(survey.workers, key=lambda worker: worker.arm_id != survey.worst)
    return tuple(ordered[:WORKERS])


def _of_scope(survey: Survey, entry: CatalogueEntry) -> Iterable[Planned]:
    if entry.scope == "site":
        yield Planned(entry=entry, id=StepId(entry.id), title=entry.title)
    elif entry.scope == "sibling":
        for number, sibling in enumerate(survey.siblings[:SIBLINGS]):
            yield Planned(
                entry=entry,
                id=StepId(f"{entry.id}/{sibling.name}"),
                title=f"{entry.title} ({sibling.name})",
                sibling=sibling.resource_id,
                order=number,
            )
    else:
        workers = chosen_workers(survey)
        for number, worker in enumerate(workers[:1] if entry.scope == "worst-worker" else workers):
            yield Planned(
                entry=entry,
                id=StepId(f"{entry.id}/{worker.label}"),
                title=f"{entry.title} ({worker.label})",
                worker=worker.arm_id,
                order=number,
            )


def _with_refusal(survey: Survey, planned: Planned) -> Planned:
    """The step with the reason why it cannot run here, if there is one."""
    entry = planned.entry
    if entry.tiers and survey.tier and survey.tier.casefold() not in {tier.casefold() for tier in entry.tiers}:
        return replace(planned, why_not=f"the {survey.tier} tier does not offer it")
    if not may(survey, entry.permission):
        return replace(
            planned,
            denied=True,
            why_not=f"the signed-in identity may not {entry.permission}",
            hint=f"ask for a role with {entry.permission} on {survey.resource_id}"
            " (Website Contributor has most of them), then plan again",
        )
    return planned
