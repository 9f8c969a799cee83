"""Before a worker's end it was not short of memory, or Azure itself records that the platform failed."""

from __future__ import annotations

from escalate.triage.correlators import health_says, memory_pressure_at
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, State

UNPLANNED: Args = {"regex": "(?i)unplanned|unexpected failure|host"}


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    told = health_says.CORRELATOR.evaluate(None, UNPLANNED, index)
    if told.state is State.HOLDS:
        return told
    memory = memory_pressure_at.CORRELATOR.evaluate(None, {}, index)
    turned = {State.HOLDS: State.FAILS, State.FAILS: State.HOLDS, State.UNKNOWN: State.UNKNOWN}
    return Result(turned[memory.state], memory.sentence, memory.cites)


CORRELATOR = Correlator("worker_was_well", frozenset(), _evaluate)
