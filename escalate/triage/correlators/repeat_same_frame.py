"""Several crashes are in the same place of the same library: a defect of that library, wherever it runs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from escalate.model.kind import Kind
from escalate.triage.dumps import process_crashes
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

_SITE = re.compile(r"\[(?P<library>[^\]+]+)\+(?P<offset>0x[0-9a-fA-F]+)\]")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least = number(args, "min", 2)
    sites = crash_sites(index)
    if not sites:
        return unknown("No crash with a frame (error file of a JVM, dump) was collected.")
    frame, places = max(sites.items(), key=lambda item: len(item[1]))
    if len(places) < least:
        return fails("No two crashes are in the same place.", *(found[0] for found in list(sites.values())[:3]))
    workers = sorted({place.instance for place in places if place.instance})
    said = f"{len(places)} crashes at {frame}"
    said += f", on {len(workers)} workers" if len(workers) > 1 else ""
    return holds(f"{said}.", *places[:6], frame=frame, count=str(len(places)))


def crash_sites(index: Index) -> Mapping[str, list[Place]]:
    """Crashes by `library+offset`, or by program counter where no library is known; each at the line of its frame."""
    found: dict[str, list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.HS_ERR):
        if place.fields.get("signal") is None or not inside(index.window, place):
            continue
        match = _SITE.search(str(place.fields.get("frame") or ""))
        named = f"{match['library']}+{match['offset'].lower()}" if match else str(place.fields.get("pc") or "")
        if named:
            found[named].append(at_frame(place))
    for crash in process_crashes(index):
        if crash.frame is not None and not crash.sent:
            found[crash.frame].append(crash.place)
    return found


def at_frame(place: Place) -> Place:
    """The place with the line of its frame as excerpt."""
    line, frame = amount(place, "frame_line"), place.fields.get("frame")
    return replace(place, line=int(line), excerpt=str(frame)) if line and frame else place


CORRELATOR = Correlator("repeat_same_frame", frozenset({"min"}), _evaluate)
