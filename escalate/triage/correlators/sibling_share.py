"""Who holds a limit that all apps of a worker share: sandbox counters of all apps, TCP connections detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalate.model.kind import Kind
from escalate.triage.correlators.near_limit import at_member, limit_of
from escalate.triage.facts import amount, lowered
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

BY_SKU = {"1": 1920.0, "2": 3968.0, "3": 8064.0}
"""TCP connections a worker allows by the size digit of its SKU (S1, P2v2, ...); VirtoCommerce/vc-platform#1594."""


@dataclass(frozen=True)
class _Holding:
    site: str
    value: float
    place: Place


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    counter, detector = text(args, "counter", "connections"), text(args, "detector", "tcpconnections")
    least, reach = number(args, "min_share", 0.8), timedelta(seconds=number(args, "within_s", 3600))
    found = [*_counted(index, counter), *_detected(index, detector)]
    found = [item for item in found if inside(index.window, item.place) and _near(hit, item.place.ts, reach)]
    sites = {item.site for item in found}
    limit = _limit(index, counter)
    if not found or limit is None:
        return unknown(f"The {counter} of the apps on this worker at that time were not collected.")
    most = max(found, key=lambda item: item.value)
    others = _others(index, hit, sites)
    if most.value < least * limit:
        if others:
            return unknown(
                f"{most.site} holds {most.value:.0f} of {limit:.0f} {counter}; those of {', '.join(others)} on the "
                "same worker were not collected."
            )
        return fails(f"No app holds more than {most.value:.0f} of {limit:.0f} {counter}.", most.place)
    victim = next((item for item in found if hit is not None and item.site == hit.place.site), None)
    own = hit is not None and hit.place.site == most.site
    said = f"{most.site} holds {most.value:.0f} of {limit:.0f} {counter} on the same worker"
    if victim is not None and not own:
        said += f", {victim.site} holds {victim.value:.0f}"
    same = [item.place for item in found if item.site == most.site and item.value >= least * limit]
    cited = [*same[:3], *([victim.place] if victim and not own else [])]
    return holds(
        said + ".",
        *cited,
        holder=most.site,
        held=f"{most.value:.0f}",
        limit=f"{limit:.0f}",
        counter=counter,
        relation="the app itself" if own else "another app of the plan",
    )


def _counted(index: Index, counter: str) -> Iterator[_Holding]:
    for place in index.facts.of(Kind.COUNTERS):
        value = amount(place, counter)
        if value is not None:
            yield _Holding(place.site or "the app", value, at_member(place, counter))


def _detected(index: Index, detector: str) -> Iterator[_Holding]:
    for place in index.facts.of(Kind.DETECTOR):
        if str(place.fields.get("_detector", "")).lower() != detector:
            continue
        row = lowered(place.fields)
        site, value = row.get("sitename") or row.get("site"), amount(place, "Count", "count", "Connections")
        if isinstance(site, str) and value is not None:
            yield _Holding(site, value, place)


def _limit(index: Index, counter: str) -> float | None:
    limits = [limit for place in index.facts.of(Kind.COUNTERS) if (limit := limit_of(place, counter))]
    if limits:
        return max(limits)
    size = (index.incident.target.sku or "")[1:2]
    return BY_SKU.get(size) if counter == "connections" else None


def _others(index: Index, hit: Hit | None, counted: set[str]) -> list[str]:
    known = list(index.incident.target.sibling_apps)
    missing = [name for name in known if name not in counted]
    if not known and hit is not None and len(counted) < 2:
        return ["other apps of the plan"]
    return missing


def _near(hit: Hit | None, when: datetime | None, reach: timedelta) -> bool:
    return hit is None or hit.place.ts is None or when is None or abs(when - hit.place.ts) <= reach


CORRELATOR = Correlator("sibling_share", frozenset({"counter", "detector", "min_share", "within_s"}), _evaluate)
