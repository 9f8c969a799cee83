"""A text stands in the logs of one app of the plan and not in those of the others, which cover the same time."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import WINDOW_MARGIN, Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    what = text(args, "what", "this text")
    found = [one.place for one in index.watched(text(args, "regex")).hits if inside(index.window, one.place)]
    having = {place.site for place in found if place.site}
    sites = {artifact.id: artifact.site for artifact in index.artifacts}
    window = index.window.widened(WINDOW_MARGIN) if index.window else None
    covering = {
        site
        for row in index.logs
        if (site := sites.get(row.artifact))
        and (window is None or (row.first_utc <= window.end and row.last_utc >= window.start))
    }
    without = covering - having
    if not having or not without:
        return unknown(f"Logs of another app of the plan, which would show {what} too, were not collected.")
    if len(having) > 1:
        return fails(f"Several apps of the plan have {what}.", *found[:2])
    return holds(f"Only {next(iter(having))} has {what}; {', '.join(sorted(without))} has not.", *found[:2])


CORRELATOR = Correlator("one_app_only", frozenset({"regex", "what"}), _evaluate)
