"""The same timed command is slow on one worker and quick on another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.model.kind import Kind
from escalate.triage.correlators import one_instance_only
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, number, unknown

_REAL = re.compile(r"^real\s+(?:(?P<minutes>\d+)m)?(?P<seconds>\d+(?:\.\d+)?)s?$")
_TIME = re.compile(r"^time\s+(?P<what>.+?)(?:\s*[0-9&]?>.*)?$")
LOCAL = re.compile(r"\B/tmp/")
"""On the disk of the worker itself."""
_HOST = re.compile(r"^[^\s@]*@(?P<host>[\w.-]+)[: ]")


@dataclass(frozen=True)
class _Timing:
    what: str
    worker: str
    seconds: float
    asked: Place
    place: Place


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    slow, ratio = number(args, "min_s", 2), number(args, "ratio", 20)
    timings = list(_timings(index))
    by_command: dict[str, list[_Timing]] = defaultdict(list)
    for timing in timings:
        by_command[timing.what].append(timing)
    for found in by_command.values():
        worst = max(found, key=lambda timing: timing.seconds)
        others = [timing for timing in found if timing.worker != worst.worker]
        if worst.seconds < slow or not others:
            continue
        quick = min(others, key=lambda timing: timing.seconds)
        if quick.seconds * ratio > worst.seconds:
            return fails(f"`{worst.what}` is slow on every worker.", worst.place, quick.place)
        said = (
            f"`{worst.what}` takes {worst.seconds:.1f} s on {worst.worker} and {quick.seconds:.3f} s on {quick.worker}"
        )
        local = next(
            (t for t in timings if t.worker == worst.worker and LOCAL.search(t.what) and t.seconds < slow), None
        )
        said += f"; the local disk of {worst.worker} is quick ({local.seconds:.2f} s)" if local else ""
        return holds(f"{said}.", worst.place, quick.place, *([local.place] if local else []), worker=worst.worker)
    compared = one_instance_only.CORRELATOR.evaluate(None, {}, index)
    if compared.state is State.HOLDS:
        return compared
    return unknown("No command was timed on two workers, so a slow share cannot be told from a slow worker.")


def _timings(index: Index) -> Iterator[_Timing]:
    asked: Place | None = None
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        if place.fields.get("is_prompt"):
            asked = place
            continue
        real = _REAL.match(place.excerpt.strip())
        if real is None or asked is None or asked.artifact.id != place.artifact.id:
            continue
        timed = _TIME.match(str(asked.fields.get("command") or ""))
        host = _HOST.match(asked.excerpt)
        worker = place.instance or (host["host"] if host else None)
        if timed and worker:
            seconds = 60 * float(real["minutes"] or 0) + float(real["seconds"])
            yield _Timing(timed["what"].strip(), worker, seconds, asked, place)


CORRELATOR = Correlator("other_worker_is_fast", frozenset({"min_s", "ratio"}), _evaluate)
