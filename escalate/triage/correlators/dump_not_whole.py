"""A dump that was collected is cut off or damaged."""

from __future__ import annotations

from escalate.triage.dumps import DUMPS, dumps_of
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    dumps = dumps_of(index, *DUMPS)
    if not dumps:
        return unknown("No dump of memory was collected.")
    broken = [place for place in dumps if place.fields.get("state") != "complete"]
    if not broken:
        return fails(f"{len(dumps)} dump(s) were collected, all of them whole.", *dumps[:3])
    first = broken[0]
    lost = amount(first, "missing") or 0
    name = first.artifact.path.rpartition("/")[2]
    how = f"{lost:,.0f} bytes are missing" if lost else str(first.fields.get("state"))
    return holds(f"{name} is not whole: {how}.", *broken[:5], dump=name, how=how)


CORRELATOR = Correlator("dump_not_whole", frozenset(), _evaluate)
