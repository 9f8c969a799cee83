"""The queries that a capture shows are far too few to be held back for their number: own load does not explain it."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    address, most = text(args, "server"), number(args, "max_per_s", 500)
    rates = [
        (rate, place)
        for place in index.facts.of(Kind.PCAP)
        if place.fields.get("server") == address
        and inside(index.window, place)
        and (rate := amount(place, "peak_per_s")) is not None
    ]
    if not rates:
        return unknown(f"No capture shows how many queries go to {address}.")
    rate, place = max(rates, key=lambda item: item[0])
    if rate > most:
        return fails(f"The app sends up to {rate:.0f} queries in one second to {address}.", place)
    return holds(f"The app sends at most {rate:.0f} queries in one second to {address}.", place)


CORRELATOR = Correlator("query_rate_is_low", frozenset({"server", "max_per_s"}), _evaluate)
