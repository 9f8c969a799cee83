"""A worker's memory or processor is nearly used up, and the processes of all apps of the plan do not explain it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from escalate.model.kind import Kind
from escalate.triage.correlators.heaviest_app import METRIC, Use, capacity, own_site, uses
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

MIN_ROWS = 3
"""Samples of the metric that must be high: one is a peak."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    resource, share = text(args, "resource", "memory"), number(args, "max_share", 0.6)
    level, by_pressure = number(args, "min_level", 90), text(args, "source") == "pressure"
    rows = _stalls(index, level) if by_pressure else _high(index, METRIC[resource], level)
    if not rows:
        return unknown(f"No high value of the worker's {resource} was collected.")
    worker = rows[0].instance
    used = (
        {**_resident(index, worker), **uses(index, resource, worker)}
        if resource == "memory"
        else uses(index, resource, worker)
    )
    whole = _total(index, worker) if resource == "memory" else None
    whole = whole or capacity(index.incident.target.sku or "", resource)
    if not used or whole is None:
        return unknown(f"The {resource} of the processes of the apps on {worker or 'the worker'} was not collected.")
    absent = _absent(index, used)
    if absent:
        return unknown(f"The {resource} of {', '.join(absent)} on the same worker was not collected.")
    total = sum(use.value for use in used.values())
    top = max(rows, key=_level)
    samples = [use.place for use in sorted(used.values(), key=lambda use: -use.value)]
    said = f"all {len(used)} listed app(s) together use {_said(resource, total)} of {_said(resource, whole)}"
    if total > share * whole:
        return fails(f"The {resource} of the worker is at {_level(top):.0f}; {said}.", top, *samples[:2])
    values = {"level": f"{_level(top):.0f}", "used": _said(resource, total), "whole": _said(resource, whole)}
    values |= {"worker": worker} if worker else {}
    return holds(
        f"{resource} of {worker or 'the worker'} is at {_level(rows[0]):.0f} to {_level(top):.0f}; {said}.",
        rows[0],
        top,
        *_first_samples(index, worker)[:3],
        *samples[:3],
        **values,
    )


def _level(place: Place) -> float:
    return amount(place, "value", "avg10") or 0.0


def _high(index: Index, metric: str, level: float) -> list[Place]:
    """High values inside the window, of the worker that has most of them."""
    by_worker: dict[str | None, list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.METRICS):
        named = str(place.fields.get("metric", "")).lower() == metric
        if (
            named
            and place.fields.get("aggregation") == "average"
            and inside(index.window, place)
            and _level(place) >= level
        ):
            by_worker[place.instance].append(place)
    found = max(by_worker.values(), key=len, default=[])
    return sorted(found, key=lambda place: place.ts or OLDEST) if len(found) >= MIN_ROWS else []


def _stalls(index: Index, level: float) -> list[Place]:
    return [
        place
        for place in index.facts.of(Kind.PROC_PRESSURE)
        if place.fields.get("resource") == "memory"
        and place.fields.get("share") == "some"
        and inside(index.window, place)
        and _level(place) >= level
    ]


def _resident(index: Index, worker: str | None) -> Mapping[str, Use]:
    """Resident memory by app, the sum of its processes in its fullest snapshot."""
    sums: dict[tuple[str, object], list[tuple[Place, float]]] = defaultdict(list)
    own = own_site(index) or "the app"
    for place in index.facts.named(Kind.PROC_STATUS, "VmRSS"):
        value = amount(place, "value")
        if value is not None and inside(index.window, place) and (worker is None or place.instance in (None, worker)):
            sums[place.site or own, place.ts].append((place, value))
    found: dict[str, Use] = {}
    for (site, _), taken in sums.items():
        total = sum(value for _, value in taken)
        if site not in found or total > found[site].value:
            found[site] = Use(site, total, max(taken, key=lambda item: item[1])[0])
    return found


def _total(index: Index, worker: str | None) -> float | None:
    for place in index.facts.named(Kind.PROC_MEMINFO, "MemTotal"):
        if worker is None or place.instance in (None, worker):
            return amount(place, "value")
    return None


def _absent(index: Index, used: Mapping[str, Use]) -> list[str]:
    counted = {site.lower() for site in used}
    if not index.incident.target.sibling_apps and len(used) < 2:
        return ["other apps of the plan (none is named in the incident)"]
    return [name for name in index.incident.target.sibling_apps if name.lower() not in counted]


def _first_samples(index: Index, worker: str | None) -> list[Place]:
    """The first sample of each process, so that a difference can be checked."""
    firsts: dict[tuple[str | None, int | None], Place] = {}
    for place in sorted(index.facts.of(Kind.KUDU_PROCESS), key=lambda item: item.ts or OLDEST):
        if inside(index.window, place) and place.instance in (None, worker):
            firsts.setdefault((place.site, place.pid), place)
    return list(firsts.values())


def _said(resource: str, value: float) -> str:
    return f"{value / 2**20:.0f} MB" if resource == "memory" else f"{value:.2f} processors"


CORRELATOR = Correlator(
    "sum_of_processes_vs_metric", frozenset({"resource", "source", "min_level", "max_share"}), _evaluate
)
