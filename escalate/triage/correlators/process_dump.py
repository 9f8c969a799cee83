"""A dump shows the crash of a process of the app, with the module and offset it happened in."""

from __future__ import annotations

from escalate.triage.dumps import PROCESS_DUMPS, dumps_of, process_crashes
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    sent = args.get("sent") is True
    crashes = [crash for crash in process_crashes(index) if crash.sent == sent]
    if not crashes:
        whole = dumps_of(index, *PROCESS_DUMPS)
        return (
            fails("The dumps show no such crash.", *whole[:3]) if whole else unknown("No dump of a process is there.")
        )
    apps, frames = {crash.app for crash in crashes}, {crash.frame for crash in crashes}
    places = [crash.place for crash in crashes[:5]]
    if len(apps) > 1 and len(frames) > 1:
        return fails(f"Processes of {len(apps)} apps crashed in {len(frames)} different places.", *places)
    first = crashes[0]
    where = f" at {first.frame}" if first.frame else ""
    said = f"{first.process} ended by {first.signal}{where}"
    said += f", {len(crashes)} dumps say so" if len(crashes) > 1 else ""
    frame = {"frame": first.frame} if first.frame else {}
    return holds(f"{said}.", *places, process=first.process, signal=first.signal, count=str(len(crashes)), **frame)


CORRELATOR = Correlator("process_dump", frozenset({"sent"}), _evaluate)
