"""A metric of one worker is far above that of the others in the same minutes."""

from __future__ import annotations

from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.correlators.heaviest_app import METRIC
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    resource, ratio = text(args, "resource", "cpu"), number(args, "ratio", 2)
    by_worker: dict[str, list[tuple[float, Place]]] = defaultdict(list)
    for place in index.facts.of(Kind.METRICS):
        value = amount(place, "value")
        if value is None or not place.instance or not inside(index.window, place):
            continue
        named = str(place.fields.get("metric", "")).lower() == METRIC[resource]
        if named and place.fields.get("aggregation") == "average":
            by_worker[place.instance].append((value, place))
    if len(by_worker) < 2:
        return unknown(f"The {resource} of no other worker was collected.")
    means = {name: sum(value for value, _ in found) / len(found) for name, found in by_worker.items()}
    worst = max(means, key=lambda name: means[name])
    rest = max(value for name, value in means.items() if name != worst)
    other = next(name for name, value in means.items() if value == rest and name != worst)
    shown = (by_worker[worst][0][1], by_worker[other][0][1])
    said = f"{resource}: {means[worst]:.0f} % on {worst}, {rest:.0f} % on {other}, on average of the window"
    if means[worst] < ratio * rest:
        return fails(f"{said}: no worker stands out.", *shown)
    return holds(f"{said}.", *shown, worker=worst)


CORRELATOR = Correlator("other_worker_lower", frozenset({"resource", "ratio"}), _evaluate)
