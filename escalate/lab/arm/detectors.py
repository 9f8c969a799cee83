"""Detectors of App Service diagnostics, and the older diagnostics API over the same findings."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.times import stamp, window
from escalate.lab.world import Json

PAGE = 5
LONGEST = timedelta(hours=24, minutes=1)
_WORSE = frozenset({"Critical", "Warning"})


def _own(ask: Ask) -> tuple[Json, ...]:
    """Worlds give the detectors of the app; slots and siblings have none."""
    return ask.state.signals.detectors if ask.app is ask.state.world.app else ()


def _list(ask: Ask) -> Response:
    """Only what they are: no rows."""
    found = [_enveloped(ask, {"metadata": each["metadata"], "dataset": []}) for each in _own(ask)]
    return ask.page(found, PAGE)


def _detector(ask: Ask) -> Response:
    """By `metadata.id`; a display name is not found (microsoft/mcp#2457)."""
    found = _find(ask)
    _check_window(ask)
    return answer(_enveloped(ask, found))


def _find(ask: Ask) -> Json:
    name = ask.args["detector"]
    for each in _own(ask):
        if str(each["metadata"]["id"]).casefold() == name.casefold():
            return each
    raise Refusal(404, "NotFound", f"Detector '{name}' was not found.")


def _check_window(ask: Ask) -> tuple[str, str]:
    start, end = window(ask.request.args.get("startTime"), ask.request.args.get("endTime"), timedelta(hours=24))
    if end - start > LONGEST:
        raise Refusal(400, "BadRequest", "Invalid time range. The range must not be longer than 24 hours.")
    return stamp(start), stamp(end)


def _enveloped(ask: Ask, properties: Json) -> Json:
    return ask.resource(f"detectors/{properties['metadata']['id']}", "sites/detectors", properties)


def _category(ask: Ask) -> str:
    name = ask.args["category"].lower()
    if name != "availability":
        raise Refusal(404, "NotFound", f"Diagnostic category '{ask.args['category']}' was not found.")
    return name


def _legacy_list(ask: Ask) -> Response:
    """The older API knows Windows only."""
    base = f"diagnostics/{_category(ask)}/detectors"
    found = [
        ask.resource(f"{base}/{each['metadata']['id']}", "sites/diagnostics/detectors", _definition(each))
        for each in (() if ask.linux else _own(ask))
    ]
    return ask.page(found, PAGE)


def _definition(detector: Json) -> Json:
    metadata = detector["metadata"]
    return {
        "displayName": metadata.get("name") or metadata["id"],
        "description": metadata.get("description"),
        "rank": 1.0,
        "isEnabled": True,
    }


def _legacy_run(ask: Ask) -> Response:
    category, found = _category(ask), _find(ask)
    start, end = _check_window(ask)
    rows = [
        [
            {"name": str(column["columnName"]), "value": str(cell)}
            for column, cell in zip(each["table"]["columns"], row, strict=True)
        ]
        for each in found.get("dataset", ())
        for row in each["table"]["rows"]
    ]
    properties = {
        "startTime": start,
        "endTime": end,
        "issueDetected": (found.get("status") or {}).get("statusId") in _WORSE,
        "detectorDefinition": _definition(found),
        "metrics": [],
        "abnormalTimePeriods": [],
        "data": rows,
        "responseMetaData": {"dataSource": {"instructions": [], "dataSourceUri": []}},
    }
    below = f"diagnostics/{category}/detectors/{found['metadata']['id']}"
    return answer(ask.resource(below, "sites/diagnostics/detectors", properties))


_READ = "Microsoft.Web/sites/detectors/read"
_LEGACY = "Microsoft.Web/sites/diagnostics"
ROUTES = (
    Route("GET", "site", "/detectors", _READ, _list),
    Route("GET", "site", "/detectors/<detector>", _READ, _detector),
    Route("GET", "site", "/diagnostics/<category>/detectors", f"{_LEGACY}/detectors/read", _legacy_list),
    Route(
        "POST",
        "site",
        "/diagnostics/<category>/detectors/<detector>/execute",
        f"{_LEGACY}/detectors/execute/action",
        _legacy_run,
    ),
)
