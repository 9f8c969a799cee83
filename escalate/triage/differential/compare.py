"""Makes the comparisons: every measure on every pair of sides that both have enough of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from escalate.model.differential import Comparison, DifferentialDocument, Side, Strength
from escalate.model.incident import Window
from escalate.triage.cite import EvidenceBook
from escalate.triage.differential.effect import Effect, of_rates, of_samples, of_shares
from escalate.triage.differential.pooled import pool, share
from escalate.triage.differential.sides import Pair, pairs
from escalate.triage.index import Index
from escalate.triage.log_rates import LogRate
from escalate.triage.phase import Phase
from escalate.triage.place import Place
from escalate.triage.result import Cite
from escalate.triage.samples import ERRORS, Key
from escalate.triage.verdict import Decision

MAX_COMPARISONS = 60
LEAST_SAMPLES = 3
LEAST_TRIALS = 10
LEAST_MINUTES = 2.0
"""Of a phase that a log covers, before a rate is one."""

_ORDER: dict[Strength, int] = {"large": 0, "medium": 1, "small": 2, "none": 3}
_AXES = {"instances": 0, "time": 1, "apps": 2}


@dataclass(frozen=True)
class _Found:
    pair: Pair
    measure: str
    unit: str
    statistic: Literal["median", "share", "rate"]
    sick: Side
    healthy: Side
    effect: Effect
    places: tuple[Place, ...]


def differential(decision: Decision, index: Index, book: EvidenceBook) -> DifferentialDocument:
    """The strongest differences first; at most sixty, and a sentence for every axis that could not be compared."""
    if index.window is None:
        return DifferentialDocument(
            comparisons=(), not_compared=("The incident window was not given, so nothing is set side by side.",)
        )
    every = list(pairs(decision, index))
    found = [one for pair in every for one in _of_pair(pair, index, index.window)]
    found.sort(key=lambda one: (_ORDER[one.effect.strength], _AXES[one.pair.axis], one.measure, one.healthy.name))
    return DifferentialDocument(
        comparisons=tuple(_model(f"D{n}", one, book) for n, one in enumerate(found[:MAX_COMPARISONS], start=1)),
        not_compared=tuple(_not_compared(every, found)),
    )


def _of_pair(pair: Pair, index: Index, window: Window) -> Iterator[_Found]:
    series = index.samples.only_preferred()
    units = {key.measure: key.unit for key in series}
    for measure in sorted(units):
        sick = pool(series, pair.sick, measure, pair.is_sick)
        healthy = pool(series, pair.healthy, measure, pair.is_healthy)
        if sick and healthy and min(sick.count, healthy.count) >= LEAST_SAMPLES:
            effect = of_samples(sick.values, healthy.values)
            above = (effect.delta or 0) >= 0
            places = (sick.highest, healthy.lowest) if above else (sick.lowest, healthy.highest)
            yield _Found(pair, measure, units[measure], "median", sick.side(), healthy.side(), effect, _there(places))
    failed = share(index.samples, pair.sick, ERRORS, pair.is_sick)
    normal = share(index.samples, pair.healthy, ERRORS, pair.is_healthy)
    if failed and normal and min(failed.total, normal.total) >= LEAST_TRIALS:
        effect = of_shares((failed.hits, failed.total), (normal.hits, normal.total))
        rows = (*failed.places[:1], *normal.places[-1:])
        yield _Found(pair, ERRORS, "% of requests", "share", failed.side(), normal.side(), effect, rows)
    yield from _of_logs(pair, index, window)


def _of_logs(pair: Pair, index: Index, window: Window) -> Iterator[_Found]:
    """Lines and errors a minute; of two workers or two phases, for a log covers its own time only."""
    sick = _rated(pair, index, window, sick=True)
    healthy = _rated(pair, index, window, sick=False)
    if not sick or not healthy:
        return
    for measure, errors in (("errors in the app's logs", True), ("lines in the app's logs", False)):
        left, right = _rate(pair.sick, sick, errors), _rate(pair.healthy, healthy, errors)
        places = tuple(rate.phases[phase].cited[-1 if errors else 0] for rate, phase, _ in (sick[0], healthy[0]))
        yield _Found(pair, measure, "a minute", "rate", left, right, of_rates(left.value, right.value), places)


_Rated = tuple[LogRate, Phase, float]


def _rated(pair: Pair, index: Index, window: Window, *, sick: bool) -> list[_Rated]:
    chosen = pair.is_sick if sick else pair.is_healthy
    found = []
    for rate in index.log_rates.rates.values():
        for phase in rate.phases:
            minutes = rate.minutes(phase, window)
            if chosen(Key("", "", rate.site, rate.instance, phase)) and minutes >= LEAST_MINUTES:
                found.append((rate, phase, minutes))
    return sorted(found, key=lambda item: -item[0].phases[item[1]].errors)


def _rate(name: str, rated: Sequence[_Rated], errors: bool) -> Side:
    """Per worker: what two workers write in one minute is two minutes' worth."""
    minutes: dict[str | None, float] = {}
    for rate, _, length in rated:
        minutes[rate.instance] = max(length, minutes.get(rate.instance, 0.0))
    count = sum(rate.phases[phase].errors if errors else rate.phases[phase].records for rate, phase, _ in rated)
    covered = sum(minutes.values())
    return Side(name=name, n=round(covered), value=round(count / covered, 3))


def _there(places: Sequence[Place | None]) -> tuple[Place, ...]:
    return tuple(place for place in places if place is not None)


def _model(name: str, found: _Found, book: EvidenceBook) -> Comparison:
    return Comparison(
        id=name,
        axis=found.pair.axis,
        measure=found.measure,
        unit=found.unit,
        statistic=found.statistic,
        sick=found.sick,
        healthy=found.healthy,
        ratio=found.effect.ratio,
        standardized_difference=found.effect.standardized,
        cliffs_delta=found.effect.delta,
        strength=found.effect.strength,
        sentence=_sentence(found),
        evidence=book.cite_all(Cite(place) for place in found.places),
    )


def _sentence(found: _Found) -> str:
    left, right = found.sick, found.healthy
    counted = {"median": "values", "share": "requests", "rate": "min"}[found.statistic]
    said = f"{found.measure}: {left.name} {_amount(left.value, found.unit)} ({left.n} {counted}), "
    said += f"{right.name} {_amount(right.value, found.unit)} ({right.n} {counted})"
    if found.effect.ratio is not None:
        said += f"; {found.effect.ratio:g} times"
    if found.effect.delta is not None:
        said += f", Cliff's delta {found.effect.delta:+.2f}"
    elif found.effect.standardized is not None:
        said += f", Cohen's h {found.effect.standardized:+.2f}"
    return f"{said}: {_DIFFERENCE[found.effect.strength]}."


_DIFFERENCE: dict[Strength, str] = {
    "large": "a large difference",
    "medium": "a medium difference",
    "small": "a small difference",
    "none": "no difference",
}


def _amount(value: float, unit: str) -> str:
    if unit.lower() == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.6g} {unit}".strip()


def _not_compared(every: Sequence[Pair], found: Sequence[_Found]) -> Iterator[str]:
    done = {(one.pair.axis, one.pair.healthy) for one in found}
    if not any(pair.axis == "instances" for pair in every):
        yield "Which worker is sick and which is not is not in the evidence, so workers are not compared."
    if not any(pair.axis == "apps" for pair in every):
        yield "The app is not named, or nothing was measured of other apps of its plan, so apps are not compared."
    for pair in every:
        if (pair.axis, pair.healthy) not in done:
            yield f"Nothing was measured often enough on both sides: {pair.sick} against {pair.healthy}."
