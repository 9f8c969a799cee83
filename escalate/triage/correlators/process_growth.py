"""A number of a Windows process (handles, non-paged memory) rises in every sample."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    name, samples = text(args, "field", "handle_count"), int(number(args, "min_samples", 5))
    gain, least = number(args, "min_growth", 0), number(args, "min_last", 0)
    series: dict[tuple[str | None, int | None], list[tuple[Place, float]]] = defaultdict(list)
    for place in index.facts.of(Kind.KUDU_PROCESS):
        value = amount(place, name)
        if value is not None and place.ts is not None and inside(index.window, place):
            series[place.instance, place.pid].append((place, value))
    long = {key: sorted(found, key=_when) for key, found in series.items() if len(found) >= samples}
    if not long:
        return unknown(f"Fewer than {samples} samples of {name} of any process were taken.")
    for (worker, pid), found in long.items():
        values = [value for _, value in found]
        rises = all(later >= earlier for earlier, later in pairwise(values))
        if rises and values[-1] - values[0] >= gain and values[-1] >= least and values[-1] > values[0]:
            grown = _said(name, values[-1] - values[0])
            named = {"worker": worker} if worker else {}
            said = f"{name} of process {pid} rose in every one of {len(found)} samples, by {grown}."
            last = _said(name, values[-1])
            return holds(said, found[0][0], found[-1][0], pid=str(pid), growth=grown, last=last, **named)
    first = next(iter(long.values()))
    return fails(f"{name} of no process rises steadily.", first[-1][0])


def _when(item: tuple[Place, float]) -> float:
    return (item[0].ts or OLDEST).timestamp()


def _said(name: str, value: float) -> str:
    return f"{value / 2**20:.0f} MiB" if name.endswith("memory") else f"{value:.0f}"


CORRELATOR = Correlator("process_growth", frozenset({"field", "min_samples", "min_growth", "min_last"}), _evaluate)
