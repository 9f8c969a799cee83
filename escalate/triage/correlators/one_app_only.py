"""A text stands in the logs of some apps of the plan and not in those of the others, which cover the same time."""

from __future__ import annotations

from escalate.triage.index import Index
from escalate.triage.place import WINDOW_MARGIN, Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, text, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    what = text(args, "what", "this text")
    found = [one.place for one in index.watched(text(args, "regex")).hits if inside(index.window, one.place)]
    having = {place.site for place in found if place.site}
    without = _covering(index) - having
    if not having:
        return unknown(f"Which app has {what} is not in the evidence.")
    names = ", ".join(sorted(having))
    if not without and len(having) > 1:
        return fails(f"All apps of the plan that were collected have {what}: {names}.", *found[:2])
    if not without:
        return unknown(f"Logs of another app of the plan, which would show {what} too, were not collected.")
    return holds(f"Only {names} has {what}; {', '.join(sorted(without))} has not.", *found[:2])


def _covering(index: Index) -> set[str]:
    """Apps with a log, or with rows of a table, in the window."""
    window = index.window.widened(WINDOW_MARGIN) if index.window else None
    named = {artifact.id: artifact.site for artifact in index.artifacts}
    spans = [(named.get(row.artifact), row.first_utc, row.last_utc) for row in index.logs]
    spans += [(site, first, last) for site, (first, last) in index.sites.items()]
    return {
        site for site, first, last in spans if site and (not window or (first <= window.end and last >= window.start))
    }


CORRELATOR = Correlator("one_app_only", frozenset({"regex", "what"}), _evaluate)
