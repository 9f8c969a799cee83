"""Queries: the result and its text side by side; no workspace, no table, no rows and a part are told apart."""

from __future__ import annotations

import json

import pytest

from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import run_against, serving
from tests.fakes.survey import GROUP, SITE

pytestmark = pytest.mark.enable_socket

WORKSPACE = GROUP.replace("Microsoft.Web", "Microsoft.OperationalInsights/workspaces/logs")
COMPONENT = GROUP.replace("Microsoft.Web", "Microsoft.Insights/components/insights")
ASK = "/query"


def rows(*values, **more):
    columns = [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Message", "type": "string"}]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": [list(row) for row in values]}], **more}


FIRST = ("2026-04-04T11:30:00Z", "Stopping site shop")
SECOND = ("2026-04-04T11:31:00Z", "Container shop_1 failed")
NO_TABLE = (
    400,
    {
        "error": {
            "code": "BadArgumentError",
            "message": "The request had some invalid properties",
            "innererror": {
                "code": "SemanticError",
                "innererror": {
                    "message": "Failed to resolve table or column expression named 'AppServicePlatformLogs'"
                },
            },
        }
    },
)


@pytest.fixture
def case(make_case):
    return make_case(target=AzureTarget(resource_id=SITE))


def test_the_text_that_was_asked_stands_beside_the_result(case):
    with serving({ASK: rows(FIRST)}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    text = ran.data("azure/logs/AppServicePlatformLogs.kql").decode()
    (asked, *_) = arm.asked
    sent = json.loads(asked.get_data())
    assert ran.steps["logs.platform"].outcome.state == "collected"
    assert asked.path == f"/logs{WORKSPACE}/query"
    assert sent["query"] in text
    assert f"_ResourceId =~ '{SITE}'" in sent["query"]
    assert sent["timespan"] == "2026-04-04T10:00:00Z/2026-04-04T13:00:00Z"
    assert text.startswith(f"// asked of {WORKSPACE}\n// at 20")
    assert sent["timespan"] in text
    kinds = {artifact.path.rpartition(".")[2]: artifact.kind.value for artifact in ran.artifacts}
    assert kinds == {"json": "log-table", "kql": "text"}


def test_rows_that_come_late_stand_in_a_second_file_alone(case):
    answers = [rows(FIRST), rows(FIRST, SECOND)]
    with serving({ASK: lambda request: answers.pop(0)}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    late = ran.json("azure/logs/AppServicePlatformLogs.late.json")
    assert late["tables"][0]["rows"] == [list(SECOND)]
    assert "azure/logs/AppServicePlatformLogs.late.kql" in ran.paths


def test_a_table_that_is_not_there_names_the_category_to_switch_on(case):
    with serving({ASK: NO_TABLE}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    step = ran.steps["logs.platform"]
    assert step.outcome.state == "missing"
    assert step.expected
    assert '"category":"AppServicePlatformLogs"' in step.outcome.hint
    assert ran.artifacts == ()


def test_another_mistake_of_a_query_is_no_missing_table(case):
    refused = (400, {"error": {"code": "BadArgumentError", "message": "syntax error"}})
    with serving({ASK: refused}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    assert ran.steps["logs.platform"].outcome.state == "failed"


def test_a_part_of_a_result_is_kept_and_called_a_part(case):
    with serving({ASK: rows(FIRST, error={"code": "PartialError", "message": "took too long"})}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    assert ran.steps["logs.platform"].outcome.state == "partial"
    assert "took too long" in ran.steps["logs.platform"].outcome.reason
    assert ran.json("azure/logs/AppServicePlatformLogs.json")["tables"][0]["rows"] == [list(FIRST)]


def test_a_result_that_reaches_the_limit_of_the_query_is_called_a_part(case):
    many = [(f"2026-04-04T11:30:00.{number:06d}Z", "scan") for number in range(500)]
    with serving({ASK: rows(*many)}) as arm:
        ran = run_against(case, arm, "logs.antivirus", workspaces=(WORKSPACE,))

    assert ran.steps["logs.antivirus"].outcome.state == "partial"
    assert "only the first 500 rows" in ran.steps["logs.antivirus"].outcome.reason


def test_no_rows_are_an_answer(case):
    with serving({ASK: rows()}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE,))

    assert ran.steps["logs.platform"].outcome.state == "empty"


def test_every_workspace_is_asked(case):
    other = WORKSPACE.replace("/logs", "/audit")
    with serving({ASK: rows(FIRST)}) as arm:
        ran = run_against(case, arm, "logs.platform", workspaces=(WORKSPACE, other))

    assert "azure/logs/AppServicePlatformLogs.json" in ran.paths
    assert "azure/logs/AppServicePlatformLogs-2.json" in ran.paths


def test_without_a_workspace_or_component_nothing_is_asked_and_the_setting_is_named(case):
    with serving({ASK: rows(FIRST)}) as arm:
        ran = run_against(case, arm, "logs.platform", "ai.requests")

    assert {step.outcome.state for step in ran.steps.values()} == {"missing"}
    assert "diagnostic-settings create" in ran.steps["logs.platform"].outcome.hint
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in ran.steps["ai.requests"].outcome.hint
    assert arm.asked == []


def test_the_component_is_asked_under_its_own_id(case):
    with serving({ASK: rows(FIRST)}) as arm:
        run_against(case, arm, "ai.exceptions", component_id=COMPONENT)

    assert arm.asked[0].path == f"/logs{COMPONENT}/query"
