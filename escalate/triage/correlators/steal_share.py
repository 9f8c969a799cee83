"""Processor time that the hypervisor gave to others: the steal column of /proc/stat between samples of one worker."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")

Share = tuple[Place, Place, float]
"""Earlier sample, later sample, share of the time between them that was stolen."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, intervals = number(args, "min_share", 0.10), int(number(args, "min_intervals", 3))
    shares = {worker: found for worker, found in _shares(index).items() if len(found) >= intervals}
    if not shares:
        return unknown(f"Fewer than {intervals + 1} samples of /proc/stat of one worker were taken.")
    worker = max(shares, key=lambda name: sum(share >= least for _, _, share in shares[name]))
    high = [item for item in shares[worker] if item[2] >= least]
    top = max(shares[worker], key=lambda item: item[2])
    if len(high) < intervals:
        return fails(f"Steal time stays at or below {100 * top[2]:.1f} % between most samples.", top[1])
    others = {name: max(share for _, _, share in found) for name, found in shares.items() if name != worker}
    if args.get("need_other") is True and not others:
        return unknown("Samples of /proc/stat of another worker, which would be the control, were not taken.")
    named = f" on {worker}" if worker else ""
    said = (
        f"Steal time of {100 * min(s for _, _, s in high):.0f} to {100 * top[2]:.0f} % in {len(high)} intervals{named}"
    )
    said += "".join(f"; {name or 'elsewhere'} at most {100 * most:.0f} %" for name, most in others.items())
    shown = {place.key: place for earlier, later, _ in high for place in (earlier, later)}
    return holds(
        f"{said}.",
        *list(shown.values())[:5],
        steal=f"{100 * top[2]:.0f} %",
        **({"worker": worker} if worker else {}),
    )


def _shares(index: Index) -> dict[str | None, list[Share]]:
    samples: dict[str | None, list[Place]] = defaultdict(list)
    for place in index.facts.named(Kind.PROC_STAT, "cpu"):
        if inside(index.window, place) and place.ts:
            samples[place.instance].append(place)
    found: dict[str | None, list[Share]] = {}
    for worker, taken in samples.items():
        taken.sort(key=lambda place: place.ts or OLDEST)
        for earlier, later in pairwise(taken):
            spent = [(amount(later, name) or 0) - (amount(earlier, name) or 0) for name in COLUMNS]
            if sum(spent) > 0:
                found.setdefault(worker, []).append((earlier, later, spent[-1] / sum(spent)))
    return found


CORRELATOR = Correlator("steal_share", frozenset({"min_share", "min_intervals", "need_other"}), _evaluate)
