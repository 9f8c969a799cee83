"""All steps that the catalogue has for a target in Azure, on its workers and on the siblings of its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from escalate.collect.permissions import may, role_with
from escalate.collect.planned import Planned
from escalate.model.base import StepId
from escalate.model.plan import ArmRequest, CatalogueEntry, Consent
from escalate.model.survey import Survey, Worker

SCOPES = ("site", "worker", "worst-worker", "sibling")
WORKERS = 10
"""On so many workers the volatile state is read; the worst and the first come first."""
SIBLINGS = 20
_OF_THE_SITE = "microsoft.web/sites/"
_NO_WORKERS = "instances: "
"""How the survey's note begins when the workers could not be read."""


def azure_steps(survey: Survey, catalogue: Sequence[CatalogueEntry]) -> Iterator[Planned]:
    """Every entry for this site, once for each thing it is about, and once more late where telemetry is late."""
    seen: Counter[str] = Counter()
    for entry in catalogue:
        if not applies(survey, entry):
            continue
        for planned in _of_scope(survey, entry):
            step = _with_refusal(survey, _alone(planned, seen))
            yield step
            if entry.late:
                yield replace(step, id=StepId(f"{step.id}/late"), title=f"{step.title}, once more", late=True)


def applies(survey: Survey, entry: CatalogueEntry) -> bool:
    """Whether an entry is about such a site at all."""
    return entry.scope in SCOPES and (not entry.platforms or survey.platform in entry.platforms)


def without(survey: Survey, entry: CatalogueEntry) -> str | None:
    """What the entry's request names and the site has not: a plan, an App Service Environment."""
    path = _path(entry)
    if "{plan}" in path and survey.plan_id is None:
        return "the site names no App Service plan"
    if "{environment}" in path and survey.environment is None:
        return "the site stands in no App Service Environment"
    return None


def refusal(survey: Survey, entry: CatalogueEntry) -> str | None:
    """The action that the signed-in identity lacks for an entry.

    The survey knows what may be done to the site. What is asked of the plan, the subscription, a workspace or a sibling
    is found out by trying: another role may hold there. What we never run ourselves needs no role of ours.
    """
    if entry.consent is Consent.GUIDED or entry.scope == "sibling" or may(survey, entry.permission):
        return None
    return entry.permission if _is_of_site(entry) else None


def outside_tier(survey: Survey, entry: CatalogueEntry) -> bool:
    """Whether the plan's tier does not offer it."""
    return bool(entry.tiers and survey.tier) and survey.tier.casefold() not in {each.casefold() for each in entry.tiers}


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
        yield from _rest(entry, len(survey.siblings) - SIBLINGS, "siblings")
    elif not survey.workers:
        yield _without_workers(survey, entry)
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
        if entry.scope == "worker":
            yield from _rest(entry, len(survey.workers) - WORKERS, "workers")


def _rest(entry: CatalogueEntry, number: int, what: str) -> Iterator[Planned]:
    """One row for those that are left out because they are too many."""
    if number > 0:
        yield Planned(
            entry=entry,
            id=StepId(f"{entry.id}/others"),
            title=f"{entry.title} ({number} more {what})",
            why_not=f"{number} more {what}: so many are not looked at in one collection",
            hint="for another worker: --instance NAME; for a sibling: a case of its own",
        )


def _without_workers(survey: Survey, entry: CatalogueEntry) -> Planned:
    unread = next((note for note in survey.notes if note.startswith(_NO_WORKERS)), None)
    return Planned(
        entry=entry,
        id=StepId(entry.id),
        title=entry.title,
        why_not=f"no worker is known: {unread or 'ARM lists no instance of the site'}",
        hint=None if unread else f"the site is {survey.state or 'in an unknown state'}: plan again when it runs",
        denied=unread is not None,
    )


def _alone(planned: Planned, seen: Counter[str]) -> Planned:
    """The step under an id of its own: two apps of different groups may be called the same."""
    seen[planned.id] += 1
    count = seen[planned.id]
    return planned if count == 1 else replace(planned, id=StepId(f"{planned.id}~{count}"))


def _with_refusal(survey: Survey, planned: Planned) -> Planned:
    """The step with the reason why it cannot run here, if there is one."""
    if planned.why_not is not None:
        return planned
    entry = planned.entry
    if (lack := without(survey, entry)) is not None:
        return replace(planned, why_not=lack, hint="nothing to do: there is nothing to ask")
    if outside_tier(survey, entry):
        return replace(planned, why_not=f"the {survey.tier} tier does not offer it")
    if (action := refusal(survey, entry)) is not None:
        return replace(
            planned,
            denied=True,
            why_not=f"the signed-in identity may not {action}",
            hint=f"ask for {role_with(action)} on {survey.resource_id}, then plan again",
        )
    return planned


def _is_of_site(entry: CatalogueEntry) -> bool:
    """Whether the permission is one on the site itself."""
    if isinstance(entry.request, ArmRequest):
        return entry.request.path.startswith("{site}")
    return (entry.permission or "").casefold().startswith(_OF_THE_SITE)


def _path(entry: CatalogueEntry) -> str:
    return entry.request.path if isinstance(entry.request, ArmRequest) else ""
