"""Another text stands in the same evidence, within a distance in time when one is given."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text

CITED = 3
"""Of every file the first, before a second of the same."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    what = text(args, "what", "the other text")
    within = number(args, "within_s", 0)
    same_artifact = args.get("same_artifact") is True
    found: list[Hit] = []
    for other in index.watched(text(args, "regex")).hits:
        if same_artifact and hit is not None and other.place.artifact.id != hit.place.artifact.id:
            continue
        if within and not _near(hit, other, within, loose=args.get("untimed") is True):
            continue
        if inside(index.window, other.place):
            found.append(other)
    if not found:
        return fails(f"No sign of {what}.")
    return holds(f"There is {what}.", *(other.place for other in _spread(found)), **dict(found[0].groups))


def _spread(found: list[Hit]) -> list[Hit]:
    firsts = {hit.place.artifact.id: hit for hit in reversed(found)}
    chosen = [hit for hit in found if firsts[hit.place.artifact.id] is hit]
    return (chosen + [hit for hit in found if hit not in chosen])[:CITED]


def _near(hit: Hit | None, other: Hit, within: float, *, loose: bool) -> bool:
    """`loose`: a log without dates may be of that time, and is not passed over."""
    if hit is None or hit.place.ts is None or other.place.ts is None:
        return loose and hit is not None
    return abs(hit.place.ts - other.place.ts) <= timedelta(seconds=within) + hit.place.slack + other.place.slack


CORRELATOR = Correlator("text_seen", frozenset({"regex", "within_s", "same_artifact", "untimed", "what"}), _evaluate)
