"""Calls to dependencies, as Application Insights counted them: failures and duration by target."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.triage.calls import Calls
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.result import fails, holds, unknown

ENOUGH = 20
FAILING = 0.05
FINE = 0.01
SLOW_MS = 5_000.0
QUICK_MS = 1_000.0


def calls(index: Index) -> Test:
    """The worst target of the window; a table of failures alone cannot show that the others went well."""
    found = index.calls.during
    if not found:
        return Test(unknown("No calls to dependencies were collected for the window."))
    worst = max(found.values(), key=lambda one: (one.failed, one.slowest))
    numbers = (
        Measured(name=f"failed calls to {worst.target}", value=worst.failed, limit=worst.total),
        Measured(name=f"slowest call to {worst.target}", value=round(worst.slowest), unit="ms", limit=SLOW_MS),
    )
    said = _told(worst)
    places = [place for place in (worst.bad, worst.slow) if place is not None]
    if worst.failed >= FAILING * worst.total or worst.slowest >= SLOW_MS:
        return Test(holds(said, *places), numbers)
    total, failed = sum(one.total for one in found.values()), sum(one.failed for one in found.values())
    is_whole = any(one.good is not None for one in found.values())
    if is_whole and total >= ENOUGH and failed <= FINE * total and worst.slowest < QUICK_MS:
        good = [one.good for one in found.values() if one.good is not None]
        return Test(fails(f"{failed} of {total} calls to {len(found)} target(s) failed; {said}", *good[:2]), numbers)
    return Test(unknown(f"{said} Neither clearly bad nor clearly fine."), numbers)


def _told(one: Calls) -> str:
    return f"{one.failed} of {one.total} calls to {one.target} failed, the slowest took {one.slowest / 1000:.1f} s."
