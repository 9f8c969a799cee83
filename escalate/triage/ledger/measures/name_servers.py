"""Name resolution: answers to the queries of a capture."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import inside
from escalate.triage.result import fails, holds, unknown

LEAST = 3
SILENT = 0.2
"""Part of the queries without answer from which names are a cause."""


def answers(index: Index) -> Test:
    """Queries without answer, of the worst name server of all captures of the window."""
    rows = [
        place
        for place in index.facts.of(Kind.PCAP)
        if place.fields.get("what") == "dns" and inside(index.window, place) and (amount(place, "queries") or 0) >= 1
    ]
    if not rows:
        return Test(unknown("No capture of the window shows a query for a name."))
    queries = sum(amount(place, "queries") or 0 for place in rows)
    lost = sum((amount(place, "queries") or 0) - (amount(place, "answered") or 0) for place in rows)
    worst = max(rows, key=lambda place: (amount(place, "queries") or 0) - (amount(place, "answered") or 0))
    asked = amount(worst, "queries") or 0
    silent = asked - (amount(worst, "answered") or 0)
    numbers = (
        Measured(name="queries for names", value=queries),
        Measured(name="queries without answer", value=lost),
    )
    if asked >= LEAST and silent >= SILENT * asked:
        said = f"{silent:.0f} of {asked:.0f} queries to {worst.fields.get('server')} stay without answer."
        return Test(holds(said, worst), numbers)
    if queries >= LEAST and lost == 0:
        servers = len({place.fields.get("server") for place in rows})
        said = f"All {queries:.0f} queries of the capture(s) were answered, by {servers} server(s)."
        return Test(fails(said, *rows[:2]), numbers)
    return Test(unknown(f"{lost:.0f} of {queries:.0f} queries stay without answer: too few to tell."), numbers)
