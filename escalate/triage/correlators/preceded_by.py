"""Another line came shortly before the match, on the same instance and with the same ids."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown
from escalate.triage.template import names_in


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    template = text(args, "regex")
    within = number(args, "within_s", 120)
    what = text(args, "what", "the line it follows from")
    if hit is None or hit.place.ts is None:
        return unknown(f"The time of the match is not known, so {what} cannot be looked for before it.")
    same = names_in(template)
    reach = timedelta(seconds=within) + hit.place.slack
    nearest: Hit | None = None
    for other in index.watched(template).hits:
        if other.place.ts is None or not _joined(hit, other, same):
            continue
        before = hit.place.ts - other.place.ts
        if -other.place.slack <= before <= reach and (nearest is None or _later(other, nearest)):
            nearest = other
    if nearest is None or nearest.place.ts is None:
        return fails(f"No sign of {what} in the {within:.0f} s before.")
    seconds = max(0.0, (hit.place.ts - nearest.place.ts).total_seconds())
    return holds(f"It comes {seconds:.1f} s after {what}.", nearest.place, seconds_before=f"{seconds:.1f}")


def _joined(hit: Hit, other: Hit, same: frozenset[str]) -> bool:
    if hit.place.instance and other.place.instance and hit.place.instance != other.place.instance:
        return False
    return all(hit.groups.get(name) == other.groups.get(name) for name in same)


def _later(one: Hit, two: Hit) -> bool:
    return one.place.ts is not None and two.place.ts is not None and one.place.ts > two.place.ts


CORRELATOR = Correlator("preceded_by", frozenset({"regex", "within_s", "what"}), _evaluate)
