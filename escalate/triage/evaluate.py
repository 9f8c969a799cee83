"""Turns the matches of the pass into judged matches: joined, refuted, demoted, with a confidence and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from escalate.model.finding import Polarity
from escalate.model.kind import Kind
from escalate.model.rule import Answerable, Confidence, CorrelatorCall, Role, Rule
from escalate.triage.correlators import correlators
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Cite, Result, State
from escalate.triage.template import with_remark

CITED_HITS = 5
"""Matches of one rule that are cited; the count of all stands beside them."""

OUTSIDE = CorrelatorCall(correlator="outside_window")
"""Asked of every text match: what happened at another time does not count."""


@dataclass(frozen=True)
class Match:
    """One rule that matched, judged."""

    rule: Rule
    hits: tuple[Hit, ...]
    count: int
    cites: tuple[Cite, ...]
    sentences: tuple[str, ...] = ()
    """What the joins said, in full sentences."""
    unconfirmed: str | None = None
    """Why a join that the rule needs could not be tested."""
    refuted: str | None = None
    demoted_because: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    instances: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    measured: bool = False
    """A join or measurement, not a text alone, stands behind it."""

    @property
    def active(self) -> bool:
        """Whether it may take part in the verdict."""
        return self.demoted_because is None and self.refuted is None

    @property
    def drives(self) -> bool:
        """Whether it explains the incident on the customer's side."""
        return (
            self.active
            and self.unconfirmed is None
            and self.rule.role in (Role.INDICATOR, Role.FALSE_FRIEND)
            and self.rule.answerable_by is Answerable.CUSTOMER
        )

    @property
    def title(self) -> str:
        """The rule's title with what was measured."""
        return with_remark(self.rule.title, self.values)

    @property
    def layer(self) -> str:
        """The rule's layer; its remark in brackets only when its values are known."""
        return with_remark(self.rule.layer, self.values)

    @property
    def kinds(self) -> int:
        """How many kinds of source it rests on."""
        return len({cite.place.kind for cite in self.cites})

    @property
    def of_region(self) -> bool:
        """Whether the sign is of a whole region, and so of no worker more than of another."""
        return _of_region(self.hits)

    @property
    def confidence(self) -> tuple[Confidence, str]:
        """Ordinal, with the reason; capped for general knowledge, one source kind and contradicting evidence."""
        if self.refuted:
            return Confidence.LOW, f"contradicted: {self.refuted}"
        if self.demoted_because:
            return Confidence.LOW, f"does not count: {self.demoted_because}"
        if self.unconfirmed:
            return Confidence.LOW, f"not confirmed: {self.unconfirmed}"
        if self.rule.provenance.ev == "K":
            return Confidence.LOW, "rests on general knowledge of the platform, not on a documented case"
        if self.measured and self.kinds >= 2:
            return Confidence.HIGH, f"joined from {self.kinds} kinds of source, nothing contradicts it"
        if self.measured:
            return Confidence.MEDIUM, "measured, from one kind of source"
        return (
            Confidence.MEDIUM,
            "rests on a text in the evidence that documented cases have; no measurement stands beside it",
        )


def call(request: CorrelatorCall, hit: Hit | None, index: Index) -> Result:
    """Evaluate one correlator call of a rule."""
    return correlators()[request.correlator].evaluate(hit, request.args, index)


def evaluate(rules: Sequence[Rule], index: Index) -> tuple[Match, ...]:
    """All rules that matched, in rule order."""
    system = (index.incident.target.os or "").partition("-")[0]
    found = (
        _text(rule, index) if rule.match else _condition(rule, index)
        for rule in rules
        if not rule.os or not system or system in rule.os
    )
    return tuple(match for match in found if match is not None)


def _text(rule: Rule, index: Index) -> Match | None:
    matched = index.rule_hits.get(rule.id)
    if matched is None or not matched.count:
        return None
    kept, demoted = _not_demoted(rule, matched.hits, index)
    return _judge(
        rule,
        index,
        hits=tuple(kept) or matched.hits,
        count=matched.count,
        demoted=None if kept else demoted,
        first=matched.first,
        last=matched.last,
        instances=tuple(matched.instances),
    )


def _condition(rule: Rule, index: Index) -> Match | None:
    if rule.condition is None:
        return None
    result = call(rule.condition, None, index)
    if result.state is not State.HOLDS or not result.cites:
        return None
    hits = tuple(Hit(cite.place) for cite in result.cites)
    times = [hit.place.ts for hit in hits if hit.place.ts is not None]
    return _judge(
        rule,
        index,
        hits=hits,
        count=1,
        measurement=result,
        first=min(times, default=None),
        last=max(times, default=None),
        instances=_named(result) or tuple(dict.fromkeys(hit.place.instance for hit in hits if hit.place.instance)),
    )


def _not_demoted(rule: Rule, hits: Sequence[Hit], index: Index) -> tuple[list[Hit], str | None]:
    kept: list[Hit] = []
    because: str | None = None
    for hit in hits:
        reason = next(
            (
                result.sentence
                for request in (*rule.demoted_by, OUTSIDE)
                if (result := call(request, hit, index)).state is State.HOLDS
            ),
            None,
        )
        if reason is None:
            kept.append(hit)
        else:
            because = because or reason
    return kept, because


