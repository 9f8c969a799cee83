"""A worker is gone: its logs end in the same second without a word of stopping, and another one takes its place."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalate.triage.correlators import health_says
from escalate.triage.correlators.worker_was_well import UNPLANNED
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, number, text, unknown
from escalate.triage.rhythm import Pulse

STOP = (
    r"SIGTERM|[Ss]hutting down|[Ss]hutdown (?:requested|initiated|complete)|[Gg]raceful(?:ly)? (?:shut|stop|exit)|"
    r"Stopping site|State: Stopp(?:ing|ed)|Application is shutting down|Handling signal: term|received signal 15"
)
"""Lines that a process, a server or the platform writes when it is stopped on purpose."""

STEADY = 4
"""A log has ended when it is silent this many times as long as its mean time between records."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    slack, reach = timedelta(seconds=number(args, "slack_s", 3)), timedelta(minutes=number(args, "within_min", 15))
    enough = int(number(args, "min_logs", 2))
    by_worker: dict[str, list[Pulse]] = {}
    for pulse in index.rhythm.pulses.values():
        if pulse.first.instance and pulse.records >= 5:
            by_worker.setdefault(pulse.first.instance, []).append(pulse)
    latest = max((pulse.ended for found in by_worker.values() for pulse in found), default=None)
    if len(by_worker) < 2 or latest is None:
        return unknown("Logs of fewer than two workers were collected, so none can be seen to vanish.")
    for worker, pulses in by_worker.items():
        end = max(pulse.ended for pulse in pulses)
        ending = [pulse for pulse in pulses if end - pulse.ended <= slack]
        steady = [pulse for pulse in ending if latest - end > STEADY * pulse.mean]
        if not steady or latest - end < timedelta(minutes=1) or not inside(index.window, ending[0].last):
            continue
        several = len({(pulse.artifact.id, pulse.first.site) for pulse in ending}) >= enough
        if not several and health_says.CORRELATOR.evaluate(None, UNPLANNED, index).state is not State.HOLDS:
            return unknown(f"Only one log of {worker} was collected, so it is not known whether all ended at once.")
        stops = [stop for stop in index.watched(text(args, "regex", STOP)).hits if _of(stop, worker, end)]
        if stops:
            return fails(f"The logs of {worker} end with a stop on purpose.", stops[0].place)
        heir = _heir(worker, end, reach, by_worker)
        if heir is None:
            return unknown(f"The logs of {worker} end at {end:%H:%M:%S} UTC; no other worker is seen to take over.")
        said = f"{len(ending)} logs of {worker} end at {end:%H:%M:%S} UTC, without a line on stopping"
        said += f"; {heir.instance} begins at {heir.ts:%H:%M:%S} UTC"
        return holds(
            said + ".",
            *(pulse.last for pulse in ending[:4]),
            heir,
            worker=worker,
            ended=f"{end:%H:%M:%S}",
            successor=heir.instance or "",
        )
    return fails("No worker's logs end all at once.")


def _of(stop: Hit, worker: str, end: datetime) -> bool:
    place = stop.place
    near = place.ts is not None and end - timedelta(minutes=2) <= place.ts <= end + timedelta(seconds=30)
    return near and place.instance in (None, worker)


def _heir(worker: str, end: datetime, reach: timedelta, by_worker: dict[str, list[Pulse]]) -> Place | None:
    """The first record of a worker whose logs begin after the other's end."""
    firsts = [min((pulse.first for pulse in found), key=_when) for name, found in by_worker.items() if name != worker]
    later = [place for place in firsts if place.ts is not None and end < place.ts <= end + reach]
    return min(later, key=_when, default=None)


def _when(place: Place) -> float:
    return place.ts.timestamp() if place.ts else 0.0


CORRELATOR = Correlator(
    "worker_vanished", frozenset({"slack_s", "within_min", "min_logs", "regex"}), _evaluate, (STOP,)
)
