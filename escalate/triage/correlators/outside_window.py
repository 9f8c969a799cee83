"""The match lies outside of the incident window: near is not simultaneous."""

from __future__ import annotations

from datetime import timedelta

from escalate.triage.index import LOG_KINDS, Index
from escalate.triage.place import WINDOW_MARGIN, Hit, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    if hit is None or index.window is None or hit.place.ts is None:
        return unknown("Window or time of the match is not known.")
    margin = timedelta(seconds=number(args, "margin_s", WINDOW_MARGIN.total_seconds()))
    tells_when = hit.place.kind in LOG_KINDS or args.get("any_kind") is True
    if not tells_when or inside(index.window, hit.place, margin):
        return fails("The match lies inside the incident window.", hit.place)
    return holds(f"It is of {hit.place.ts:%Y-%m-%d %H:%M:%S} UTC, outside of the incident window.", hit.place)


CORRELATOR = Correlator("outside_window", frozenset({"margin_s", "any_kind"}), _evaluate)
