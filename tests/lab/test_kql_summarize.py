"""The lab's `summarize`, with the queries of the catalogue."""

from __future__ import annotations

import pytest

from escalate.collect.entries import entries
from escalate.lab.arm.kql_summarize import summarized
from escalate.lab.world import Table
from escalate.model.plan import QueryRequest

KQL = {entry.id: entry.request.kql for entry in entries() if isinstance(entry.request, QueryRequest)}
HTTP = Table(
    "AppServiceHTTPLogs",
    (("TimeGenerated", "datetime"), ("ComputerName", "string"), ("ScStatus", "long"), ("TimeTaken", "long")),
    (
        ("2026-04-04T11:00:01Z", "w1", 200, 10),
        ("2026-04-04T11:00:59.1234567Z", "w1", 503, 900),
        ("2026-04-04T11:00:30Z", "w2", 404, 20),
        ("2026-04-04T11:01:00Z", "w1", 200, 30),
    ),
)


def rows(table):
    names = [name for name, _ in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def test_requests_are_counted_by_worker_and_minute():
    found = rows(summarized(HTTP, KQL["logs.http.minutes"]))

    assert [(row["ComputerName"], row["TimeGenerated"], row["Requests"]) for row in found] == [
        ("w1", "2026-04-04T11:00:00Z", 2),
        ("w2", "2026-04-04T11:00:00Z", 1),
        ("w1", "2026-04-04T11:01:00Z", 1),
    ]
    assert [(row["Errors4xx"], row["Errors5xx"], row["P95Ms"], row["MaxMs"]) for row in found] == [
        (0, 1, 900, 900),
        (1, 0, 20, 20),
        (0, 0, 30, 30),
    ]


def test_messages_are_counted_by_what_they_say():
    columns = (("TimeGenerated", "datetime"), ("Host", "string"), ("Message", "string"))
    said = ("Container x failed to start", "Starting Site shop", "Container for shop")
    table = Table("AppServicePlatformLogs", columns, tuple(("2026-04-04T11:00:01Z", "w1", each) for each in said))

    assert [(row["What"], row["Times"]) for row in rows(summarized(table, KQL["logs.restarts"]))] == [
        ("failed", 1),
        ("starting", 1),
        ("container", 1),
    ]


def test_failures_are_counted_by_target():
    columns = (("TimeGenerated", "datetime"), ("Target", "string"), ("DependencyType", "string"))
    columns += (("AppRoleInstance", "string"), ("Success", "bool"), ("DurationMs", "real"))
    made = [("2026-04-04T11:02:00Z", "db", "SQL", "w1", success, 5.0) for success in (True, False, False)]

    (row,) = rows(summarized(Table("AppDependencies", columns, tuple(made)), KQL["ai.dependencies.targets"]))

    assert (row["Calls"], row["Failed"], row["TimeGenerated"]) == (3, 2, "2026-04-04T11:00:00Z")


@pytest.mark.parametrize("name", sorted(each for each, kql in KQL.items() if "summarize" not in kql))
def test_other_queries_leave_the_rows_as_they_are(name):
    assert summarized(HTTP, KQL[name]) is HTTP
