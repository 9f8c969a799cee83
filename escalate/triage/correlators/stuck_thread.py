"""The same thread stands in the same reading call in several dumps."""

from __future__ import annotations

import re
from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    pattern, least = re.compile(text(args, "frames")), int(number(args, "min_dumps", 3))
    dumps: set[object] = set()
    same: dict[tuple[str, str], dict[object, Place]] = defaultdict(dict)
    for place in index.facts.of(Kind.THREAD_DUMP, Kind.STACKS):
        frames, thread = str(place.fields.get("frames") or ""), str(place.fields.get("thread") or "")
        if not frames or not thread or not inside(index.window, place):
            continue
        moment = (place.artifact.id, place.ts)
        dumps.add(moment)
        if pattern.search(frames.split("\n", 1)[0]):
            same[thread, frames][moment] = place
    if len(dumps) < least:
        return unknown(f"Fewer than {least} dumps were taken one after the other.")
    long = {key: found for key, found in same.items() if len(found) >= least}
    if not long:
        return fails(f"No thread stands in the same reading call in {least} dumps.")
    (thread, frames), found = max(long.items(), key=lambda item: len(item[1]))
    top = frames.split("\n", 1)[0]
    said = f"Thread {thread} stands in {top} in {len(found)} dumps; {len(long)} thread(s) do so."
    return holds(said, *list(found.values())[:3], thread=thread, dumps=str(len(found)))


CORRELATOR = Correlator("stuck_thread", frozenset({"frames", "min_dumps"}), _evaluate)
