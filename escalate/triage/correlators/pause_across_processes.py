"""Several processes of one worker fall silent and go on in the same seconds, while another worker goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from escalate.triage.correlators.heaviest_app import own_site
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown
from escalate.triage.rhythm import Pulse, Silence

STEADY = 4
"""A silence counts if it is this many times as long as the mean time between the log's records."""


RUNNING = 5
"""Records before a silence that show a process at work; one that starts is silent by itself."""

USUAL = 2
"""Silences about as long as this one that a log may have in the window."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least, most = timedelta(seconds=number(args, "min_s", 4)), timedelta(seconds=number(args, "max_s", 120))
    slack, enough = timedelta(seconds=number(args, "slack_s", 2)), int(number(args, "min_processes", 2))
    pulses = [pulse for pulse in index.rhythm.pulses.values() if pulse.records >= 10]
    if len(pulses) < enough:
        return unknown("Fewer than two logs write steadily enough to compare their silences.")
    best: list[Silence] = []
    for silence in (item for pulse in pulses for item in pulse.silences if least <= item.length <= most):
        together = _together(silence, pulses, slack)
        if len({writer(one.before) for one in together}) > len(best):
            best = together
    if len(best) < enough:
        return fails("No two processes of one worker fall silent and go on in the same seconds.")
    apps = {one.before.site or own_site(index) for one in best}
    if len(apps) < 2:
        return unknown("All logs that fall silent together are of one app, whose processes may wait for each other.")
    start, end = max(one.start for one in best), min(one.end for one in best)
    worker = best[0].before.instance
    awake = _awake(worker, start, end, pulses)
    if not awake and args.get("need_other") is True:
        return unknown("No log of another worker covers these seconds, so it is not known whether it paused too.")
    seconds = (end - start).total_seconds()
    said = f"{len(best)} processes{f' on {worker}' if worker else ''} wrote nothing from {start:%H:%M:%S} to "
    said += f"{end:%H:%M:%S} UTC and went on in the same seconds"
    said += f"; {awake[0].instance or 'another worker'} went on writing" if awake else ""
    cites = [place for one in best[:3] for place in (one.before, one.after)] + awake[:1]
    return holds(
        said + ".",
        *cites,
        **({"worker": worker} if worker else {}),
        seconds=f"{seconds:.0f}",
        processes=str(len(best)),
        stopped=f"{start:%H:%M:%S}",
        resumed=f"{end:%H:%M:%S}",
    )


def writer(place: Place) -> tuple[str, str | None, str | None]:
    """The artifact and, in a table that many write, app and worker."""
    return place.artifact.id, place.site, place.instance


def _together(silence: Silence, pulses: Sequence[Pulse], slack: timedelta) -> list[Silence]:
    """The silence with those of other logs of the worker that begin and end with it."""
    found = []
    for pulse in pulses:
        if pulse.first.instance != silence.before.instance:
            continue
        same = [
            one
            for one in pulse.silences
            if abs(one.start - silence.start) <= slack
            and abs(one.end - silence.end) <= slack
            and one.length >= STEADY * pulse.mean
            and one.seen >= RUNNING
            and _is_rare(one, pulse)
        ]
        found += same[:1]
    return found


def _is_rare(silence: Silence, pulse: Pulse) -> bool:
    """A log that often pauses so long pauses by its own habit."""
    return sum(2 * one.length >= silence.length for one in pulse.silences) <= USUAL


def _awake(worker: str | None, start: datetime, end: datetime, pulses: Sequence[Pulse]) -> list[Place]:
    """Logs of other workers that wrote through the silence."""
    found = []
    for pulse in pulses:
        first, last = pulse.first.ts, pulse.last.ts
        if pulse.first.instance in (None, worker) or first is None or last is None:
            continue
        if first > start or last < end:
            continue
        if not any(one.start <= start and one.end >= end for one in pulse.silences):
            found.append(pulse.last)
    return found


CORRELATOR = Correlator(
    "pause_across_processes", frozenset({"min_s", "max_s", "slack_s", "min_processes", "need_other"}), _evaluate
)
