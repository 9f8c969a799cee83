"""Queries: the wire, partial results, no answer without tables."""

from __future__ import annotations

import json

import pytest
from werkzeug.wrappers import Response

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.logs import Logs

TABLES = {"tables": [{"name": "PrimaryResult", "columns": [], "rows": []}]}
SITE = "/subscriptions/s/resourceGroups/r r/providers/Microsoft.Web/sites/x"


@pytest.mark.parametrize(
    ("ask", "path", "scope"),
    [
        (
            lambda logs: logs.workspace("guid", "T | take 1", "a/b"),
            "/logs/v1/workspaces/guid/query",
            "https://logs.test",
        ),
        (lambda logs: logs.resource(SITE, "T | take 1", "a/b"), f"/logs/v1{SITE}/query", "https://logs.test"),
        (
            lambda logs: logs.component("guid", "T | take 1", "a/b"),
            "/insights/v1/apps/guid/query",
            "https://insights.test",
        ),
    ],
)
def test_each_kind_of_query_goes_to_its_service(serve, connect, ask, path, scope):
    server = serve(lambda request: Response(json.dumps(TABLES)))
    line = connect(server.url)
    assert ask(Logs(line.channel)).json() == TABLES
    (request,) = server.asked
    assert (request.method, request.path) == ("POST", path)
    assert request.get_json() == {"query": "T | take 1", "timespan": "a/b"}
    assert request.headers["Prefer"] == "wait=180"
    assert line.tokens.scopes == [f"{scope}/.default"]


def test_a_partial_result_is_an_answer(serve, connect):
    partial = {**TABLES, "error": {"code": "PartialError", "message": "some"}}
    server = serve(lambda request: Response(json.dumps(partial)))
    assert Logs(connect(server.url).channel).workspace("g", "T", "a").json() == partial


def test_a_query_may_be_repeated(serve, connect):
    server = serve(lambda request: Response("", 504) if len(server.asked) == 1 else Response(json.dumps(TABLES)))
    Logs(connect(server.url).channel).workspace("g", "T", "a")
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", ["", "{}", "[]", "<html>", '{"tables": null}'])
def test_an_answer_without_tables_is_invalid(serve, connect, body):
    server = serve(lambda request: Response(body))
    with pytest.raises(AzureFailure) as caught:
        Logs(connect(server.url).channel).workspace("g", "T", "a")
    assert caught.value.why is Why.INVALID


def test_a_cloud_without_the_service_says_so(connect):
    with pytest.raises(AzureFailure) as caught:
        Logs(connect("http://127.0.0.1:1", logs="").channel).workspace("g", "T", "a")
    assert caught.value.why is Why.MISSING
