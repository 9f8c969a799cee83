"""A process is still there, in state D, some time after SIGKILL was sent to it in a terminal."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

_KILL = re.compile(r"\bkill\s+(?:-s\s+)?-?(?:9|KILL|SIGKILL)\s+(?P<pid>\d{1,9})\b")
_SLEEP = re.compile(r"\bsleep\s+(\d{1,5})\b")
_AUX = re.compile(r"^\S+\s+(?P<pid>\d+)\s+[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+\S+\s+(?P<state>[RSDZTtIX]\S*)\s")
_LONG = re.compile(r"^\d+\s+\d+\s+(?P<pid>\d+)\s+\d+\s+-?\d+\s+-?\d+\s+\d+\s+\d+\s+\S+\s+(?P<state>[RSDZTtIX]\S*)\s")
_STATE = re.compile(r"^State:\s+(?P<state>[RSDZTtIX])\b")
_FILE = re.compile(r"/proc/(?P<pid>\d+)/(?P<name>status|wchan)\b")


@dataclass(slots=True)
class _Killed:
    place: Place
    slept: float = 0.0
    seen: Place | None = None
    state: str = ""
    seconds: float = 0.0
    wchan: str = ""
    before: Place | None = None


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    least = number(args, "min_s", 20)
    sessions: dict[str, list[Place]] = defaultdict(list)
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        sessions[place.artifact.id].append(place)
    killed = {(name, pid): one for name, lines in sessions.items() for pid, one in _follow(lines).items()}
    if not killed:
        return unknown("No transcript shows SIGKILL sent to a process that hangs.")
    for (_, pid), one in killed.items():
        if one.seen is not None and one.state.startswith("D") and one.seconds >= least:
            said = f"Process {pid} is in state {one.state} {one.seconds:.0f} s after SIGKILL"
            said += f", in {one.wchan}" if one.wchan else ""
            cites = [one.seen, one.place, *([one.before] if one.before else [])]
            worker = {"worker": one.place.instance} if one.place.instance else {}
            wchan = {"wchan": one.wchan} if one.wchan else {}
            return holds(f"{said}.", *cites, pid=pid, seconds=f"{one.seconds:.0f}", **wchan, **worker)
    first = next(iter(killed.values()))
    return fails("The process that got SIGKILL ended, or is a zombie that nobody waits for.", first.seen or first.place)


def _follow(lines: list[Place]) -> dict[str, _Killed]:
    """What became of each process that got SIGKILL in one session."""
    killed: dict[str, _Killed] = {}
    listed: dict[str, Place] = {}
    for place in lines:
        command = str(place.fields.get("command") or "")
        if place.fields.get("is_prompt"):
            for one in killed.values():
                one.slept += sum(float(seconds) for seconds in _SLEEP.findall(command))
            sent = _KILL.search(command)
            if sent:
                killed.setdefault(sent["pid"], _Killed(place, before=listed.get(sent["pid"])))
            continue
        pid, state = _state(command, place.excerpt)
        if pid and state:
            listed[pid] = place
            if pid in killed:
                _note(killed[pid], place, state)
        named = _FILE.search(command)
        if named and named["name"] == "wchan" and named["pid"] in killed and re.fullmatch(r"\w+", place.excerpt):
            killed[named["pid"]].wchan = place.excerpt
    return killed


def _note(one: _Killed, place: Place, state: str) -> None:
    by_clock = (place.ts - one.place.ts).total_seconds() if place.ts and one.place.ts else 0.0
    if one.seen is None or not state.startswith("D"):
        one.seen, one.state = place, state
    one.seconds = max(one.slept, by_clock)


def _state(command: str, line: str) -> tuple[str | None, str | None]:
    row = _AUX.match(line) or _LONG.match(line)
    if row:
        return row["pid"], row["state"]
    named, told = _FILE.search(command), _STATE.match(line)
    return (named["pid"], told["state"]) if named and told else (None, None)


CORRELATOR = Correlator("survives_kill", frozenset({"min_s"}), _evaluate)
