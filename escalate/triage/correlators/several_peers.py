"""The same failure meets several destinations: not one peer, but the way there."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    found: dict[str, Hit] = {}
    for other in index.watched(text(args, "regex")).hits:
        if other.groups.get("peer") and inside(index.window, other.place):
            found.setdefault(other.groups["peer"], other)
    if not found:
        return unknown("The lines do not name the destinations.")
    names = ", ".join(sorted(found)[:5])
    places = [other.place for other in list(found.values())[:3]]
    if len(found) < number(args, "min", 2):
        return fails(f"One destination only: {names}.", *places)
    return holds(f"{len(found)} destinations: {names}.", *places, peers=names)


CORRELATOR = Correlator("several_peers", frozenset({"regex", "min"}), _evaluate)
