"""What a command of a shell transcript printed; `output` may name groups, which fill titles and questions."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    command, output = text(args, "command"), text(args, "output")
    what = text(args, "what", f"the output of {command}")
    asked: Place | None = None
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        if hit is not None and hit.place.kind is Kind.SHELL_TRANSCRIPT and not same_session(hit, place):
            continue
        if not re.search(command, str(place.fields.get("command") or "")):
            continue
        if place.fields.get("is_prompt"):
            asked = place
            continue
        match = re.search(output, place.excerpt)
        if match:
            known = {name: value for name, value in match.groupdict().items() if value}
            return holds(f"{what}: {match[0]}.", *([asked] if asked else []), place, **known)
    if asked is None:
        return unknown(f"No transcript shows {what}.")
    return fails(f"The transcript does not show {what}.", asked)


def same_session(hit: Hit, place: Place) -> bool:
    """Whether a transcript line is of the file that the match is in."""
    return place.artifact.id == hit.place.artifact.id


CORRELATOR = Correlator("command_output", frozenset({"command", "output", "what"}), _evaluate)
