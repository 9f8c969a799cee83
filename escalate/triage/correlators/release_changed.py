"""The release that `uname` tells differs between two samples."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import OLDEST, Hit, Place
from escalate.triage.result import Args, Correlator, Result, fails, holds, unknown

_RELEASE = re.compile(r"\b(\d+\.\d+\.\d+[\w.+~-]*)")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    found: dict[str | None, list[tuple[str, Place]]] = {}
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        command = str(place.fields.get("command") or "")
        match = _RELEASE.search(place.excerpt) if re.match(r"uname\b", command) else None
        if match and not place.fields.get("is_prompt"):
            found.setdefault(place.instance, []).append((match[1], place))
    if not found:
        return unknown("No sample of uname was taken.")
    everything = sorted((item for taken in found.values() for item in taken), key=lambda item: item[1].ts or OLDEST)
    first, last = everything[0], everything[-1]
    if first[0] == last[0]:
        return fails("All samples of uname tell the same release.", first[1])
    return holds(
        f"uname tells {first[0]} first and {last[0]} later.", first[1], last[1], before=first[0], after=last[0]
    )


CORRELATOR = Correlator("release_changed", frozenset(), _evaluate)
