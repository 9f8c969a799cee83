"""Resource health or service health tells of a failure on the platform's side at that time."""

from __future__ import annotations

import re
from datetime import timedelta

from escalate.model.kind import Kind
from escalate.triage.index import Index
from escalate.triage.place import Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    wanted = re.compile(text(args, "regex"))
    margin = timedelta(minutes=number(args, "margin_min", 10))
    rows = index.facts.of(Kind.RESOURCE_HEALTH, Kind.SERVICE_HEALTH)
    if not rows:
        return unknown("Neither resource health nor service health was collected.")
    near = [place for place in rows if place.ts is not None and inside(index.window, place, margin)]
    bad = [place for place in near if str(place.fields.get("state", "")).lower() not in ("available", "resolved")]
    said = [place for place in bad if wanted.search(place.excerpt)]
    if not said:
        return fails("Resource health and service health tell of no failure of the platform at that time.", *rows[:1])
    first = said[0]
    tracking = first.fields.get("tracking_id")
    known = {"tracking_id": str(tracking)} if tracking else {}
    when = f" from {first.ts:%H:%M:%S} UTC" if first.ts else ""
    return holds(f"Azure's own health record tells of a failure{when}.", *said[:3], **known)


CORRELATOR = Correlator("health_says", frozenset({"regex", "margin_min"}), _evaluate)
