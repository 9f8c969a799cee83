"""A control: the same program works with one thing changed, or other workers do under the same load."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.triage.correlators import one_instance_only, repro_elsewhere
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, State, fails, holds, text, unknown

REACH = 3
"""Commands after the changed one whose output still tells of it."""


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    command, output = text(args, "command"), text(args, "output", r"^(?:200|204)\b|HTTP/[\d.]+ 20[04]|\bKilled\b")
    what = text(args, "what", "the same program with one thing changed")
    asked: Place | None = None
    after = 0
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        if place.fields.get("is_prompt"):
            after += 1
            if re.search(command, str(place.fields.get("command") or "")):
                asked, after = place, 0
            continue
        told = asked is not None and place.artifact.id == asked.artifact.id and after < REACH
        if asked is not None and told and re.search(output, place.excerpt.strip()):
            return holds(f"The control worked: {what}.", asked, place)
    if asked is not None:
        return fails(f"The control did not work either: {what}.", asked)
    reproduced = repro_elsewhere.CORRELATOR.evaluate(None, {"events": ["hung_task"], "task": text(args, "task")}, index)
    if text(args, "task") and reproduced.state is State.HOLDS:
        return reproduced
    compared = one_instance_only.CORRELATOR.evaluate(None, {}, index)
    if compared.state is State.HOLDS:
        return compared
    return unknown(f"No control run is in the evidence ({what}), and no other worker can be compared.")


CORRELATOR = Correlator("control_run", frozenset({"command", "output", "what", "task"}), _evaluate)
