"""A loop without I/O that prints wall time and processor time: starved here, well served elsewhere."""

from __future__ import annotations

import re

from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown

SPIN = r"wall (?P<wall>\d+(?:\.\d+)?) ?s\b.{0,20}cpu (?P<cpu>\d+(?:\.\d+)?) ?s\b"
STARVED, SERVED = 0.3, 0.7
"""Share of wall time that a lone busy thread gets."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    pattern = re.compile(text(args, "regex", SPIN))
    shares: list[tuple[float, Place]] = []
    for found in index.watched(text(args, "regex", SPIN)).hits:
        for match in pattern.finditer(found.place.excerpt):
            wall = float(match["wall"])
            if wall > 0:
                shares.append((float(match["cpu"]) / wall, found.place))
    if not shares:
        return unknown("No spin test without I/O was run, here and elsewhere.")
    low, high = min(shares, key=lambda item: item[0]), max(shares, key=lambda item: item[0])
    if low[0] > STARVED:
        return fails(f"The spin test got {100 * low[0]:.0f} % of a processor.", low[1])
    if high[0] < SERVED:
        return unknown(f"The spin test got {100 * low[0]:.1f} % of a processor; no run elsewhere stands beside it.")
    said = f"A loop without I/O got {100 * low[0]:.1f} % of a processor here and {100 * high[0]:.0f} % elsewhere."
    return holds(said, low[1], *([high[1]] if high[1].key != low[1].key else []))


CORRELATOR = Correlator("spin_test", frozenset({"regex"}), _evaluate, (SPIN,))
