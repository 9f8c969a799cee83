"""The dump of a whole machine of one's own: bugcheck with its parameters, or release and time of a crashed Linux."""

from __future__ import annotations

from escalate.formats.bugchecks import ASKED_FOR
from escalate.model.kind import Kind
from escalate.triage.dumps import dumps_of
from escalate.triage.facts import amount
from escalate.triage.index import Index
from escalate.triage.place import Hit
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    system = text(args, "system")
    dumps = dumps_of(index, Kind.KERNEL_DUMP)
    if not dumps:
        return unknown("No dump of a machine of one's own is in the evidence.")
    named = [place for place in dumps if str(place.fields.get("system") or "").startswith(system)]
    asked = [place for place in named if amount(place, "code") in ASKED_FOR]
    crashed = [place for place in named if place not in asked]
    if not crashed:
        return (
            fails("The dump of a machine was asked for, not made by a crash.", *asked)
            if asked
            else fails(f"No dump of a {system} machine is in the evidence.", *dumps[:3])
        )
    first = crashed[0]
    code, release = amount(first, "code"), str(first.fields.get("system"))
    if code is None:
        return holds(f"A machine of one's own with {release} wrote a crash dump.", *crashed[:3], release=release)
    parameters = str(first.fields.get("parameters") or "")
    module = str(first.fields.get("module") or "")
    name = str(first.fields.get("signal"))
    said = f"A machine of one's own with {release} stopped with 0x{int(code):X} {name} ({parameters})"
    said += f", and its dump names {module}" if module else ""
    return holds(
        f"{said}.",
        *crashed[:3],
        release=release,
        code=f"0x{int(code):X}",
        name=name,
        parameters=parameters,
    )


CORRELATOR = Correlator("machine_dump", frozenset({"system"}), _evaluate)
