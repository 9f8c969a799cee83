"""A capture shows connections that open, and on which a large segment is sent again and again without an answer.

A peer that died after the first handshake answers no second one: two connections tell it from packets too large.
"""

from __future__ import annotations

from escalate.triage.correlators.reset_after_idle import peers
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, rows = number(args, "min", 2), peers(index)
    if not rows:
        return unknown("No capture shows calls to a peer.")
    stuck = [place for place in rows if amount(place, "stuck") and amount(place, "opened")]
    if not stuck:
        return fails("Large segments of the captures get through.", rows[0])
    if all((amount(place, "stuck") or 0) < least for place in stuck):
        return unknown(
            "On one connection only a large segment is not answered; the peer may have died after it opened."
        )
    worst = max(stuck, key=lambda place: amount(place, "stuck") or 0)
    peer = f"{worst.fields.get('peer')}:{worst.fields.get('port')}"
    known = {"worker": worst.instance} if worst.instance else {}
    said = (
        f"{amount(worst, 'stuck') or 0:.0f} connection(s) to {peer} open, and then a large segment is never answered."
    )
    return holds(said, worst, peer=peer, **known)


CORRELATOR = Correlator("large_packets_lost", frozenset({"min"}), _evaluate)
