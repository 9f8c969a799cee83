"""Who can answer, decided by gates and not by counting matches; every doubt goes to `undetermined`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from escalate.model.rule import Answerable, Confidence, Role
from escalate.triage.evaluate import Match
from escalate.triage.gates import GateResult, concerns, gates
from escalate.triage.index import Index

Who = Literal["customer", "microsoft", "undetermined"]

RANK = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2}
UNKNOWN_LAYER = "unknown"
"""A sign that tells which worker is sick and not what of it: it asks only where no other sign does."""

MAX_ASKING = 3
MUST_BE_KNOWN = ("G1", "G3", "G5", "G6", "G7")
"""A gate of these that is unknown leaves the verdict open; of the others at most one may be."""


@dataclass(frozen=True)
class Decision:
    """The verdict with what it rests on."""

    who: Who
    layer: str
    confidence: Confidence
    why: str
    gates: tuple[GateResult, ...]
    drivers: tuple[Match, ...]
    """The matches that led to it, strongest first; for `undetermined` those that could not be settled."""


def decide(matches: Sequence[Match], index: Index) -> Decision:
    """The verdict for an incident."""
    drivers = _drivers(matches)
    open_ones = [(match, gates(match, matches, index)) for match in _candidates(matches)]
    passing = [item for item in open_ones if item[0].unconfirmed is None and _outcome(item[1]) == "microsoft"]
    if passing:
        named = [item for item in passing if not item[0].rule.layer.startswith(UNKNOWN_LAYER)]
        return _microsoft(named or passing[:1])
    if drivers and not _tie(drivers, open_ones):
        answered = [match for match in matches if match.refuted and match.rule.answerable_by is not Answerable.CUSTOMER]
        return _customer(drivers, answered, gates(None, matches, index))
    for match, computed in open_ones:
        failing = next((gate for gate in computed if gate.state == "fail"), None)
        if failing is not None and not drivers:
            return _failed_gate(match, computed, failing)
    return _undetermined(open_ones, matches, index)


def _drivers(matches: Sequence[Match]) -> list[Match]:
    """What explains the incident on the customer's side, strongest first; what may follow from anything comes last."""
    found = sorted((match for match in matches if match.drives), key=_strength, reverse=True)
    if any(not match.rule.residual for match in found):
        return found
    return [] if any(not match.rule.residual for match in _candidates(matches)) else found


def _candidates(matches: Sequence[Match]) -> list[Match]:
    """Matches that ask Microsoft something, in the order in which they are tried."""
    asking = [
        match
        for match in matches
        if match.active
        and match.rule.role is Role.INDICATOR
        and match.rule.answerable_by is not Answerable.CUSTOMER
        and match.rule.microsoft.question
    ]
    return sorted(asking, key=_specific)


def _specific(match: Match) -> tuple[bool, bool, bool, int]:
    """The telling ones first, then those that only Microsoft can answer, that name a layer, that are founded better."""
    return (
        match.rule.residual,
        match.rule.answerable_by is not Answerable.MICROSOFT,
        match.rule.layer.startswith(UNKNOWN_LAYER),
        -RANK[match.confidence[0]],
    )


def _outcome(computed: Sequence[GateResult]) -> Who:
    if any(gate.state == "fail" for gate in computed):
        return "customer"
    doubtful = [gate.id for gate in computed if gate.state == "unknown"]
    if any(name in MUST_BE_KNOWN for name in doubtful) or len(doubtful) > 1:
        return "undetermined"
    return "microsoft"


def _tie(drivers: Sequence[Match], open_ones: Sequence[tuple[Match, tuple[GateResult, ...]]]) -> bool:
    """A false friend, or what other workers show, does not tell why one worker of several is sick: that stays open."""
    return any(
        _outcome(computed) == "undetermined"
        and any(gate.id == "G1" and gate.state == "pass" and not gate.inferred for gate in computed)
        and not any(driver.rule.role is Role.INDICATOR and concerns(driver, match) for driver in drivers)
        for match, computed in open_ones
    )


def _strength(match: Match) -> tuple[bool, int, bool, bool, int]:
    confidence, _ = match.confidence
    is_indicator = match.rule.role is Role.INDICATOR
    return not match.rule.residual, RANK[confidence], match.measured, is_indicator, match.kinds


def _microsoft(passing: Sequence[tuple[Match, tuple[GateResult, ...]]]) -> Decision:
    match, computed = passing[0]
    weak = [gate for gate in computed if gate.inferred or gate.state == "unknown"]
    confidence, reason = match.confidence
    real = [gate for gate in weak if gate.id != "G4"]
    if confidence is Confidence.HIGH and (real or match.kinds < 2):
        confidence, reason = Confidence.MEDIUM, f"{real[0].id} passes by inference" if real else "one kind of source"
    control = [gate.sentence for gate in computed if gate.id == "G5" and gate.state == "pass"]
    told = list(dict.fromkeys([f"{match.title}.", *match.sentences[:4], *control]))
    why = f"{' '.join(told)} Confidence {confidence.value}: {reason}."
    drivers = tuple(other for other, _ in passing[:MAX_ASKING])
    return Decision("microsoft", match.layer, confidence, why, computed, drivers)


def _customer(drivers: Sequence[Match], answered: Sequence[Match], computed: tuple[GateResult, ...]) -> Decision:
    best = drivers[0]
    confidence, reason = best.confidence
    told = [f"{match.title}. {' '.join(match.sentences[:4])}".strip() for match in drivers[:2]]
    told += [f"That answers {match.rule.id} ({match.title})." for match in answered[:1]]
    why = f"{' '.join(told)} Confidence {confidence.value}: {reason}."
    return Decision("customer", best.layer, confidence, why, computed, tuple(drivers))


def _failed_gate(match: Match, computed: tuple[GateResult, ...], failing: GateResult) -> Decision:
    why = f"{match.title}, but {failing.id} fails: {failing.sentence}"
    return Decision("customer", match.layer, Confidence.LOW, why, computed, (match,))


def _undetermined(
    open_ones: Sequence[tuple[Match, tuple[GateResult, ...]]], matches: Sequence[Match], index: Index
) -> Decision:
    waiting = [match for match in matches if match.active and match.unconfirmed is not None]
    if open_ones:
        match, computed = open_ones[0]
        doubts = [gate for gate in computed if gate.state == "unknown"]
        told = match.unconfirmed or " ".join(gate.sentence for gate in doubts[:2])
        others = [other for other in waiting if other is not match]
        return Decision(
            "undetermined", "unknown", Confidence.LOW, f"{match.title}. Not settled: {told}", computed, (match, *others)
        )
    computed = gates(None, matches, index)
    if waiting:
        why = f"{waiting[0].title}. Not settled: {waiting[0].unconfirmed}"
        return Decision("undetermined", "unknown", Confidence.LOW, why, computed, tuple(waiting))
    why = "Nothing in the evidence that was collected decides what caused the incident."
    return Decision("undetermined", "unknown", Confidence.LOW, why, computed, ())
