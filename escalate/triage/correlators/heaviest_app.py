"""One app of a plan uses most of the memory or processor of a worker that is nearly used up."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escalate.model.kind import Kind
from escalate.triage.facts import amount, as_number
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

METRIC: Mapping[str, str] = MappingProxyType({"memory": "memorypercentage", "cpu": "cpupercentage"})
_SIZES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = MappingProxyType(
    {
        "b": ((1, 2, 4), (1.75, 3.5, 7)),
        "s": ((1, 2, 4), (1.75, 3.5, 7)),
        "i": ((1, 2, 4), (3.5, 7, 14)),
        "pv2": ((1, 2, 4), (3.5, 7, 14)),
        "ep": ((1, 2, 4), (3.5, 7, 14)),
        "pv3": ((2, 4, 8), (8, 16, 32)),
        "iv2": ((2, 4, 8), (8, 16, 32)),
    }
)
"""(processors, GB of memory) of the sizes 1, 2 and 3 of a family of plans, as the pricing pages list them."""

_SKU = re.compile(r"^([A-Z]+)([123])(V\d)?$", re.IGNORECASE)
_APP = re.compile(r"Microsoft\.Web/sites/([^/]+)", re.IGNORECASE)
_MEMORY_COLUMN = re.compile(r"^(?:working ?set|private ?bytes|memory(?: ?usage)?|rss) ?\(?(mb|mib)?\)?$", re.IGNORECASE)
_POOL = re.compile(r"^IIS APPPOOL\\(.+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Use:
    """What one app used: bytes, or processors on average between its first and last sample."""

    site: str
    value: float
    place: Place


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    resource = text(args, "resource", "memory")
    full, share = number(args, "min_pct", 85), number(args, "min_share", 0.4)
    top, whole = _top(index, METRIC[resource]), capacity(index.incident.target.sku or "", resource)
    used = uses(index, resource, top.instance if top else None)
    if top is None or not used:
        return unknown(f"The plan's {resource} by worker, or that of the processes of its apps, was not collected.")
    level = amount(top, "value") or 0.0
    most = max(used.values(), key=lambda use: use.value)
    total = sum(use.value for use in used.values())
    if whole is None:
        return unknown("The size of the worker (SKU) is not known, so the use of its apps cannot be set against it.")
    if level < full or most.value < share * total or most.value < share * whole * level / 100:
        return fails(f"No app stands out: {resource} of the worker at most {level:.0f} %.", top, most.place)
    own = own_site(index)
    if own is None and len(used) > 1:
        return unknown(f"{most.site} uses most of the {resource}; which app the incident is about is not known.")
    is_own = own is None or most.site.lower() == own.lower()
    mine = next((use for use in used.values() if own and use.site.lower() == own.lower()), None)
    said = f"{most.site} uses {_said(resource, most.value)}, of all listed apps {_said(resource, total)}"
    said += f"; {mine.site} uses {_said(resource, mine.value)}" if mine and not is_own else ""
    return holds(
        f"{said}; {resource} of the worker is at {level:.0f} %.",
        most.place,
        top,
        *([mine.place] if mine and not is_own else []),
        holder=most.site,
        level=f"{level:.0f}",
        relation="the app itself" if is_own else "another app of the plan",
    )


def uses(index: Index, resource: str, worker: str | None) -> Mapping[str, Use]:
    """What each app of the plan used on the worker inside the window."""
    samples: dict[tuple[str, int | None], list[tuple[Place, float]]] = defaultdict(list)
    for place, value in _samples(index, resource):
        if worker is None or place.instance in (None, worker):
            samples[_site(place) or "the app", place.pid].append((place, value))
    found: dict[str, Use] = {}
    for (site, _), taken in samples.items():
        taken.sort(key=lambda item: (item[0].ts.timestamp() if item[0].ts else 0.0, item[1]))
        place, value = max(reversed(taken), key=lambda item: item[1])
        value = value if resource == "memory" else _rate(taken)
        before = found.get(site)
        heavier = place if before is None or value > before.value else before.place
        found[site] = Use(site, value + (before.value if before else 0.0), heavier)
    return found


def _rate(taken: list[tuple[Place, float]]) -> float:
    first, last = taken[0], taken[-1]
    seconds = (last[0].ts - first[0].ts).total_seconds() if first[0].ts and last[0].ts else 0.0
    return max(0.0, last[1] - first[1]) / seconds if seconds > 0 else 0.0


def capacity(sku: str, resource: str) -> float | None:
    """Bytes of memory or number of processors of a worker; None for a size that is not listed."""
    match = _SKU.match(sku.strip())
    size = _SIZES.get(f"{match[1]}{match[3] or ''}".lower()) if match else None
    if match is None or size is None:
        return None
    return size[1][int(match[2]) - 1] * 2**30 if resource == "memory" else size[0][int(match[2]) - 1]


def own_site(index: Index) -> str | None:
    """The app that the incident is about, by its resource id."""
    match = _APP.search(index.incident.target.resource_id or "")
    return match[1] if match else None


def _samples(index: Index, resource: str) -> Iterator[tuple[Place, float]]:
    listed = [place for place in index.facts.of(Kind.KUDU_PROCESS) if inside(index.window, place)]
    names = ("private_memory", "privateMemory") if resource == "memory" else ("total_cpu_time", "totalCpuTime")
    measured = [(place, value) for place in listed if (value := amount(place, *names)) is not None]
    yield from measured
    if measured or resource != "memory":
        return  # counters and detectors tell the same memory a second time
    counted = [
        (place, value)
        for place in index.facts.of(Kind.COUNTERS)
        if (value := amount(place, "privateBytes")) is not None and inside(index.window, place)
    ]
    yield from counted or _detected(index)


def _detected(index: Index) -> Iterator[tuple[Place, float]]:
    """Memory by app and worker, as detectors list it."""
    for place in index.facts.of(Kind.DETECTOR):
        if place.site is None or not inside(index.window, place):
            continue
        for name, cell in place.fields.items():
            column = _MEMORY_COLUMN.match(name)
            value = as_number(cell)
            if column and value is not None:
                yield place, value * (2**20 if column[1] else 1)
                break


def _site(place: Place) -> str | None:
    pool = _POOL.match(str(place.fields.get("user_name") or ""))
    return place.site or (pool[1] if pool else None)


def _top(index: Index, metric: str) -> Place | None:
    rows = [
        place
        for place in index.facts.of(Kind.METRICS)
        if str(place.fields.get("metric", "")).lower() == metric and inside(index.window, place)
    ]
    return max(rows, key=lambda place: amount(place, "value") or 0.0, default=None)


def _said(resource: str, value: float) -> str:
    return f"{value / 2**20:.0f} MB" if resource == "memory" else f"{value:.2f} processors"


CORRELATOR = Correlator("heaviest_app", frozenset({"resource", "min_pct", "min_share"}), _evaluate)
