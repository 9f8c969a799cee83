"""A machine of one's own shows the same fault in its own log: it strengthens a case, and proves nothing of the worker.

What is found is cited as context: it happened elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from escalate.model.finding import Polarity
from escalate.model.kind import Kind
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Cite, Correlator, Result, fails, holds, text, unknown, words

_WORDS = {
    "hung_task": "a task that does not come back from a call",
    "soft_lockup": "a processor that hangs",
    "hard_lockup": "a processor that hangs",
    "rcu_stall": "a processor that hangs",
    "oops": "a fault inside the system",
    "panic": "a stop of the system",
    "where": "a fault inside the system",
}
_TASK = 15
"""Characters of a program's name that Linux keeps."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    wanted, task = words(args, "events") or tuple(_WORDS), text(args, "task")
    logged = [place for place in index.facts.of(Kind.KERNEL_LOG) if place.fields.get("name") in wanted]
    if not logged:
        any_log = any(artifact.kind in (Kind.KERNEL_LOG, Kind.KERNEL_DUMP) for artifact in index.artifacts)
        return (
            fails("The log of a machine of one's own shows no such fault.")
            if any_log
            else unknown("No log of a machine of one's own is in the evidence.")
        )
    named = [place for place in logged if not task or str(place.fields.get("task") or "") == task[:_TASK]]
    if not named:
        return fails(
            f"The log of a machine of one's own shows such a fault, of another program than {task}.", logged[0]
        )
    result = holds(f"{_said(named[0])} (on a machine of one's own, not on the worker).", *named[:3])
    return replace(result, cites=tuple(Cite(place, Polarity.CONTEXT) for place in named[:3]))


def _said(place: Place) -> str:
    name, task, seconds = str(place.fields.get("name")), place.fields.get("task"), amount(place, "seconds")
    said = f"A repro shows {_WORDS.get(name, name)}"
    said += f" in {place.fields.get('function')}" if place.fields.get("function") else ""
    said += f" ({task}" + (f", {seconds:.0f} s)" if seconds is not None else ")") if task else ""
    return said


CORRELATOR = Correlator("repro_elsewhere", frozenset({"events", "task"}), _evaluate)
