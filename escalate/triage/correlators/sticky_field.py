"""The line repeats an older error: its own error time lies outside the incident, or the line is informational."""

from __future__ import annotations

from datetime import UTC, datetime

from escalate.triage.index import Index
from escalate.triage.place import WINDOW_MARGIN, Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown

FORMATS = ("%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    if hit is None:
        return unknown("There is no line to look at.")
    stamp = hit.groups.get(text(args, "group", "error_ts"))
    told = _read(stamp) if stamp else None
    if told is not None and index.window is not None:
        window = index.window.widened(WINDOW_MARGIN)
        if not window.start <= told <= window.end:
            return holds(f"The error it names is of {told:%Y-%m-%d %H:%M:%S} UTC, outside of the incident.", hit.place)
    if told is not None and hit.place.ts is not None and (hit.place.ts - told) > WINDOW_MARGIN:
        return holds(f"The line is newer than the error it names ({told:%Y-%m-%d %H:%M:%S} UTC).", hit.place)
    if "| Informational |" in f"| {hit.place.excerpt} |":
        return holds("The line is informational: it repeats the last error of an earlier start.", hit.place)
    if told is None:
        return unknown("The line does not say when its error happened.")
    return fails("The error it names is as new as the line.", hit.place)


def _read(stamp: str) -> datetime | None:
    for form in FORMATS:
        try:
            return datetime.strptime(stamp, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


CORRELATOR = Correlator("sticky_field", frozenset({"group"}), _evaluate)
