"""Which two sides are worth comparing: the sick worker and the others, the phases, the app and its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from escalate.triage.correlators import one_instance_only
from escalate.triage.correlators.heaviest_app import own_site
from escalate.triage.differential.pooled import Chosen
from escalate.triage.index import Index
from escalate.triage.phase import Phase
from escalate.triage.result import State
from escalate.triage.samples import Key
from escalate.triage.verdict import Decision

MAX_SIBLINGS = 8

Axis = Literal["instances", "time", "apps"]


@dataclass(frozen=True)
class Pair:
    """Two sides: which keys belong to each, and what they are called."""

    axis: Axis
    sick: str
    healthy: str
    is_sick: Chosen
    is_healthy: Chosen


def sick_workers(decision: Decision, index: Index) -> tuple[str, ...]:
    """The workers under suspicion, by HTTP errors, verdict or incident; none where that would be all."""
    known = set(index.instances())
    compared = one_instance_only.CORRELATOR.evaluate(None, {}, index)
    if compared.state is State.HOLDS:
        return (compared.values["worker"],)
    for match in decision.drivers:
        named = {match.values["worker"]} if "worker" in match.values else set(match.instances)
        if named and named < known:
            return tuple(sorted(named))
    reported = set(index.incident.target.instances)
    return tuple(sorted(reported)) if reported and reported < known else ()


def pairs(decision: Decision, index: Index) -> Iterator[Pair]:
    """All pairs that can be formed, the most telling axis first."""
    workers, own = sick_workers(decision, index), own_site(index)
    if workers:
        others = "the other workers"
        yield Pair(
            "instances",
            ", ".join(workers),
            others,
            lambda key: key.instance in workers and key.phase == "during" and _own(key, own),
            lambda key: bool(key.instance) and key.instance not in workers and key.phase == "during" and _own(key, own),
        )
    suffix = f" on {', '.join(workers)}" if workers else ""
    for phase in ("before", "after"):
        yield _of_time(phase, workers, own, suffix)
    if own is not None:
        for sibling in _siblings(index, own):
            yield _of_apps(own, sibling, workers)


def _siblings(index: Index, own: str) -> list[str]:
    """Apps of the plan of which there are numbers inside the window."""
    keys = (*index.samples.series, *index.samples.trials)
    names = {key.site for key in keys if key.site and key.phase == "during" and not _own(key, own)}
    return sorted(names)[:MAX_SIBLINGS]


def _of_apps(own: str, sibling: str, workers: tuple[str, ...]) -> Pair:
    return Pair(
        "apps",
        own,
        sibling,
        lambda key: key.phase == "during" and _here(key, workers) and _own(key, own),
        lambda key: key.phase == "during" and _here(key, workers) and key.site == sibling,
    )


def _of_time(phase: Phase, workers: tuple[str, ...], own: str | None, suffix: str) -> Pair:
    def of(wanted: Phase) -> Chosen:
        return lambda key: key.phase == wanted and _here(key, workers) and _own(key, own)

    return Pair("time", f"during{suffix}", f"{phase}{suffix}", of("during"), of(phase))


def _here(key: Key, workers: tuple[str, ...]) -> bool:
    return not workers or key.instance in workers


def _own(key: Key, own: str | None) -> bool:
    """Whether a key is of the app itself: evidence without a site is."""
    return key.site is None or own is None or key.site.lower() == own.lower()
