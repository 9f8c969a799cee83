"""Log Analytics and Application Insights queries, as far as the lab answers them."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.conftest import Got, Start, Wire


def ask(wire: Wire, path: str, query: str, *, resource: str = "loganalytics", **more: Any) -> Got:
    arm = wire.lab.state.arm
    token = wire.token(f"{arm}/{resource}")
    body = json.dumps({"query": query, **more}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return wire.plain("POST", f"{arm}/{resource}/v1{path}/query", headers, body)


def workspace(wire: Wire) -> str:
    return "/workspaces/" + wire.get(wire.lab.state.world.workspace_id).json["properties"]["customerId"]


def test_rows_of_the_table_come_within_the_timespan(start: Start) -> None:
    wire = start()
    query = "// requests\nlet top = 5;\nAppServiceHTTPLogs | where ScStatus >= 500 | take 10"
    table = ask(wire, workspace(wire), query, timespan="PT30M").json["tables"][0]
    assert table["name"] == "PrimaryResult"
    assert [each["name"] for each in table["columns"]] == ["TimeGenerated", "CsMethod", "ScStatus"]
    assert 28 <= len(table["rows"]) <= 30
    assert len(ask(wire, workspace(wire), query).json["tables"][0]["rows"]) == 90


def test_a_resource_can_be_asked_instead_of_a_workspace(start: Start) -> None:
    wire = start()
    assert ask(wire, wire.lab.resource_id, "AppServiceHTTPLogs").status == 200
    assert ask(wire, wire.lab.resource_id + "x", "AppServiceHTTPLogs").status == 404


def test_the_component_knows_tables_by_their_classic_names(start: Start) -> None:
    wire = start()
    app = wire.get(wire.lab.state.world.component_id).json["properties"]["AppId"]
    got = ask(wire, f"/apps/{app}", "requests | take 1", resource="applicationinsights").json["tables"][0]
    assert [each["name"] for each in got["columns"]] == ["timestamp", "operation_Id"]
    assert ask(wire, f"/apps/{app}", "AppRequests", resource="applicationinsights").status == 400


def test_an_unknown_table_is_a_semantic_error(start: Start) -> None:
    wire = start()
    got = ask(wire, workspace(wire), "AppServiceNothing | where 1 == 1")
    inner = got.json["error"]["innererror"]
    assert (got.status, got.json["error"]["code"], inner["code"]) == (400, "BadArgumentError", "SemanticError")
    assert inner["innererror"]["code"] == "SEM0100"
    assert "Failed to resolve table" in inner["innererror"]["message"]


def test_bad_requests_are_told_apart(start: Start) -> None:
    wire = start()
    assert ask(wire, workspace(wire), "").json["error"]["innererror"]["code"] == "SyntaxError"
    assert ask(wire, workspace(wire), "AppServiceHTTPLogs", timespan="soon").status == 400
    assert ask(wire, "/workspaces/none", "AppServiceHTTPLogs").status == 404


def test_queries_want_a_token_for_themselves(start: Start) -> None:
    wire = start()
    url = f"{wire.lab.state.arm}/loganalytics/v1/workspaces/x/query"
    got = wire.plain("POST", url, {"Authorization": f"Bearer {wire.token('https://vault.azure.net')}"}, b"{}")
    assert (got.status, got.json["error"]["code"]) == (401, "AuthorizationRequiredError")
