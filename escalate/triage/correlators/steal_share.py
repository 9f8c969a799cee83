"""Processor time that the hypervisor gave to others: the steal column of /proc/stat between samples."""

from __future__ import annotations

from itertools import pairwise

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, intervals = number(args, "min_share", 0.10), int(number(args, "min_intervals", 3))
    samples = [place for place in index.facts.named(Kind.PROC_STAT, "cpu") if inside(index.window, place) and place.ts]
    samples.sort(key=lambda place: place.ts.timestamp() if place.ts else 0.0)
    shares = []
    for earlier, later in pairwise(samples):
        if earlier.instance != later.instance:
            continue
        spent = [(amount(later, name) or 0) - (amount(earlier, name) or 0) for name in COLUMNS]
        if sum(spent) > 0:
            shares.append((later, spent[-1] / sum(spent)))
    if len(shares) < intervals:
        return unknown(f"Fewer than {intervals + 1} samples of /proc/stat were taken.")
    high = [item for item in shares if item[1] >= least]
    top = max(shares, key=lambda item: item[1])
    if len(high) < intervals:
        return fails(f"Steal time stays at or below {100 * top[1]:.1f} % between most samples.", top[0])
    return holds(
        f"Steal time of {100 * min(s for _, s in high):.0f} to {100 * top[1]:.0f} % in {len(high)} intervals.",
        *(place for place, _ in high[:3]),
        steal=f"{100 * top[1]:.0f} %",
    )


CORRELATOR = Correlator("steal_share", frozenset({"min_share", "min_intervals"}), _evaluate)
