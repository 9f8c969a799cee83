"""Handles and open files of processes: their number, and whether it only rises."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.correlators import process_growth
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import inside
from escalate.triage.result import State, fails, holds, unknown

MANY = 10_000.0
"""Handles of one process from which a leak is likely (signature W17)."""


def handles(index: Index) -> Test:
    """The most handles of any process of the window."""
    rows = [
        (place, value)
        for place in index.facts.of(Kind.KUDU_PROCESS)
        if inside(index.window, place) and (value := amount(place, "handle_count", "handleCount")) is not None
    ]
    if not rows:
        return Test(unknown("The handles of no process were counted inside the window."))
    place, top = max(rows, key=lambda item: item[1])
    numbers = (Measured(name=f"handles of process {place.pid}, most", value=top, limit=MANY),)
    grown = process_growth.CORRELATOR.evaluate(None, {"field": "handle_count", "min_growth": 500}, index)
    if grown.state is State.HOLDS:
        return Test(grown, numbers)
    if top >= MANY:
        return Test(holds(f"Process {place.pid} has {top:.0f} handles.", place), numbers)
    return Test(
        fails(f"No process has more than {top:.0f} handles ({len(rows)} counts of the window).", place), numbers
    )
