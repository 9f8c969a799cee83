"""The activity log of the subscription."""

from __future__ import annotations

import re
from datetime import timedelta

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.times import moment
from escalate.lab.state import now
from escalate.lab.world import Json

PAGE = 3
KEPT = timedelta(days=90, hours=1)
_CLAUSE = re.compile(r"(?P<name>\w+)\s+(?P<operator>eq|ge|le)\s+'(?P<value>[^']*)'", re.IGNORECASE)
_FIELDS = {
    "resourceuri": "resourceId",
    "resourcegroupname": "resourceGroupName",
    "resourceprovider": "resourceProviderName",
    "correlationid": "correlationId",
}


def _values(ask: Ask) -> Response:
    """Newest first; `$filter` must say from when, and may say until when and which resource; `$select` picks fields."""
    text = ask.request.args.get("$filter", "")
    clauses = [(match["name"].lower(), match["operator"].lower(), match["value"]) for match in _CLAUSE.finditer(text)]
    start = next((moment(value) for name, how, value in clauses if (name, how) == ("eventtimestamp", "ge")), None)
    if start is None:
        raise Refusal(400, "BadRequest", "The $filter must contain eventTimestamp ge '<time>'.")
    if start < now() - KEPT:
        raise Refusal(400, "BadRequest", "The start time cannot be more than 90 days in the past.")
    unknown = {name for name, _, _ in clauses} - {"eventtimestamp", *_FIELDS}
    if unknown:
        raise Refusal(400, "BadRequest", f"The $filter names {', '.join(sorted(unknown))}, which cannot be filtered.")
    found = [record for record in ask.state.signals.activity if all(_fits(record, *clause) for clause in clauses)]
    found.sort(key=lambda record: moment(str(record["eventTimestamp"])), reverse=True)
    wanted = {name.strip() for name in ask.request.args.get("$select", "").split(",") if name.strip()}
    return ask.page([_picked(record, wanted) for record in found], PAGE)


def _fits(record: Json, name: str, operator: str, value: str) -> bool:
    if name == "eventtimestamp":
        at = moment(str(record["eventTimestamp"]))
        return at >= moment(value) if operator == "ge" else at <= moment(value)
    there = record.get(_FIELDS[name], "")
    text = there.get("value", "") if isinstance(there, dict) else there
    return str(text).casefold() == value.casefold()


def _picked(record: Json, wanted: set[str]) -> Json:
    return {name: value for name, value in record.items() if not wanted or name in wanted}


ROUTES = (
    Route(
        "GET",
        "subscription",
        "/providers/microsoft.insights/eventtypes/management/values",
        "Microsoft.Insights/eventtypes/values/read",
        _values,
    ),
)
