"""A process whose thread is ready to run gets little processor for the time that goes by."""

from __future__ import annotations

from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.correlators.heaviest_app import METRIC
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    most, span, ready = number(args, "max_share", 0.2), number(args, "min_s", 300), int(number(args, "min_ready", 3))
    series: dict[tuple[str | None, int | None], list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.KUDU_PROCESS):
        timed = place.ts is not None and amount(place, "total_cpu_time", "totalCpuTime") is not None
        if timed and inside(index.window, place):
            series[place.instance, place.pid].append(place)
    waiting = _ready(index)
    tested = False
    for (worker, pid), found in series.items():
        found.sort(key=lambda place: place.ts or OLDEST)
        first, last = found[0], found[-1]
        wall = (last.ts - first.ts).total_seconds() if first.ts and last.ts else 0.0
        if wall < span or len(found) < 3:
            continue
        tested = True
        cpu = (amount(last, "total_cpu_time", "totalCpuTime") or 0.0) - (
            amount(first, "total_cpu_time", "totalCpuTime") or 0.0
        )
        threads = waiting.get(pid, [])
        if cpu > most * wall or len(threads) < ready:
            continue
        plan = _plan(index, worker)
        said = f"Process {pid} has a ready thread in {len(threads)} samples"
        said += f" and gets {cpu:.1f} s of processor in {wall:.0f} s"
        said += f"; the plan shows at most {amount(plan, 'value') or 0:.0f} %" if plan else ""
        values = {"plan": f"{amount(plan, 'value') or 0:.0f}"} if plan else {}
        values |= {"worker": worker} if worker else {}
        return holds(
            f"{said}.",
            *found[:5],
            *([plan] if plan else []),
            *threads[:2],
            pid=str(pid),
            cpu=f"{cpu:.1f}",
            wall=f"{wall:.0f}",
            share=f"{100 * cpu / wall:.1f} %",
            **values,
        )
    if not tested:
        return unknown("No process was sampled three times over the time that is needed.")
    return fails("No process waits for a processor: it works, or its threads wait for something else.")


def _ready(index: Index) -> dict[int | None, list[Place]]:
    """Samples of threads in state Ready, by process."""
    found: dict[int | None, list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.KUDU_THREAD):
        if str(place.fields.get("state", "")).lower() == "ready" and inside(index.window, place):
            found[place.pid].append(place)
    return found


def _plan(index: Index, worker: str | None) -> Place | None:
    rows = [
        place
        for place in index.facts.of(Kind.METRICS)
        if str(place.fields.get("metric", "")).lower() == METRIC["cpu"]
        and inside(index.window, place)
        and place.instance in (None, worker)
    ]
    return max(rows, key=lambda place: amount(place, "value") or 0.0, default=None)


CORRELATOR = Correlator("cpu_vs_wall", frozenset({"max_share", "min_s", "min_ready"}), _evaluate)
