"""Makes the plan: what will be done in which order, what will not, and why."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from escalate.case.store import Case
from escalate.collect.azure_steps import azure_steps
from escalate.collect.context import now
from escalate.collect.entries import entries
from escalate.collect.intake import COLLECTOR as INTAKE
from escalate.collect.intake import steps_of
from escalate.collect.placeholders import fill, values_of
from escalate.collect.planned import Planned
from escalate.collect.processes import ProcessFacts, biggest_runtimes, facts_of
from escalate.errors import TargetError, UsageError
from escalate.model.base import StepId
from escalate.model.plan import Budget, CatalogueEntry, Consent, Plan, Run, Skip
from escalate.model.survey import Survey
from escalate.model.target import AzureTarget, LocalTarget, PathTarget

BIGGEST = 3
"""Without a pid so many processes are looked at from outside."""

_FROM_OUTSIDE = "proc."
"""Collectors that only read /proc; the others come into a process and need it to be named."""


@dataclass(frozen=True)
class Wishes:
    """What the user asked for on the command line."""

    budget: Budget
    include: frozenset[str] = frozenset()
    """Words of consent: dumps, heap, profiles, network, histogram, keys."""
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    """Ids of collectors."""
    agree: Callable[[CatalogueEntry, int | None], bool] | None = None
    """Asks a person; None: nobody is there."""


def make_plan(case: Case, wishes: Wishes, survey: Survey | None = None) -> Plan:
    """Write plan.json. The same case, machine and wishes give the same plan, and leave a standing one as it is.

    `survey` is what a target in Azure told of itself.

    Raises:
        UsageError: an id or a word that does not exist.
        TargetError: the process or the path does not exist, or holds nothing.
    """
    catalogue = entries()
    _check(wishes, catalogue)
    document = case.document
    match document.target:
        case PathTarget(path=path):
            possible = list(_intake(Path(path), catalogue))
        case LocalTarget() as target:
            possible = list(_local(target, catalogue))
        case AzureTarget() as target:
            if survey is None:
                raise TargetError(f"nothing is known of {target.resource_id}", hint="sign in and plan again")
            possible = list(azure_steps(survey, catalogue))
    plan = Plan(
        case_id=document.id,
        created_at=now(),
        target=document.target,
        survey=survey,
        budget=wishes.budget,
        consents=tuple(sorted(wishes.include)),
        steps=tuple(_decide(planned, wishes, survey) for planned in sorted(possible, key=_rank)),
    )
    if case.has(Plan):
        standing = case.read(Plan)
        if standing.model_copy(update={"created_at": plan.created_at}) == plan:
            return standing
    case.write(plan)
    return plan


def include_words() -> tuple[str, ...]:
    """The words that `--include` takes."""
    return tuple(sorted({entry.include for entry in entries() if entry.include}))


def _rank(planned: Planned) -> tuple[bool, bool, int, bool, int, str]:
    """Volatile first, and /proc before what enters the process; whatever pauses or burdens the app near the end.

    Late telemetry is asked for again when all else is done.
    """
    entry = planned.entry
    asks = entry.consent is not Consent.ALWAYS
    return (planned.late, asks, entry.volatility, bool(entry.runtimes), planned.order, planned.id)


def _decide(planned: Planned, wishes: Wishes, survey: Survey | None) -> Run | Skip:
    entry = planned.entry
    obtain = fill(entry.obtain, values_of(survey, planned.pid, planned.worker, planned.sibling))
    if wishes.only and entry.id not in wishes.only:
        return _skip(planned, "left out by --only", f"add --only {entry.id}")
    if entry.id in wishes.skip:
        return _skip(planned, "left out by --skip", f"leave out --skip {entry.id}")
    if planned.why_not is not None:
        return _skip(planned, planned.why_not, planned.hint or obtain)
    if entry.consent is Consent.GUIDED:
        return _skip(planned, f"only a person can decide this: {entry.effects}", obtain)
    if entry.consent is Consent.ASK and entry.include not in wishes.include:
        agreed = wishes.agree is not None and wishes.agree(entry, planned.pid)
        if not agreed:
            return _skip(planned, f"needs your consent: {entry.effects}", f"add --include {entry.include}")
    return Run(
        id=planned.id,
        collector=entry.id,
        title=planned.title,
        pid=planned.pid,
        worker=planned.worker,
        sibling=planned.sibling,
        late=planned.late,
        effects=entry.effects,
        seconds=entry.seconds,
        max_bytes=min(entry.max_bytes, wishes.budget.max_bytes),
    )


def _skip(planned: Planned, reason: str, hint: str) -> Skip:
    return Skip(
        id=planned.id,
        collector=planned.entry.id,
        title=planned.title,
        pid=planned.pid,
        worker=planned.worker,
        sibling=planned.sibling,
        late=planned.late,
        denied=planned.denied and reason == planned.why_not,
        reason=reason,
        hint=hint,
    )


def _intake(path: Path, catalogue: Sequence[CatalogueEntry]) -> Iterator[Planned]:
    entry = next(entry for entry in catalogue if entry.id == INTAKE)
    for number, (step, title) in enumerate(steps_of(path).items()):
        yield Planned(entry=entry, id=StepId(step), title=title, order=number)


def _local(target: LocalTarget, catalogue: Sequence[CatalogueEntry]) -> Iterator[Planned]:
    if not Path("/proc/self/status").exists():
        raise TargetError("there is no /proc here", hint="run this in the Linux machine or container of the app")
    for entry in catalogue:
        if entry.scope == "system" and (entry.id != "logs.named" or target.logs):
            yield Planned(entry=entry, id=StepId(entry.id), title=entry.title)
    if target.pid is not None:
        yield from _of_process(_existing(target.pid), catalogue, 1)
    else:
        outside = [entry for entry in catalogue if entry.id.startswith(_FROM_OUTSIDE)]
        for number, process in enumerate(biggest_runtimes(BIGGEST), 1):
            yield from _of_process(process, outside, number)


def _of_process(process: ProcessFacts, catalogue: Sequence[CatalogueEntry], order: int) -> Iterator[Planned]:
    for entry in catalogue:
        if entry.scope == "process" and (not entry.runtimes or process.runtime in entry.runtimes):
            yield Planned(
                entry=entry,
                id=StepId(f"{entry.id}/{process.pid}"),
                title=f"{entry.title} ({process.name}, {process.pid})",
                pid=process.pid,
                order=order,
            )


def _existing(pid: int) -> ProcessFacts:
    try:
        return facts_of(pid)
    except OSError as error:
        raise TargetError(
            f"process {pid} cannot be read: {error.strerror}",
            hint="look for it with: ps -e -o pid,rss,args; without a pid, `local` looks at the biggest ones",
        ) from error


def _check(wishes: Wishes, catalogue: Sequence[CatalogueEntry]) -> None:
    ids = [entry.id for entry in catalogue]
    _known("collector", wishes.only | wishes.skip, ids, "escalate catalog")
    _known("--include word", wishes.include, include_words(), f"one of: {', '.join(include_words())}")


def _known(what: str, given: Iterable[str], known: Sequence[str], where: str) -> None:
    for word in sorted(given):
        if word not in known:
            close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"see {where}"
            raise UsageError(f"there is no {what} {word!r}", hint=hint)
