"""What a plan comes to: how long, how big, where, and what would be gained by which consent and which role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from escalate.collect.engine import PUBLISH, TOGETHER
from escalate.collect.permissions import role_with
from escalate.model.base import CollectorId
from escalate.model.plan import CatalogueEntry, Consent, Plan, Run, Skip

_READ = "/read"


@dataclass(frozen=True)
class Gain:
    """Something that could be had, and the steps that it would unlock."""

    what: str
    """`--include dumps`, an ARM action."""
    how: str
    """What is agreed to, or the role to ask for."""
    steps: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """Steps that are left out for the same reason."""

    reason: str
    hint: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """A plan at a glance."""

    steps: int
    seconds: float
    """Expected, with steps of different workers side by side."""
    longest_s: float
    most_bytes: int
    """If every step brought as much as it may; the collection ends at the budget."""
    budget_bytes: int
    worker: str | None
    """The worker for intrusive steps."""
    worker_why: str
    intrusive: tuple[str, ...]
    """Steps that pause or burden the app."""
    consents: tuple[Gain, ...]
    roles: tuple[Gain, ...]
    left_out: tuple[LeftOut, ...]
    reads_only: int
    """So many steps ask Azure's own services alone: the app and its SCM site take no part."""
    effects: Mapping[str, int]
    """What the other steps do to the app, and how many do it."""
    wakes_scm: bool
    notes: tuple[str, ...]
    """What could not be found out about the target."""

    @property
    def over_time(self) -> bool:
        """Whether it is expected to be cut by the time limit."""
        return self.seconds > self.longest_s


def summary_of(plan: Plan, catalogue: Iterable[CatalogueEntry]) -> Summary:
    """Sum up a plan that was made from this catalogue."""
    entries = {entry.id: entry for entry in catalogue}
    runs = [step for step in plan.steps if isinstance(step, Run)]
    skips = [step for step in plan.steps if isinstance(step, Skip)]
    survey = plan.survey
    worst = survey.worker(survey.worst) if survey and survey.worst else None
    asked = [run for run in runs if entries[run.collector].consent is Consent.ASK]
    effects: dict[str, int] = {}
    touching = [run for run in runs if survey is None or not _reads_only(entries[run.collector])]
    for run in touching:
        effects[run.effects] = effects.get(run.effects, 0) + 1
    return Summary(
        steps=len(runs),
        seconds=_seconds(runs, entries, side_by_side=survey is not None),
        longest_s=plan.budget.max_seconds,
        most_bytes=sum(run.max_bytes for run in runs),
        budget_bytes=plan.budget.max_bytes,
        worker=worst.label if worst else None,
        worker_why=survey.worst_why if survey else "",
        intrusive=tuple(run.id for run in asked),
        consents=tuple(_consents(skips, entries)),
        roles=tuple(_roles(skips, entries)),
        left_out=tuple(_left_out(skips, entries)),
        reads_only=len(runs) - len(touching),
        effects=effects,
        wakes_scm=any(_needs_scm(entries[run.collector]) for run in runs),
        notes=survey.notes if survey else (),
    )


def _seconds(runs: Sequence[Run], entries: Mapping[CollectorId, CatalogueEntry], *, side_by_side: bool) -> float:
    """Steps of one worker run one after another, those of different workers together, intrusive and late ones last."""
    if not side_by_side:
        return sum(run.seconds for run in runs)
    total = 0.0
    for late in (False, True):
        lanes: dict[str, float] = defaultdict(float)
        for run in runs:
            entry = entries[run.collector]
            if run.late is not late:
                continue
            if entry.consent is Consent.ALWAYS:
                lanes[run.worker or run.sibling or ("scm" if _needs_scm(entry) else run.id)] += run.seconds
            else:
                total += run.seconds
        total += max([*lanes.values(), sum(lanes.values()) / TOGETHER], default=0.0)
    return total


def _needs_scm(entry: CatalogueEntry) -> bool:
    return (entry.permission or "").casefold().endswith(PUBLISH)


def _reads_only(entry: CatalogueEntry) -> bool:
    return entry.consent is Consent.ALWAYS and (entry.permission or "").casefold().endswith(_READ)


def _wants_consent(skip: Skip, entry: CatalogueEntry) -> bool:
    return entry.consent is Consent.ASK and skip.hint == f"add --include {entry.include}"


def _consents(skips: Sequence[Skip], entries: Mapping[CollectorId, CatalogueEntry]) -> Iterable[Gain]:
    words: dict[str, list[Skip]] = defaultdict(list)
    for skip in skips:
        entry = entries[skip.collector]
        if _wants_consent(skip, entry):
            words[entry.include or ""].append(skip)
    for word, found in sorted(words.items()):
        effects = dict.fromkeys(entries[skip.collector].effects for skip in found)
        yield Gain(f"--include {word}", "; ".join(effects), tuple(skip.id for skip in found))


def _roles(skips: Sequence[Skip], entries: Mapping[CollectorId, CatalogueEntry]) -> Iterable[Gain]:
    actions: dict[str, list[Skip]] = defaultdict(list)
    for skip in skips:
        permission = entries[skip.collector].permission
        if skip.denied and permission:
            actions[permission].append(skip)
    for action, found in sorted(actions.items()):
        yield Gain(action, role_with(action), tuple(skip.id for skip in found))


def _left_out(skips: Sequence[Skip], entries: Mapping[CollectorId, CatalogueEntry]) -> Iterable[LeftOut]:
    """What neither consent nor a role would bring, by reason."""
    reasons: dict[tuple[str, str], list[Skip]] = defaultdict(list)
    for skip in skips:
        entry = entries[skip.collector]
        if not _wants_consent(skip, entry) and not (skip.denied and entry.permission):
            reasons[skip.reason, skip.hint].append(skip)
    for (reason, hint), found in reasons.items():
        yield LeftOut(reason, hint, tuple(skip.id for skip in found))
