"""A control inside one transcript: the file read another way is right, other operations on the mount succeed."""

from __future__ import annotations

import re
from collections import defaultdict

from escalate.model.kind import Kind
from escalate.triage.correlators.command_output import same_session
from escalate.triage.correlators.mount_write_fails import write_that_worked
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place
from escalate.triage.result import Args, Cite, Correlator, Result, State, fails, unknown

_HASH = re.compile(r"^(?P<hash>[0-9a-f]{32,128}) [ *](?P<file>\S+)$")


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    if hit is None:
        return unknown("There is no transcript with the failing request.")
    lines = [place for place in index.facts.of(Kind.SHELL_TRANSCRIPT) if same_session(hit, place)]
    sums: dict[str, list[tuple[str, Place]]] = defaultdict(list)
    for place in lines:
        match = _HASH.match(place.excerpt.strip())
        if match:
            sums[match["file"].rsplit("/", 1)[-1]].append((match["hash"], place))
    read = next((found for found in sums.values() if len({place.line for _, place in found}) >= 2), None)
    if read is None:
        return unknown("The transcript does not read the same file in another way (two checksums of it).")
    places = [place for _, place in read[:2]]
    if len({value for value, _ in read}) > 1:
        return fails("Two plain reads of the same file give different checksums.", *places)
    written = write_that_worked(lines)
    cites = [Cite(place) for place in (*places, *written)]
    sentence = "Two plain reads of the file give the same checksum"
    sentence += ", and writing to the mount works" if written else ""
    return Result(State.HOLDS, sentence + ": only the way it is served differs.", tuple(cites))


CORRELATOR = Correlator("works_otherwise", frozenset(), _evaluate)
