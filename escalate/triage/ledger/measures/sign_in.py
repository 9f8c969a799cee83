"""Sign-in in front of the app: refused requests among all."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.result import fails, holds, unknown

REFUSED = frozenset({401, 403})
MANY = 0.05
FEW = 0.01
ENOUGH = 20
OFF = r'(?i)"?(?:siteAuthEnabled|unauthenticatedClientAction|WEBSITE_AUTH_ENABLED)"?\s*[:=]\s*"?(?P<value>\w+)"?'
"""Switches of the built-in authentication in exports of the configuration."""


def refused(index: Index) -> Test:
    """Part of the requests of the window that were answered 401 or 403; by whom, the status alone does not tell."""
    total = sum(index.http.counts.values())
    if total < ENOUGH:
        return Test(unknown(f"Fewer than {ENOUGH} HTTP rows were collected for the window."))
    count = index.http.count(REFUSED)
    numbers = (Measured(name="requests answered 401 or 403", value=count, limit=total),)
    said = f"{count} of {total} requests of the window were answered 401 or 403"
    if count >= MANY * total:
        return Test(holds(f"{said}.", *index.http.rows(REFUSED)[:3]), numbers)
    if count <= FEW * total:
        some = [places[0] for places in index.http.samples.values() if places]
        return Test(fails(f"{said}.", *some[:1]), numbers)
    return Test(unknown(f"{said}: neither many nor few."), numbers)


def switched_off(index: Index) -> Test:
    """The configuration says that the built-in authentication is off."""
    hits = index.watched(OFF).hits
    off = [hit for hit in hits if hit.groups["value"].lower() in ("false", "0")]
    if not off:
        return Test(unknown("Whether the built-in authentication is on is not in the evidence."))
    if len(off) < len(hits):
        return Test(unknown("The exports of the configuration say different things of the built-in authentication."))
    return Test(fails("The built-in authentication is off by the configuration that was collected.", off[0].place))
