"""Connections of captures: handshakes that got an answer, and how long it took."""

from __future__ import annotations

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import inside
from escalate.triage.result import holds, unknown


def handshakes(index: Index) -> Test:
    """Peers that did not answer a SYN; answers alone do not show that the calls on them were quick."""
    rows = [
        place
        for place in index.facts.of(Kind.PCAP)
        if place.fields.get("what") == "tcp" and inside(index.window, place)
    ]
    silent = [place for place in rows if (amount(place, "unanswered") or 0) > 0]
    if not rows:
        return Test(unknown("No capture of the window shows connections."))
    numbers = (
        Measured(name="peers of the capture(s)", value=len(rows)),
        Measured(name="peers without answer", value=len(silent)),
    )
    if silent:
        worst = max(silent, key=lambda place: amount(place, "unanswered") or 0)
        return Test(
            holds(
                f"{worst.fields.get('peer')} left {amount(worst, 'unanswered'):.0f} handshake(s) without answer.", worst
            ),
            numbers,
        )
    return Test(
        unknown(f"All {len(rows)} peers of the capture(s) answered; how quick the calls were is not told."), numbers
    )
