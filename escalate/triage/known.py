"""The values that titles, commands and questions may name: read from incident and evidence, never made up."""

from __future__ import annotations

import re
from datetime import datetime

from escalate.model.kind import Kind
from escalate.triage.evaluate import Match
from escalate.triage.index import Index

_RESOURCE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Web/sites/(?P<app>[^/]+)",
    re.IGNORECASE,
)

_CWD = re.compile(r"^[^\s:]*@[\w.-]+(?::| )([~/][^#$%\s]*)[#$%\]]")
_RELEASE = re.compile(r"\b(\d+\.\d+\.\d+[\w.+~-]*)")
_ARGUMENT = re.compile(r"^(?:ls|stat|find|dir)\b(?: -\S+)* (/\S+)")


def known_values(index: Index, match: Match | None = None) -> dict[str, str]:
    """Names and times by placeholder; absent where the evidence does not tell."""
    target = index.incident.target
    values: dict[str, str] = {}
    found = _RESOURCE.search(target.resource_id or "")
    if found and target.resource_id:
        values |= {"resource_id": target.resource_id, **found.groupdict()}
    values |= {name: value for name, value in (("sku", target.sku), ("region", target.region)) if value}
    values |= {name: value for name, value in (("runtime", target.runtime),) if value}
    if index.window is not None:
        start, end = index.window.start, index.window.end
        values |= {"t0": _stamp(start), "t1": _stamp(end), "window": span(start, end)}
    if match is not None:
        values |= _times(match)
        values |= _folder(index, match)
        values |= match.values
    worker = worker_of(index, match)
    if worker:
        values["worker"] = worker
        if worker in target.instance_ids:
            values["instance_id"] = target.instance_ids[worker]
    also = sorted(other for other, name in index.aliases.items() if name == worker)
    if also:
        values["also_named"] = ", ".join(also)
    release = release_of(index, worker)
    if release:
        values.setdefault("uname", release)
    return values


def release_of(index: Index, worker: str | None) -> str | None:
    """The newest release that `uname` told on this worker, or where no transcript names a worker."""
    told: list[tuple[float, str]] = []
    for place in index.facts.of(Kind.SHELL_TRANSCRIPT):
        command = str(place.fields.get("command") or "")
        found = _RELEASE.search(place.excerpt) if command.startswith("uname") else None
        if found and not place.fields.get("is_prompt") and place.instance in (worker, None):
            told.append((place.ts.timestamp() if place.ts else 0.0, found[1]))
    return max(told, key=lambda item: item[0])[1] if told else None


def worker_of(index: Index, match: Match | None) -> str | None:
    """The affected worker: named by the match, else the only one that the evidence knows."""
    if match is not None:
        named = match.values.get("worker") or (match.instances[0] if len(match.instances) == 1 else None)
        if named:
            return named
    known = index.instances()
    return known[0] if len(known) == 1 else None


def _times(match: Match) -> dict[str, str]:
    """First and last sign that were kept, to the second."""
    seen = [hit.place.ts for hit in match.hits if hit.place.ts is not None]
    return {"first": f"{min(seen):%H:%M:%S} UTC", "last": f"{max(seen):%H:%M:%S} UTC"} if seen else {}


def _folder(index: Index, match: Match) -> dict[str, str]:
    """Where a command of a transcript ran: the folder it names, else the one in its prompt."""
    place = match.hits[0].place
    if place.kind is not Kind.SHELL_TRANSCRIPT:
        return {}
    lines = (line for line in index.facts.of(Kind.SHELL_TRANSCRIPT) if line.artifact.id == place.artifact.id)
    asked = [line for line in lines if line.fields.get("is_prompt") and line.line <= place.line]
    if not asked:
        return {}
    named = _ARGUMENT.search(str(asked[-1].fields.get("command") or ""))
    prompt = _CWD.match(asked[-1].excerpt)
    folder = named[1] if named else prompt[1] if prompt else None
    return {"folder": folder} if folder else {}


def span(start: datetime, end: datetime) -> str:
    """`2021-10-08 09:10-09:40 UTC`."""
    if start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M} UTC"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