def _judge(
    rule: Rule,
    index: Index,
    *,
    hits: tuple[Hit, ...],
    count: int,
    first: datetime | None,
    last: datetime | None,
    instances: tuple[str, ...],
    demoted: str | None = None,
    measurement: Result | None = None,
) -> Match:
    joins, unconfirmed, failed = _joins(rule, hits, index, measurement)
    if rule.role is Role.NOISE:
        demoted = demoted or (joins[0][1].sentence if joins and rule.requires else rule.meaning)
    demoted = demoted or failed
    shown = tuple({hit.place.key: hit for hit, _ in joins}.values()) if rule.requires and joins else hits
    refutations = _refutations(rule, shown, index)
    refuting = next((result for result in refutations if result.state is State.HOLDS), None)
    support = [
        result for request in rule.supported_by if (result := call(request, shown[0], index)).state is State.HOLDS
    ]
    results = ([measurement] if measurement else []) + [result for _, result in joins] + support
    tested = [refuting] if refuting else refutations
    return Match(
        rule=rule,
        hits=shown,
        count=count,
        cites=_cites(
            shown if measurement is None else (),
            results,
            tested,
            own=Polarity.SUPPORTS if demoted is None else Polarity.CONTEXT,
            tested_as=Polarity.CONTRADICTS if refuting else None,
        ),
        sentences=_sentences(measurement, [result for _, result in joins][: len(rule.requires)], support, tested),
        unconfirmed=unconfirmed,
        refuted=refuting.sentence if refuting else None,
        demoted_because=demoted,
        values=_values(shown[0], results),
        instances=instances or _instances(shown, results),
        first=first,
        last=last,
        measured=measurement is not None or bool(rule.requires and not unconfirmed),
    )


def _named(measurement: Result) -> tuple[str, ...]:
    """The worker that a measurement itself calls the sick one; it may cite a healthy one beside it."""
    worker = measurement.values.get("worker")
    return (worker,) if worker else ()


def _of_region(hits: Sequence[Hit]) -> bool:
    """Whether the sign is a record of service health, which is of a whole region."""
    return all(hit.place.kind is Kind.SERVICE_HEALTH for hit in hits)


def _instances(hits: Sequence[Hit], results: Sequence[Result]) -> tuple[str, ...]:
    """Workers that the joined records name; none where the sign itself is of a whole region."""
    if _of_region(hits):
        return ()
    return tuple(dict.fromkeys(c.place.instance for r in results for c in r.cites if c.place.instance))


def _sentences(
    measurement: Result | None, joins: Sequence[Result], support: Sequence[Result], tested: Sequence[Result]
) -> tuple[str, ...]:
    """One sentence a join: those of the first match that satisfies all."""
    said = ([measurement] if measurement else []) + [*joins, *tested[:1], *support]
    return tuple(dict.fromkeys(result.sentence for result in said))


def _joins(
    rule: Rule, hits: Sequence[Hit], index: Index, measurement: Result | None
) -> tuple[list[tuple[Hit, Result]], str | None, str | None]:
    """(join results of the matches that satisfy all, why untested, why not)."""
    joins: list[tuple[Hit, Result]] = []
    unknown: str | None = None
    failed: str | None = None
    candidates = hits[:1] if measurement else hits
    for hit in candidates:
        results = [call(request, hit, index) for request in rule.requires]
        if all(result.state is State.HOLDS for result in results):
            joins += [(hit, result) for result in results]
            continue
        for result in results:
            if result.state is State.UNKNOWN:
                unknown = unknown or result.sentence
            elif result.state is State.FAILS:
                failed = failed or result.sentence
    if joins or not rule.requires:
        return joins, None, None
    return joins, unknown, None if unknown else failed


def _refutations(rule: Rule, hits: Sequence[Hit], index: Index) -> list[Result]:
    """The answers to `refuted_by` that rest on evidence; one that holds comes first."""
    found = [
        result
        for request in rule.refuted_by
        for hit in hits
        if (result := call(request, hit, index)).state is not State.UNKNOWN
    ]
    return sorted(found, key=lambda result: result.state is not State.HOLDS)


def _cites(
    hits: Sequence[Hit], results: Sequence[Result], tested: Sequence[Result], own: Polarity, tested_as: Polarity | None
) -> tuple[Cite, ...]:
    """Places of a match; a refutation that was tested and does not hold speaks for it, not against."""
    picked = hits if len(hits) <= CITED_HITS else (*hits[: CITED_HITS - 1], hits[-1])
    cites = [Cite(hit.place, own) for hit in picked]
    for result in results[: CITED_HITS + 3]:
        cites += [Cite(cite.place, cite.polarity or own) for cite in result.cites]
    for result in tested[:CITED_HITS]:
        cites += [Cite(cite.place, tested_as or own) for cite in result.cites]
    unique = {cite.place.key: cite for cite in reversed(cites)}
    return tuple(reversed(unique.values()))


def _values(hit: Hit, results: Sequence[Result]) -> dict[str, str]:
    values: dict[str, str] = {}
    for result in reversed(results):
        values |= result.values
    values |= hit.groups
    if hit.place.pid is not None:
        values.setdefault("pid", str(hit.place.pid))
    return {name: value for name, value in values.items() if value}
