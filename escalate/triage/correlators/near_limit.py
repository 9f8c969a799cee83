"""A counter stands near the limit that the same source names (WEBSITE_COUNTERS JSON)."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

COUNTERS = ("connections", "activeConnections", "threads", "processes", "namedPipes", "sections")
_SINGULAR = {"processes": "processLimit"}


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least = number(args, "min_share", 0.8)
    only = text(args, "counter")
    best: tuple[float, str, Place, float, float] | None = None
    for place in index.facts.of(Kind.COUNTERS):
        if not inside(index.window, place):
            continue
        for name in (only,) if only else COUNTERS:
            value, limit = amount(place, name), limit_of(place, name)
            if value is not None and limit and (best is None or value / limit > best[0]):
                best = (value / limit, name, place, value, limit)
    if best is None:
        return unknown("No sandbox counters (WEBSITE_COUNTERS_APP) of the incident window were collected.")
    share, name, place, value, limit = best
    whose = f"{place.site} has " if place.site else ""
    if share < least:
        return fails(f"The fullest sandbox counter is {name}: {value:.0f} of {limit:.0f}.", place)
    return holds(
        f"{whose}{value:.0f} of {limit:.0f} {name}.",
        at_member(place, name),
        counter=name,
        held=f"{value:.0f}",
        limit=f"{limit:.0f}",
        holder=place.site or "",
    )


def limit_of(place: Place, counter: str) -> float | None:
    """`connections` has its limit in `connectionLimit`, `processes` in `processLimit`."""
    return amount(place, _SINGULAR.get(counter, counter.removesuffix("s") + "Limit"))


def at_member(place: Place, counter: str) -> Place:
    """The place with a pointer to the counter itself."""
    value = place.fields.get(counter)
    return Place(
        artifact=place.artifact,
        line=place.line,
        pointer=f"{place.pointer or ''}/{counter}",
        ts=place.ts,
        precision=place.precision,
        site=place.site,
        instance=place.instance,
        pid=place.pid,
        excerpt=f'"{counter}": {value} (limit {limit_of(place, counter) or 0:.0f})',
    )


CORRELATOR = Correlator("near_limit", frozenset({"min_share", "counter"}), _evaluate)
