"""Ports for outgoing connections are not used up: no failed SNAT allocation, counters below their limits."""

from __future__ import annotations

from escalate.triage.correlators import detector_value, near_limit
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, unknown

SNAT: Args = {"detector": "snat", "column": "failed", "min": 1}


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    snat = detector_value.CORRELATOR.evaluate(None, SNAT, index)
    limits = near_limit.CORRELATOR.evaluate(None, {"counter": "connections"}, index)
    places = [cite.place for result in (snat, limits) for cite in result.cites]
    if State.HOLDS in (snat.state, limits.state):
        full = snat if snat.state is State.HOLDS else limits
        return fails(full.sentence, *places[:2])
    if snat.state is State.UNKNOWN:
        return unknown("The SNAT detector was not collected for the window, so ports may be used up.")
    return holds(f"Ports are free: {snat.sentence}", *places[:2])


CORRELATOR = Correlator("ports_are_free", frozenset(), _evaluate)
