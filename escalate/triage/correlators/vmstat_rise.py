"""Direct reclaim or swapping between two samples of /proc/vmstat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

NAMES = ("allocstall_movable", "pgscan_direct", "pswpout")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least = number(args, "min", 1000)
    told: list[str] = []
    cited = []
    sampled = False
    for name, found in _by_worker(index):
        if len(found) < 2:
            continue
        sampled = True
        found.sort(key=lambda place: place.ts or OLDEST)
        first, last = amount(found[0], "value") or 0, amount(found[-1], "value") or 0
        if last - first >= least:
            told.append(f"{name} {first:.0f} to {last:.0f}")
            cited += [found[0], found[-1]]
    if not sampled:
        return unknown("Fewer than two samples of /proc/vmstat were taken.")
    if not told:
        return fails("Counters of direct reclaim and swapping hardly moved between the samples.")
    return holds(f"Direct reclaim or swapping between the samples: {', '.join(told)}.", *cited[:4])


def _by_worker(index: Index) -> Iterator[tuple[str, list[Place]]]:
    """Samples of each counter, of each worker for itself: those of two workers have nothing to do with each other."""
    for name in NAMES:
        samples: dict[str | None, list[Place]] = defaultdict(list)
        for place in index.facts.named(Kind.PROC_VMSTAT, name):
            if place.ts is not None:
                samples[place.instance].append(place)
        yield from ((name, found) for found in samples.values())


CORRELATOR = Correlator("vmstat_rise", frozenset({"min"}), _evaluate)
