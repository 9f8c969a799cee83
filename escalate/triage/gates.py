"""Gates G1 to G7: the conditions for a question to Microsoft, each computed from evidence and said in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from escalate.model.finding import Gate
from escalate.model.kind import Kind
from escalate.model.rule import Answerable, CorrelatorCall, Role
from escalate.model.timeline import Coverage
from escalate.triage.evaluate import Match, call
from escalate.triage.index import Index
from escalate.triage.known import known_values
from escalate.triage.place import WINDOW_MARGIN, Hit
from escalate.triage.result import Cite, Result, State
from escalate.triage.template import fill

GateId = Literal["G1", "G2", "G3", "G4", "G5", "G6", "G7"]

TITLES: Mapping[GateId, str] = MappingProxyType(
    {
        "G1": "The effect is tied to a worker, stamp or volume",
        "G2": "No customer action explains it",
        "G3": "Own resources do not explain it",
        "G4": "No known defect of runtime or library explains it",
        "G5": "A control exists",
        "G6": "The evidence is complete",
        "G7": "The missing fact is held by the host only",
    }
)

ONE_INSTANCE = CorrelatorCall(correlator="one_instance_only")
CUSTOMER_ACTION = CorrelatorCall(correlator="customer_action_near")
MEMORY = CorrelatorCall(correlator="memory_pressure_at")
LIMITS = CorrelatorCall(correlator="near_limit")
RESTARTED = CorrelatorCall(correlator="survives_restart")

SHARED_LOGS = (Kind.EVENT_LOG, Kind.W3C_LOG)
"""Logs of Windows plans into which all workers of an app write."""

SHARED_LAYERS = ("platform_storage", "platform_network")
"""Layers in which one fault may reach every instance of an app."""


@dataclass(frozen=True)
class GateResult:
    """One gate; `inferred` marks a pass that no measurement stands behind."""

    id: GateId
    state: Literal["pass", "fail", "unknown"]
    sentence: str
    cites: tuple[Cite, ...] = ()
    inferred: bool = False

    def model(self, evidence: Sequence[str]) -> Gate:
        """The gate as documents hold it."""
        return Gate.model_validate(
            {
                "id": self.id,
                "title": TITLES[self.id],
                "state": self.state,
                "sentence": self.sentence,
                "evidence": tuple(evidence),
            }
        )


def gates(candidate: Match | None, matches: Sequence[Match], index: Index) -> tuple[GateResult, ...]:
    """All seven for one candidate; without one, for the incident as a whole."""
    own: dict[GateId, GateResult] = {}
    if candidate is not None:
        for name, request in candidate.rule.gates.items():
            own[name] = _of(name, call(request, candidate.hits[0], index), when_holds="pass")
    return tuple(
        own[name] if name in own else compute(candidate, matches, index) for name, compute in _COMPUTED.items()
    )


def _of(name: GateId, result: Result, *, when_holds: Literal["pass", "fail"], inferred: bool = False) -> GateResult:
    if result.state is State.UNKNOWN:
        return GateResult(name, "unknown", result.sentence, result.cites)
    other: Literal["pass", "fail"] = "fail" if when_holds == "pass" else "pass"
    return GateResult(
        name, when_holds if result.state is State.HOLDS else other, result.sentence, result.cites, inferred
    )


def _scope(candidate: Match | None, _matches: Sequence[Match], index: Index) -> GateResult:
    compared = call(ONE_INSTANCE, None, index)
    if compared.state is State.HOLDS:
        return _of("G1", compared, when_holds="pass")
    known = index.instances()
    bad = {name for name in (candidate.instances if candidate else ()) if name in known}
    failing = [name for name in index.http.instances if index.http.of_instance(name)[1]]
    if len(known) > 1 and compared.state is State.FAILS and (len(failing) > 1 or len(bad) > 1):
        if candidate is not None and candidate.rule.layer.startswith(SHARED_LAYERS):
            return GateResult("G1", "pass", "Several workers are affected and share the volume.", inferred=True)
        return GateResult("G1", "fail", compared.sentence, compared.cites)
    if len(known) == 1:
        return GateResult(
            "G1", "pass", f"The evidence knows one worker, {known[0]}; there is no other to compare.", inferred=True
        )
    if len(bad) == 1:
        return GateResult(
            "G1", "pass", f"All matches are on {next(iter(bad))}, one of {len(known)} workers.", inferred=True
        )
    return GateResult("G1", "unknown", "Which workers are affected and which are not is not in the evidence.")


def _customer_action(candidate: Match | None, _matches: Sequence[Match], index: Index) -> GateResult:
    asked = [call(CUSTOMER_ACTION, None, index)]
    timed = [hit for hit in candidate.hits if hit.place.ts is not None] if candidate else []
    if timed:
        asked.append(call(CUSTOMER_ACTION, timed[0], index))
    for state in (State.HOLDS, State.FAILS):
        for result in asked:
            if result.state is state:
                return _of("G2", result, when_holds="fail")
    return _of("G2", asked[0], when_holds="fail")


def _own_resources(candidate: Match | None, matches: Sequence[Match], index: Index) -> GateResult:
    drivers = [match for match in matches if match is not candidate and match.drives and concerns(match, candidate)]
    if candidate is not None:
        drivers = [match for match in drivers if not match.rule.residual]
    for match in drivers:
        decisive = candidate is None or (match.measured and match.rule.role is Role.INDICATOR)
        if decisive:
            return GateResult("G3", "fail", f"{match.rule.id} explains it: {match.title}.", match.cites[:3])
    memory, limits = call(MEMORY, None, index), call(LIMITS, None, index)
    for result in (memory, limits):
        if result.state is State.HOLDS:
            return _of("G3", result, when_holds="fail")
    text_only = next((match for match in drivers if match.rule.role is Role.INDICATOR), None)
    if text_only is not None:
        return GateResult(
            "G3", "unknown", f"{text_only.rule.id} may explain it: {text_only.title}.", text_only.cites[:3]
        )
    tested = [result for result in (memory, limits) if result.state is State.FAILS]
    if tested:
        cites = tuple(cite for result in tested for cite in result.cites[:3])
        return GateResult("G3", "pass", " ".join(result.sentence for result in tested), cites)
    return GateResult("G3", "unknown", f"{memory.sentence} {limits.sentence}")


def concerns(match: Match, candidate: Match | None) -> bool:
    """What is seen on other workers only does not explain a fault of this one."""
    if candidate is None or not match.instances or not candidate.instances:
        return True
    return bool(set(match.instances) & set(candidate.instances))


def _known_bug(candidate: Match | None, matches: Sequence[Match], _index: Index) -> GateResult:
    for match in matches:
        if match.rule.known_bug and match.active and match is not candidate:
            return GateResult("G4", "fail", f"{match.rule.id} is a known defect: {match.title}.", match.cites[:3])
    return GateResult("G4", "pass", "No entry of the known-defect rules matches the evidence.", inferred=True)


def _control(candidate: Match | None, _matches: Sequence[Match], index: Index) -> GateResult:
    compared = call(ONE_INSTANCE, None, index)
    if compared.state is State.HOLDS and candidate is not None and _may_be_the_process(candidate):
        return _follows_worker(compared, index)
    if compared.state is State.HOLDS:
        return GateResult("G5", "pass", f"The other workers are the control: {compared.sentence}", compared.cites)
    return GateResult(
        "G5",
        "unknown",
        "No control run is in the evidence: another worker, another plan, a restart, or the same test elsewhere.",
    )


def _may_be_the_process(candidate: Match) -> bool:
    return candidate.rule.answerable_by is Answerable.CUSTOMER_FIRST


def _follows_worker(compared: Result, index: Index) -> GateResult:
    """Other workers show that one is sick, a restart whether it is the worker or the process that runs there."""
    restarted = call(RESTARTED, Hit(compared.cites[0].place) if compared.cites else None, index)
    result = _of("G5", restarted, when_holds="pass")
    if result.state == "unknown":
        return replace(result, sentence=f"{compared.sentence} {restarted.sentence}")
    return replace(
        result, sentence=f"{compared.sentence} {restarted.sentence}", cites=(*compared.cites, *restarted.cites)
    )


def _complete(candidate: Match | None, _matches: Sequence[Match], index: Index) -> GateResult:
    window = index.window
    if window is None:
        return GateResult("G6", "unknown", "The incident window was not given.")
    wide = window.widened(WINDOW_MARGIN)
    inside = [row for row in index.logs if row.first_utc <= wide.end and row.last_utc >= wide.start]
    if not inside:
        return GateResult("G6", "unknown", "No log that was collected has a record inside the incident window.")
    bad = set(candidate.instances) if candidate else set()
    shared = any(_kind(index, row) in SHARED_LOGS for row in inside)
    shared = shared or len(index.instances()) == 1
    if bad and not shared and not bad & index.witnessed():
        return GateResult("G6", "unknown", f"No log of the affected worker {', '.join(sorted(bad))} was collected.")
    of_region = candidate is not None and candidate.of_region
    if not bad and not of_region and len(index.instances()) > 1:
        return GateResult("G6", "unknown", "Which worker the matches are from is not in the evidence.")
    return GateResult(
        "G6",
        "pass",
        f"{len(inside)} log{' has' if len(inside) == 1 else 's have'} records inside the incident window, in UTC.",
    )


def _kind(index: Index, row: Coverage) -> Kind | None:
    return next((artifact.kind for artifact in index.artifacts if artifact.id == row.artifact), None)


def _host_only(candidate: Match | None, matches: Sequence[Match], index: Index) -> GateResult:
    if candidate is not None and candidate.rule.microsoft.host_only_artifact:
        wanted = fill(candidate.rule.microsoft.host_only_artifact, known_values(index, candidate))
        return GateResult("G7", "pass", f"Wanted: {wanted}; an App Service customer cannot read it.")
    if any(match.drives for match in matches):
        return GateResult("G7", "fail", "Everything that decides is in the customer's reach.")
    return GateResult("G7", "unknown", "No signature points at a fact that is out of the customer's reach.")


_COMPUTED: Mapping[GateId, Callable[[Match | None, Sequence[Match], Index], GateResult]] = MappingProxyType(
    {
        "G1": _scope,
        "G2": _customer_action,
        "G3": _own_resources,
        "G4": _known_bug,
        "G5": _control,
        "G6": _complete,
        "G7": _host_only,
    }
)
