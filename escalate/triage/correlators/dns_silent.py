"""A name server leaves queries of a capture without answer; another server, or the same one elsewhere, answers."""

from __future__ import annotations

from collections.abc import Sequence

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    address, least, share = text(args, "server"), number(args, "min_queries", 3), number(args, "min_share", 0.8)
    rows = [
        place
        for place in index.facts.of(Kind.PCAP)
        if place.fields.get("what") == "dns" and inside(index.window, place) and (amount(place, "queries") or 0) >= 1
    ]
    asked = [place for place in rows if place.fields.get("server") == address]
    if not asked:
        return unknown(f"No capture shows queries to {address}.")
    silent = [place for place in asked if (amount(place, "queries") or 0) >= least and _silence(place) >= share]
    if not silent:
        return fails(f"{address} answers the queries of the captures.", asked[0])
    worst = max(silent, key=_unanswered)
    control = _controls(worst, rows, share)
    if not control and args.get("need_control") is True:
        return unknown(f"No capture shows another server on that worker, or {address} from another worker.")
    queries, lost = amount(worst, "queries") or 0, _unanswered(worst)
    said = f"{lost:.0f} of {queries:.0f} queries to {address} stay without answer"
    said += f" on {worst.instance}" if worst.instance else ""
    said += f"; {_told(control[0])}" if control else ""
    known = {"worker": worst.instance} if worst.instance else {}
    return holds(
        f"{said}.", worst, *control[:2], server=address, silent=f"{lost:.0f}", queries=f"{queries:.0f}", **known
    )


def _unanswered(place: Place) -> float:
    return (amount(place, "queries") or 0) - (amount(place, "answered") or 0)


def _silence(place: Place) -> float:
    return _unanswered(place) / max(1.0, amount(place, "queries") or 0)


def _controls(worst: Place, rows: Sequence[Place], share: float) -> list[Place]:
    """Other servers of the same capture that answer, then the same server from other workers."""
    good = [place for place in rows if place is not worst and _silence(place) <= 1 - share]
    beside = [place for place in good if place.artifact.id == worst.artifact.id]
    same = worst.fields.get("server")
    return beside + [place for place in good if place.fields.get("server") == same and place.instance != worst.instance]


def _told(place: Place) -> str:
    where = f" on {place.instance}" if place.instance else ""
    return f"{place.fields.get('server')} answers {amount(place, 'answered') or 0:.0f} queries{where}"


CORRELATOR = Correlator("dns_silent", frozenset({"server", "min_queries", "min_share", "need_control"}), _evaluate)
