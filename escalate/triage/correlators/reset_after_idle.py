"""A capture shows connections that are reset after minutes of silence."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, rows = number(args, "min_s", 230), peers(index)
    if not rows:
        return unknown("No capture shows calls to a peer.")
    worst = max(rows, key=lambda place: amount(place, "idle_s") or 0.0)
    idle = amount(worst, "idle_s") or 0.0
    if idle < least or not amount(worst, "resets"):
        return fails("No connection of the capture is reset after a long silence.", worst)
    peer = f"{worst.fields.get('peer')}:{worst.fields.get('port')}"
    return holds(
        f"A connection to {peer} is reset after {idle:.0f} s of silence.", worst, peer=peer, idle=f"{idle:.0f}"
    )


def peers(index: Index) -> list[Place]:
    """What captures tell of each peer inside the window."""
    return [
        place
        for place in index.facts.of(Kind.PCAP)
        if place.fields.get("what") == "tcp" and inside(index.window, place)
    ]


CORRELATOR = Correlator("reset_after_idle", frozenset({"min_s"}), _evaluate)
