"""The share of threads whose topmost frames match a pattern, in one dump or in several."""

from __future__ import annotations

import re
from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

TOPMOST = 3
MIN_THREADS = 4


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    pattern, least = re.compile(text(args, "frames")), number(args, "min_share", 0.5)
    wanted = int(number(args, "min_dumps", 1))
    dumps: dict[str, list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.THREAD_DUMP, Kind.STACKS):
        if place.fields.get("frames") and inside(index.window, place):
            dumps[place.artifact.id].append(place)
    large = [found for found in dumps.values() if len(found) >= MIN_THREADS]
    if len(large) < wanted:
        return unknown(f"Fewer than {wanted} dump(s) with the stacks of all threads were collected.")
    having: list[list[Place]] = []
    shares: list[float] = []
    for found in large:
        there = [place for place in found if pattern.search(_top(place))]
        if len(there) >= least * len(found):
            having.append(there)
            shares.append(len(there) / len(found))
    if len(having) < wanted:
        return fails("The threads of the dumps are elsewhere.", large[0][0])
    said = f"{100 * max(shares):.0f} % of the threads in {len(having)} dump(s)."
    known = {"worker": worker} if (worker := having[0][0].instance) else {}
    return holds(
        said,
        *(there[0] for there in having[:3]),
        share=f"{100 * max(shares):.0f} %",
        threads=str(max(len(found) for found in large)),
        dumps=str(len(having)),
        **known,
    )


def _top(place: Place) -> str:
    return "\n".join(str(place.fields.get("frames") or "").split("\n")[:TOPMOST])


CORRELATOR = Correlator("threads_in_frame", frozenset({"frames", "min_share", "min_dumps"}), _evaluate)
