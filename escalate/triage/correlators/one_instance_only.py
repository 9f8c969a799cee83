"""HTTP errors come from one instance while the others, under load, answer well."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

SERVER_ERRORS = frozenset(range(500, 600))
SHOWN = 4


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, ratio, busy = number(args, "min_errors", 5), number(args, "ratio", 5), number(args, "min_requests", 10)
    rates = {name: index.http.of_instance(name) for name in index.http.instances}
    if len(rates) < 2:
        return unknown("HTTP rows name fewer than two instances, so one cannot be compared with another.")
    worst = max(rates, key=lambda name: rates[name][1] / max(1, rates[name][0]))
    total, errors = rates[worst]
    healthy = {name: rate for name, rate in rates.items() if name != worst and rate[0] >= busy}
    rows = _samples(index, worst)
    if errors < least or not healthy:
        return fails(f"No instance stands out: {worst} has {errors} server errors in {total} requests.", *rows)
    rest = max(rate[1] / rate[0] for rate in healthy.values())
    if rest * ratio > errors / total:
        return fails("Server errors come from more than one instance.", *rows)
    others = ", ".join(f"{name} {rate[1]} of {rate[0]}" for name, rate in sorted(healthy.items()))
    return holds(
        f"{errors} of {total} requests failed on {worst}; elsewhere: {others}.", *rows, worker=worst, errors=str(errors)
    )


def _samples(index: Index, instance: str) -> list[Place]:
    """The first row of every failing status, the commonest first: no rare status hides what most requests met."""
    found = [
        (index.http.counts.get(key, 0), rows[0]) for key, rows in index.http.samples.items() if _failing(key, instance)
    ]
    return [place for _, place in sorted(found, key=lambda item: -item[0])[:SHOWN]]


def _failing(key: tuple[str, int], instance: str) -> bool:
    return key[0] == instance and key[1] in SERVER_ERRORS


CORRELATOR = Correlator("one_instance_only", frozenset({"min_errors", "ratio", "min_requests"}), _evaluate)
