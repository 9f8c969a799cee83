"""A thread dump in which the virtual machine itself names a deadlock."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

CITED_THREADS = 4


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    dumps = index.facts.of(Kind.THREAD_DUMP)
    if not dumps:
        return unknown("No thread dump was collected.")
    found = [place for place in dumps if place.fields.get("deadlock") is not None]
    if not found:
        return fails("The thread dumps name no deadlock.", dumps[0])
    first = found[0]
    names = str(first.fields.get("threads") or "")
    threads = [
        place
        for place in dumps
        if place.artifact.id == first.artifact.id and place.fields.get("thread") in names.split(", ")
    ]
    locks = "; ".join(filter(None, (_lock(place) for place in threads[:CITED_THREADS])))
    dumped = len({place.artifact.id for place in found})
    said = f"Deadlock between {names or 'threads that the dump names'} in {dumped} thread dump(s)"
    later = [place for place in found if place.artifact.id != first.artifact.id]
    return holds(
        f"{said}: {locks}." if locks else f"{said}.",
        first,
        *threads[:CITED_THREADS],
        *later[:2],
        threads=names,
        monitors=locks,
    )


def _lock(place: Place) -> str:
    waits, owns = place.fields.get("waiting_to_lock"), place.fields.get("locked")
    if not waits:
        return ""
    return f"{place.fields.get('thread')} waits for {waits}" + (f" and holds {owns}" if owns else "")


CORRELATOR = Correlator("deadlock", frozenset(), _evaluate)
