"""HTTP rows with certain statuses inside the incident window."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

CITED = 3


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    listed = args.get("statuses")
    wanted = (
        frozenset(int(item) for item in listed if isinstance(item, int)) if isinstance(listed, list) else frozenset()
    )
    if not index.http.counts:
        return unknown("No HTTP log rows were collected for the window.")
    count = index.http.count(wanted)
    names = ", ".join(str(code) for code in sorted(wanted))
    if count < number(args, "min", 1):
        return fails(f"Fewer than {number(args, 'min', 1):.0f} HTTP rows with status {names}.")
    rows = index.http.rows(wanted)
    workers = sorted({place.instance for place in rows if place.instance})
    known = {"worker": workers[0]} if len(workers) == 1 else {}
    where = f" on {workers[0]}" if known else ""
    return holds(f"{count} HTTP rows with status {names}{where}.", *rows[:CITED], errors=str(count), **known)


CORRELATOR = Correlator("http_errors", frozenset({"statuses", "min"}), _evaluate)
