"""A capture shows calls to one peer that get no answer to SYN, while calls to other peers do."""

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
    silent = [place for place in rows if (amount(place, "unanswered") or 0) >= least and not amount(place, "opened")]
    if not silent:
        return fails("Every peer that was called answers.", rows[0])
    worst = max(silent, key=lambda place: amount(place, "unanswered") or 0)
    others = [place for place in rows if amount(place, "opened") and place.artifact.id == worst.artifact.id]
    if not others:
        return unknown("The capture shows no peer that answers, so it does not tell one path from the whole network.")
    peer, count = f"{worst.fields.get('peer')}:{worst.fields.get('port')}", amount(worst, "unanswered") or 0
    known = {"worker": worst.instance} if worst.instance else {}
    said = f"{count:.0f} connections to {peer} get no answer to SYN; {len(others)} other peer(s) of the capture answer."
    return holds(said, worst, others[0], peer=peer, count=f"{count:.0f}", **known)


CORRELATOR = Correlator("syn_unanswered", frozenset({"min"}), _evaluate)
