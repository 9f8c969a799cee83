"""Requests that ended at the front end's idle limit (230 s Windows, 240 s Linux) or were given up by the client."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

GIVEN_UP = frozenset({499})


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, most = number(args, "min_ms", 225_000), number(args, "max_ms", 250_000)
    if not index.http.counts:
        return unknown("No HTTP log rows were collected for the window.")
    slow = [(place, code, taken) for place, code, taken in index.http.slow if code >= 499 and least <= taken <= most]
    if not slow:
        return fails("No request ended near the front end's idle limit.")
    _, code, taken = slow[0]
    gone = index.http.count(GIVEN_UP)
    rows = "request" if len(slow) == 1 else "requests"
    said = f"{len(slow)} {rows} ended near the front end's idle limit (status {code} after {taken / 1000:.0f} s)"
    said += f"; clients gave up {gone} times (499)" if gone else ""
    return holds(said + ".", *(place for place, _, _ in slow[:2]), *index.http.rows(GIVEN_UP)[:2])


CORRELATOR = Correlator("http_slow", frozenset({"min_ms", "max_ms"}), _evaluate)
