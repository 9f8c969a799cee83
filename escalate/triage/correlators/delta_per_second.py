"""A counter rises between samples: by how much, and by which share of the time that went by."""

from __future__ import annotations

from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    name, kind = text(args, "name"), Kind(text(args, "kinds", Kind.PROC_OTHER.value))
    least, share, unit = number(args, "min", 1), number(args, "min_share", 0), number(args, "unit_s", 1)
    series: dict[tuple[str | None, str | None, str], list[Place]] = defaultdict(list)
    for place in index.facts.named(kind, name):
        if place.ts is not None and inside(index.window, place):
            series[place.instance, place.site, place.artifact.path.rsplit("/", 1)[-1]].append(place)
    long = [sorted(found, key=lambda place: place.ts or OLDEST) for found in series.values() if len(found) >= 2]
    if not long:
        return unknown(f"Fewer than two samples of {name} were taken.")
    for found in long:
        first, last = found[0], found[-1]
        by = (amount(last, "value") or 0.0) - (amount(first, "value") or 0.0)
        wall = (last.ts - first.ts).total_seconds() if first.ts and last.ts else 0.0
        part = by * unit / wall if wall > 0 else 0.0
        if by >= least and part >= share:
            worker = {"worker": last.instance} if last.instance else {}
            return holds(
                f"{name} rose by {by:.0f} in {wall:.0f} s.",
                first,
                last,
                by=f"{by:.0f}",
                share=f"{100 * part:.0f} %",
                **worker,
            )
    return fails(f"{name} did not rise as much between its samples.", long[0][0], long[0][-1])


CORRELATOR = Correlator("delta_per_second", frozenset({"name", "kinds", "min", "min_share", "unit_s"}), _evaluate)
