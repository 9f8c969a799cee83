"""The share of a process's processor time that is spent inside the system, interval by interval."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, cores = number(args, "min_share", 0.6), number(args, "min_cores", 0.3)
    intervals = int(number(args, "min_intervals", 3))
    series: dict[tuple[str | None, int | None], list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.KUDU_PROCESS):
        if place.ts is not None and inside(index.window, place):
            series[place.instance, place.pid].append(place)
    tested = False
    for (worker, pid), found in series.items():
        found.sort(key=lambda place: place.ts or OLDEST)
        shares = [_share(one, two, cores) for one, two in pairwise(found)]
        tested |= len(shares) >= intervals
        high = [share for share in shares if share is not None and share > least]
        if len(high) >= intervals:
            said = (
                f"Process {pid} spends {100 * min(high):.0f} to {100 * max(high):.0f} % of its time inside the system."
            )
            named = {"worker": worker} if worker else {}
            return holds(said, found[0], found[-1], pid=str(pid), share=f"{100 * max(high):.0f} %", **named)
    if not tested:
        return unknown(f"No process was sampled {intervals + 1} times.")
    return fails("No process spends most of its processor time inside the system.")


def _share(one: Place, two: Place, cores: float) -> float | None:
    """None where the process was too idle to tell."""
    inner = _delta(one, two, "privileged_cpu_time", "privilegedCpuTime", "kernelTime")
    whole = _delta(one, two, "total_cpu_time", "totalCpuTime")
    seconds = (two.ts - one.ts).total_seconds() if one.ts and two.ts else 0.0
    if inner is None or whole is None or seconds <= 0 or whole <= cores * seconds:
        return None
    return inner / whole


def _delta(one: Place, two: Place, *names: str) -> float | None:
    first, last = amount(one, *names), amount(two, *names)
    return None if first is None or last is None else last - first


CORRELATOR = Correlator("kernel_share", frozenset({"min_share", "min_intervals", "min_cores"}), _evaluate)
