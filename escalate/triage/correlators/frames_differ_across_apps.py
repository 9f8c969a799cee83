"""Processes of several apps crash in different places by a signal that was sent to them."""

from __future__ import annotations

from dataclasses import dataclass

from escalate.model.kind import Kind
from escalate.triage.correlators.repeat_same_frame import at_frame
from escalate.triage.dumps import process_crashes
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown

SENT = r"SIG(?:SEGV|BUS|ILL) \(0x[0-9a-f]+\) at pc=(?P<pc>0x[0-9a-f]+) \(sent by kill\), pid=(?P<pid>\d+)"
"""The head line of HotSpot's error report where the signal was sent, as it stands in the app's own log."""
_SENT_SIGNALS = ("SIGSEGV", "SIGBUS", "SIGILL")
"""Signals that only the system raises for a fault; whoever sends them by hand imitates one."""


@dataclass(frozen=True)
class _Crash:
    app: str
    where: str
    place: Place


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    crashes = [*_reported(index), *_logged(index, text(args, "regex", SENT))]
    unique = {(crash.app, crash.place.pid, crash.where): crash for crash in reversed(crashes)}
    crashes = list(unique.values())
    if not crashes:
        return unknown("No crash by a signal that was sent is in the evidence.")
    apps, frames = {crash.app for crash in crashes}, {crash.where for crash in crashes}
    shown = [crash.place for crash in crashes[:5]]
    if len(crashes) < number(args, "min", 2) or len(frames) < 2:
        return fails("The crashes are in one place.", *shown)
    if len(apps) < 2:
        return unknown("All crashes are of one app; what another app of the same worker does is not in the evidence.")
    pids = ", ".join(str(crash.place.pid) for crash in crashes[:5] if crash.place.pid is not None)
    said = (
        f"{len(crashes)} crashes of {len(apps)} apps in {len(frames)} different places, each by a signal that was sent"
    )
    return holds(f"{said}.", *shown, count=str(len(crashes)), pids=pids)


def _reported(index: Index) -> list[_Crash]:
    reported = [
        _Crash(place.site or _of_path(place), str(place.fields.get("frame") or place.fields.get("pc")), at_frame(place))
        for place in index.facts.of(Kind.HS_ERR)
        if place.fields.get("sent_by_kill") is True and inside(index.window, place)
    ]
    dumped = [
        _Crash(crash.app, crash.frame or str(crash.place.fields.get("pc")), crash.place)
        for crash in process_crashes(index)
        if crash.sent and crash.signal in _SENT_SIGNALS
    ]
    return [*reported, *dumped]


def _logged(index: Index, regex: str) -> list[_Crash]:
    return [
        _Crash(found.place.site or _of_path(found.place), found.groups.get("pc", ""), found.place)
        for found in index.watched(regex).hits
        if found.place.kind is not Kind.HS_ERR and inside(index.window, found.place)
    ]


def _of_path(place: Place) -> str:
    """Logs of one folder are of one app, where nothing else names it."""
    return place.artifact.path.rpartition("/")[0]


CORRELATOR = Correlator("frames_differ_across_apps", frozenset({"min", "regex"}), _evaluate, (SENT,))
