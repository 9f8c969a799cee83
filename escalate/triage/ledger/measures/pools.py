"""Starvation of thread pools: what the runtime says of its pool, and how many threads of a pool are idle in dumps."""

from __future__ import annotations

import re
from collections import defaultdict

from escalate.model.exclusion import Measured
from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.ledger.cause import Test
from escalate.triage.place import Place, inside
from escalate.triage.result import fails, holds, unknown

NUMBERS = r"WORKER: \(Busy=(?P<busy>\d+),Free=\d+,Min=(?P<least>\d+),Max=\d+\)"
"""What StackExchange.Redis writes of the .NET thread pool (StackExchange.Redis#1466)."""

LEAST = 8
"""Threads of a pool; smaller ones are busy now and then."""
_NUMBER = re.compile(r"[-#_ ]?\d+$")
_POOL = re.compile(r"exec|worker|pool|request|http|nio|qtp|task|default-dispatcher|executor", re.IGNORECASE)
_IDLE = re.compile(
    r"getTask|TaskQueue\.(?:take|poll)|LinkedBlockingQueue\.(?:take|poll)|SynchronousQueue\.|awaitWork|"
    r"idleJobPoll|reservedWait|WaitForWork|LowLevelLifoSemaphore|epoll_wait|EPoll\.wait|select\("
)


def numbers(index: Index) -> Test:
    """Busy against minimum, where a client library logged both."""
    hits = [hit for hit in index.watched(NUMBERS).hits if inside(index.window, hit.place)]
    if not hits:
        return Test(unknown("No text tells busy and minimum threads of the pool."))
    worst = max(hits, key=lambda hit: int(hit.groups["busy"]) - int(hit.groups["least"]))
    busy, least = int(worst.groups["busy"]), int(worst.groups["least"])
    measured = (Measured(name="busy threads of the pool", value=busy, limit=least),)
    said = f"{busy} threads of the pool are busy, its minimum is {least}"
    if busy > least:
        return Test(holds(f"{said}: new ones come slowly.", worst.place), measured)
    return Test(fails(f"{said}, at the worst of {len(hits)} times.", worst.place), measured)


def idle_threads(index: Index) -> Test:
    """Pools of thread dumps without one idle thread."""
    pools: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.THREAD_DUMP, Kind.STACKS):
        name = str(place.fields.get("thread") or "")
        pool = _NUMBER.sub("", name)
        if pool != name and _POOL.search(pool) and inside(index.window, place):
            pools[place.artifact.id, pool].append(place)
    large = {key: found for key, found in pools.items() if len(found) >= LEAST}
    if not large:
        return Test(unknown("No thread dump of the window shows a pool of threads."))
    by_idle = {key: sum(_is_idle(place) for place in found) for key, found in large.items()}
    key = min(by_idle, key=lambda one: (by_idle[one] / len(large[one]), one))
    found, idle = large[key], by_idle[key]
    measured = (Measured(name=f"idle threads of {key[1]}", value=idle, limit=len(found)),)
    if idle == 0:
        busy = [place for place in found if not _is_idle(place)]
        return Test(holds(f"All {len(found)} threads of the pool {key[1]} are busy.", *busy[:3]), measured)
    said = f"{idle} of {len(found)} threads of the pool {key[1]} are idle, in the fullest of {len(large)} pool(s)."
    return Test(fails(said, *[place for place in found if _is_idle(place)][:1]), measured)


def _is_idle(place: Place) -> bool:
    return _IDLE.search(str(place.fields.get("frames") or place.fields.get("top") or "")) is not None
