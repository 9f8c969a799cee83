"""The query services, Log Analytics and Application Insights.

KQL is hardly interpreted: the first word of a query is its table, and the lab returns the rows of that table that lie
in the request's timespan, added up when the query says `summarize`. Other operators (`where`, ...) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.kql_summarize import summarized
from escalate.lab.arm.monitor import app_id, customer_id
from escalate.lab.arm.times import moment, timespan
from escalate.lab.state import LabState
from escalate.lab.tokens import ARM_AUDIENCES
from escalate.lab.world import Json, Table

LOGS, INSIGHTS = "/loganalytics/v1", "/applicationinsights/v1"
_AUTHORITY = "https://login.microsoftonline.com/"
_TIMES = ("TimeGenerated", "timestamp")
_WORKSPACE = re.compile(rf"{LOGS}/workspaces/(?P<id>[^/]+)/query", re.IGNORECASE)
_RESOURCE = re.compile(rf"{LOGS}(?P<id>/subscriptions/.+)/query", re.IGNORECASE)
_APP = re.compile(rf"{INSIGHTS}/apps/(?P<id>[^/]+)/query", re.IGNORECASE)
_BEFORE = re.compile(r"\s*(?://[^\n]*(?:\n|$)|let\s[^;]*;)", re.IGNORECASE)
_WORD = re.compile(r"\s*(?P<word>\w+)")

_CLASSIC: Mapping[str, str] = MappingProxyType(
    {
        "requests": "AppRequests",
        "dependencies": "AppDependencies",
        "exceptions": "AppExceptions",
        "traces": "AppTraces",
        "performanceCounters": "AppPerformanceCounters",
        "availabilityResults": "AppAvailabilityResults",
    }
)
"""Names of tables at the component's own endpoint."""
_CLASSIC_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "TimeGenerated": "timestamp",
        "DurationMs": "duration",
        "OperationId": "operation_Id",
        "AppRoleName": "cloud_RoleName",
        "AppRoleInstance": "cloud_RoleInstance",
        "ClientIP": "client_IP",
        "DependencyType": "type",
        "ExceptionType": "type",
    }
)


class QuerySite:
    """Answers queries; its refusals have the shape of these services."""

    def __init__(self, state: LabState) -> None:
        self._state = state

    def knows(self, path: str) -> bool:
        """Whether a path is one of the query services."""
        return path.lower().startswith((LOGS, INSIGHTS))

    def answer(self, request: Request) -> Response:
        """Tables, columns and rows."""
        logs = request.path.lower().startswith(LOGS)
        try:
            self._check_sign_in(request, logs=logs)
            tables = self._tables(request.path)
            asked = _asked(request)
            span = timespan(str(asked["timespan"])) if asked.get("timespan") else None
        except Refusal as refusal:
            return _refused(refusal.status, refusal.code, refusal.message, headers=refusal.headers)
        return _run(tables, str(asked.get("query") or ""), span)

    def _check_sign_in(self, request: Request, *, logs: bool) -> None:
        state = self._state
        own = f"{state.arm}/loganalytics" if logs else f"{state.arm}/applicationinsights"
        real = "https://api.loganalytics.io" if logs else "https://api.applicationinsights.io"
        header = request.headers.get("Authorization", "")
        if not state.tokens.takes(header, ARM_AUDIENCES | {own, real}, short=state.faults.on("token-expiry")):
            raise Refusal(
                401,
                "AuthorizationRequiredError",
                "Valid authentication was not provided",
                {"WWW-Authenticate": f'Bearer authorization_uri="{_AUTHORITY}", resource_id="{own}"'},
            )
        if state.faults.on("forbidden"):
            raise Refusal(403, "InsufficientAccessError", "The provided credentials have insufficient access")

    def _tables(self, path: str) -> dict[str, Table]:
        """What can be queried at that path.

        Raises:
            Refusal: there is no such workspace, component or resource.
        """
        world = self._state.world
        tables = {table.name: table for table in self._state.signals.tables}
        workspace, resource, app = _WORKSPACE.fullmatch(path), _RESOURCE.fullmatch(path), _APP.fullmatch(path)
        if app and app["id"].casefold() == app_id(world):
            return {classic: _classic(classic, tables[name]) for classic, name in _CLASSIC.items() if name in tables}
        if workspace and workspace["id"].casefold() == customer_id(world):
            return tables
        if resource:
            known = (
                world.workspace_id,
                world.component_id,
                world.plan_id,
                *(each.resource_id for each in self._state.apps),
            )
            if resource["id"].casefold() in (each.casefold() for each in known):
                return tables
        code = "ApplicationNotFoundError" if path.lower().startswith(INSIGHTS) else "WorkspaceNotFoundError"
        raise Refusal(404, code, "The workspace, application or resource could not be found")


def _asked(request: Request) -> Mapping[str, Any]:
    if request.method == "GET":
        return request.args
    try:
        data = request.get_json(force=True)
    except BadRequest as error:
        raise Refusal(400, "BadArgumentError", "The request body is not JSON") from error
    if not isinstance(data, dict):
        raise Refusal(400, "BadArgumentError", "The request body is not an object")
    return data


def _run(tables: Mapping[str, Table], query: str, span: tuple[datetime, datetime] | None) -> Response:
    text = query
    while before := _BEFORE.match(text):
        text = text[before.end() :]
    word = _WORD.match(text)
    if word is None:
        return _bad("SyntaxError", "SYN0002", "Query could not be parsed: the query is empty")
    table = tables.get(word["word"])
    if table is None:
        name = word["word"]
        return _bad(
            "SemanticError",
            "SEM0100",
            f"'where' operator: Failed to resolve table or column expression named '{name}'"
            if "where" in query
            else f"Failed to resolve table or column expression named '{name}'",
        )
    result = summarized(replace(table, rows=tuple(_within(table, span))), text)
    columns = [{"name": name, "type": kind} for name, kind in result.columns]
    rows = [list(row) for row in result.rows]
    return answer({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]})


def _within(table: Table, span: tuple[datetime, datetime] | None) -> Sequence[tuple[Any, ...]]:
    names = [name for name, _ in table.columns]
    at = next((names.index(name) for name in _TIMES if name in names), None)
    if span is None or at is None:
        return table.rows
    return [row for row in table.rows if span[0] <= moment(str(row[at])) <= span[1]]


def _classic(name: str, table: Table) -> Table:
    """The same rows under the names that columns have at the component's own endpoint."""
    columns = tuple(
        (_CLASSIC_COLUMNS.get(column, column if column.startswith("_") else column[0].lower() + column[1:]), kind)
        for column, kind in table.columns
    )
    return Table(name, columns, table.rows)


def _bad(kind: str, code: str, message: str) -> Response:
    inner: Json = {
        "code": kind,
        "message": "A semantic error occurred.",
        "innererror": {"code": code, "message": message},
    }
    return _refused(400, "BadArgumentError", "The request had some invalid properties", inner)


def _refused(
    status: int, code: str, message: str, inner: Json | None = None, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    error: Json = {"message": message, "code": code}
    if inner is not None:
        error["innererror"] = inner
    return answer({"error": error}, status, headers)
