"""The values that titles, commands and questions may name: read from incident and evidence, never made up."""

from __future__ import annotations

import re
from datetime import datetime

from escalate.triage.evaluate import Match
from escalate.triage.index import Index

_RESOURCE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/Microsoft\.Web/sites/(?P<app>[^/]+)",
    re.IGNORECASE,
)


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
        values |= match.values
    worker = worker_of(index, match)
    if worker:
        values["worker"] = worker
        if worker in target.instance_ids:
            values["instance_id"] = target.instance_ids[worker]
    return values


def worker_of(index: Index, match: Match | None) -> str | None:
    """The affected worker: named by the match, else the only one that the evidence knows."""
    if match is not None:
        named = match.values.get("worker") or (match.instances[0] if len(match.instances) == 1 else None)
        if named:
            return named
    known = index.instances()
    return known[0] if len(known) == 1 else None


def span(start: datetime, end: datetime) -> str:
    """`2021-10-08 09:10-09:40 UTC`."""
    if start.date() == end.date():
        return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M} UTC"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
