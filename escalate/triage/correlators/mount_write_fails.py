"""Whether a shell transcript shows a write that failed, or one that worked: storage in reach, credentials in order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

_WRITE = re.compile(r"\b(?:touch|tee|dd|cp|mv|mkdir)\b.*&&\s*echo\s+(?P<mark>\S+)")
_REFUSED = re.compile(r"^(?:touch|tee|dd|cp|mv|mkdir): .*(?:Permission denied|Read-only file system|not permitted)")


def _evaluate(_hit: Hit | None, _args: Args, index: Index) -> Result:
    lines = index.facts.of(Kind.SHELL_TRANSCRIPT)
    refused = [place for place in lines if _REFUSED.search(place.excerpt)]
    if refused:
        return holds("A write in the transcript was refused.", refused[0])
    worked = write_that_worked(lines)
    if worked:
        return fails("A write in the transcript worked.", *worked)
    return unknown("No transcript tries to write to the mounted storage.")


def write_that_worked(lines: Sequence[Place]) -> list[Place]:
    """The command that wrote and the line that proves it; empty when there is none."""
    for position, place in enumerate(lines):
        match = _WRITE.search(place.excerpt)
        if match and place.fields.get("is_prompt") is not False:
            for answer in lines[position + 1 : position + 3]:
                if answer.excerpt.strip() == match["mark"]:
                    return [place, answer]
    return []


CORRELATOR = Correlator("mount_write_fails", frozenset(), _evaluate)
