"""Memory of the worker around a moment: pressure stall and MemAvailable samples taken within some seconds of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

PSI_AVG10 = 20.0
MEMAVAILABLE_PCT = 8.0


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    if hit is not None and hit.place.ts is None:
        return unknown("The time of the match is not known, so memory samples cannot be set beside it.")
    moment = hit.place.ts if hit is not None else None
    reach = timedelta(seconds=number(args, "window_s", 10))
    high = number(args, "psi_some_avg10_min", PSI_AVG10)
    low = number(args, "memavailable_max_pct", MEMAVAILABLE_PCT)

    def near(place: Place) -> bool:
        if moment is None:
            return inside(index.window, place)
        return place.ts is not None and abs(place.ts - moment) <= reach + place.slack and _same_worker(hit, place)

    stalls = [
        (place, amount(place, "avg10") or 0.0)
        for place in index.facts.of(Kind.PROC_PRESSURE)
        if place.fields.get("resource") == "memory" and place.fields.get("share") == "some" and near(place)
    ]
    free = [(place, share) for place, share in available_shares(index) if near(place)]
    if not stalls and not free:
        return unknown("No memory sample (pressure/memory, meminfo) was taken at that time.")
    pressed = [item for item in stalls if item[1] >= high]
    short = [item for item in free if item[1] <= low]
    if pressed or short:
        return holds(f"Memory was short: {_say(pressed, short)}.", *_places(pressed, short))
    lowest = sorted(free, key=lambda item: item[1])[:1]
    highest = sorted(stalls, key=lambda item: -item[1])[:1]
    cited = _nearest(stalls, moment)[:2] + _nearest(free, moment)[:1]
    return fails(f"Memory was not short: {_say(highest, lowest)}.", *_unique(cited + highest + lowest))


def available_shares(index: Index) -> list[tuple[Place, float]]:
    """(MemAvailable sample, percent of MemTotal) of every meminfo snapshot."""
    totals = {place.artifact.id: amount(place, "value") for place in index.facts.named(Kind.PROC_MEMINFO, "MemTotal")}
    found = []
    for place in index.facts.named(Kind.PROC_MEMINFO, "MemAvailable"):
        total, value = totals.get(place.artifact.id), amount(place, "value")
        if total and value is not None:
            found.append((place, 100.0 * value / total))
    return found


def _same_worker(hit: Hit | None, place: Place) -> bool:
    return hit is None or not hit.place.instance or not place.instance or hit.place.instance == place.instance


def _nearest(items: Sequence[tuple[Place, float]], moment: datetime | None) -> list[tuple[Place, float]]:
    if moment is None:
        return list(items)
    return sorted(items, key=lambda item: abs(item[0].ts - moment) if item[0].ts else timedelta.max)


def _unique(items: Sequence[tuple[Place, float]]) -> list[Place]:
    return list({(place.artifact.id, place.line): place for place, _ in items}.values())


def _places(*groups: Sequence[tuple[Place, float]]) -> list[Place]:
    return [place for group in groups for place, _ in group[:2]]


def _say(stalls: Sequence[tuple[Place, float]], free: Sequence[tuple[Place, float]]) -> str:
    parts = []
    if stalls:
        parts.append(f"memory stall (some avg10) up to {max(value for _, value in stalls):.2f} %")
    if free:
        parts.append(f"MemAvailable down to {min(value for _, value in free):.0f} % of MemTotal")
    return ", ".join(parts)


CORRELATOR = Correlator(
    "memory_pressure_at", frozenset({"psi_some_avg10_min", "memavailable_max_pct", "window_s"}), _evaluate
)
