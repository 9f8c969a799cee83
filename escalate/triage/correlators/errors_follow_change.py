"""Server errors of all workers begin within minutes of a change, and there were next to none before it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from escalate.triage.correlators.customer_action_near import actions
from escalate.triage.index import Index
from escalate.triage.place import Hit, Place, inside
from escalate.triage.result import Args, Correlator, Result, fails, holds, number, unknown

NO_CHANGE = re.compile(r"(?:re)?start(?:sites)?/action|^(?:re)?start |reboot|autoscale", re.IGNORECASE)
"""A restart or scaling changes neither code nor configuration, and is often the answer to errors."""

BEFORE = timedelta(minutes=15)
AFTER = timedelta(minutes=10)
CITED = 3


def _evaluate(hit: Hit | None, args: Args, index: Index) -> Result:
    reach = timedelta(minutes=number(args, "within_min", 5))
    changes = [place for place in actions(index) if not NO_CHANGE.search(str(place.fields.get("operation", "")))]
    near = [place for place in changes if inside(index.window, place, timedelta(minutes=15))]
    if not index.http.minutes:
        return unknown("No HTTP rows were collected, so errors before and after a change cannot be compared.")
    for change in near:
        moment = change.ts
        if moment is None or not _breaks(index, moment, reach, number(args, "share", 0.3)):
            continue
        before, after = _rates(index, moment - BEFORE, moment), _rates(index, moment, moment + reach + AFTER)
        done, minutes = change.fields.get("operation"), (reach + AFTER).total_seconds() / 60
        rows = [place for place in index.http.rows(frozenset(range(500, 600))) if place.ts and place.ts >= moment]
        return holds(
            f"Server errors were {before[1]} of {before[0]} requests in the 15 min before {done} at "
            f"{moment:%H:%M:%S} UTC and {after[1]} of {after[0]} in the {minutes:.0f} min after.",
            change,
            *rows[:CITED],
            operation=str(done),
            changed=f"{moment:%H:%M:%S}",
        )
    return fails("No change of code or configuration stands shortly before the server errors began.", *_first(near))


def _breaks(index: Index, moment: datetime, reach: timedelta, share: float) -> bool:
    """Whether the errors begin after the moment, soon, and on every worker that has requests."""
    total, errors = _rates(index, moment - BEFORE, moment)
    after_total, after_errors = _rates(index, moment, moment + reach + AFTER)
    if total < 5 or errors > 0.02 * total or after_errors < 5 or after_errors < share * after_total:
        return False
    began = min(
        (minute for (_, minute), cell in index.http.minutes.items() if cell.errors and minute >= _floor(moment)),
        default=None,
    )
    if began is None or began > moment + reach:
        return False
    workers = {name for name, minute in index.http.minutes if minute >= moment}
    failing = {name for (name, minute), cell in index.http.minutes.items() if minute >= _floor(moment) and cell.errors}
    return failing >= workers


def _rates(index: Index, start: datetime, end: datetime) -> tuple[int, int]:
    """(requests, server errors) of the whole minutes from start to end, that of the start only if it is the first."""
    cells = [cell for (_, minute), cell in index.http.minutes.items() if _floor(start) <= minute < _floor(end)]
    return sum(cell.total for cell in cells), sum(cell.errors for cell in cells)


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _first(places: list[Place]) -> list[Place]:
    return places[:1]


CORRELATOR = Correlator("errors_follow_change", frozenset({"within_min", "share"}), _evaluate)
