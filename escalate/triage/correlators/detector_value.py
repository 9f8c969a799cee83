"""A column of a platform detector reaches a value (SNAT `Failed` above 0, `Used` above 128)."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.triage.facts import as_number, lowered
from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    detector, column = text(args, "detector"), text(args, "column").lower()
    least = number(args, "min", 1)
    rows = [
        (place, value)
        for place in index.facts.of(Kind.DETECTOR)
        if re.search(detector, str(place.fields.get("_detector", "")), re.IGNORECASE)
        and inside(index.window, place)
        and (value := as_number(lowered(place.fields).get(column))) is not None
    ]
    if not rows:
        return unknown(f"No detector row with {column!r} ({detector}) was collected for the window.")
    place, value = max(rows, key=lambda item: item[1])
    if value >= least:
        return holds(f"Detector {place.fields.get('_detector')}: {column} is {value:.0f}.", place, value=f"{value:.0f}")
    return fails(f"Detector {place.fields.get('_detector')}: {column} is at most {value:.0f}.", place)


CORRELATOR = Correlator("detector_value", frozenset({"detector", "column", "min"}), _evaluate)
