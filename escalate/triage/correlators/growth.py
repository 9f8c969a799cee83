"""A value of a process grows from sample to sample (VmRSS, Threads of /proc/PID/status)."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    name = text(args, "name", "VmRSS")
    samples, least, share = number(args, "min_samples", 3), number(args, "min_growth", 0), number(args, "min_pct", 10)
    series: dict[tuple[str, int], list[tuple[Place, float]]] = defaultdict(list)
    for place in index.facts.named(Kind.PROC_STATUS, name):
        value = amount(place, "value")
        if value is not None and place.pid is not None and place.ts is not None:
            series[place.instance or "", place.pid].append((place, value))
    long = {key: sorted(found, key=_when) for key, found in series.items() if len(found) >= samples}
    if not long:
        return unknown(f"Fewer than {samples:.0f} samples of {name} of any process were taken.")
    for (_, pid), found in long.items():
        values = [value for _, value in found]
        rises = all(later >= earlier for earlier, later in pairwise(values))
        gain = values[-1] - values[0]
        if rises and gain > 0 and gain >= least and gain * 100 >= share * values[0]:
            seconds = _when(found[-1]) - _when(found[0])
            said = f"{name} of process {pid} grew in every one of {len(found)} samples, by {_amount(name, gain)}"
            return holds(
                f"{said} in {seconds:.0f} s.", found[0][0], found[-1][0], pid=str(pid), growth=_amount(name, gain)
            )
    return fails(f"No process shows a steady growth of {name} over its samples.")


def _when(item: tuple[Place, float]) -> float:
    return item[0].ts.timestamp() if item[0].ts else 0.0


def _amount(name: str, value: float) -> str:
    return f"{value / (1 << 20):.0f} MiB" if name.startswith("Vm") else f"{value:.0f}"


CORRELATOR = Correlator("growth", frozenset({"name", "min_samples", "min_growth", "min_pct"}), _evaluate)
