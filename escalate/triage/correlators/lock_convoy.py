"""Many threads of one dump are blocked on the same lock."""

from __future__ import annotations

from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least = number(args, "min_threads", 5)
    threads = [
        place for place in index.facts.of(Kind.THREAD_DUMP, Kind.STACKS) if place.fields.get("thread") is not None
    ]
    if not threads:
        return unknown("No thread dump or stacks were collected.")
    waiting: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in threads:
        lock = place.fields.get("waiting_to_lock")
        if isinstance(lock, str) and lock and str(place.fields.get("state") or "BLOCKED").startswith("BLOCKED"):
            waiting[place.artifact.id, lock].append(place)
    most = max(waiting.items(), key=lambda item: len(item[1]), default=None)
    if most is None or len(most[1]) < least:
        return fails(f"No {least:.0f} threads of one dump are blocked on the same lock.", threads[0])
    (artifact, lock), blocked = most
    owner = next(
        (p for p in threads if p.artifact.id == artifact and lock in str(p.fields.get("locked") or "").split()), None
    )
    held = f", held by {owner.fields.get('thread')}" if owner else ""
    return holds(
        f"{len(blocked)} threads are blocked on lock {lock}{held}.",
        *blocked[:3],
        *([owner] if owner else []),
        count=str(len(blocked)),
        lock=lock,
    )


CORRELATOR = Correlator("lock_convoy", frozenset({"min_threads"}), _evaluate)
