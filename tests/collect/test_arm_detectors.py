"""Detectors: which are run, over which time, what they found, and that one that fails does not stop the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from escalate.collect.detectors import Detector, chosen, insights, state_of, time_asked
from escalate.model.incident import Window
from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import run_against, serving
from tests.fakes.survey import SITE

NOON = datetime(2026, 4, 4, 12, tzinfo=UTC)
TOPIC = {"id": "32440123", "pesId": "14748"}


def metadata(name, category="Availability and Performance", topics=(TOPIC,)):
    return {"id": name, "name": f"About {name}", "category": category, "supportTopicList": list(topics)}


def listed(*names):
    return {"value": [{"name": name, "properties": {"metadata": metadata(name)}} for name in names]}


def dataset(*rows, title="Insights"):
    columns = [{"columnName": name} for name in ("Status", "Message", "Data.Value")]
    return {"table": {"columns": columns, "rows": [list(row) for row in rows]}, "renderingProperties": {"title": title}}


def test_detectors_of_other_categories_are_left_out_and_those_without_one_are_run():
    found = chosen(
        [
            {"properties": {"metadata": metadata("snat")}},
            {"properties": {"metadata": metadata("tls", "SSL and Domains")}},
            {"properties": {"metadata": metadata("plain", "")}},
            {"properties": {"metadata": metadata("snat")}},
            {"properties": None},
        ]
    )

    assert [each.id for each in found] == ["snat", "plain"]


@pytest.mark.parametrize(
    ("start", "end", "asked"),
    [
        (NOON - timedelta(hours=3), NOON - timedelta(hours=2), ("08:30", "10:30")),
        (NOON - timedelta(minutes=10), NOON, ("11:15", "11:45")),
        (NOON - timedelta(days=3), NOON - timedelta(hours=1), ("11:30", "11:30")),
    ],
)
def test_the_time_is_at_most_a_day_and_ends_a_quarter_of_an_hour_ago(start, end, asked):
    span = time_asked(Window(start=start, end=end), NOON)

    assert (f"{span.start:%H:%M}", f"{span.end:%H:%M}") == asked
    assert span.end <= NOON - timedelta(minutes=15)
    assert span.end - span.start <= timedelta(hours=24)


def test_what_is_critical_or_a_warning_is_told_with_its_text_as_it_came():
    detector = Detector("snat", "SNAT ports", "", ())
    answer = {
        "properties": {
            "status": {"statusId": 0, "message": "ports used up"},
            "dataset": [
                dataset(("Critical", "<b>1 worker</b> failed", "x"), ("Success", "fine", "")),
                {"table": {"columns": [], "rows": [["Warning"], "not a row"]}},
            ],
        }
    }

    assert list(insights(detector, answer)) == [
        {"detector": "snat", "state": "Critical", "title": "SNAT ports", "text": "ports used up"},
        {
            "detector": "snat",
            "state": "Critical",
            "title": "Insights",
            "text": "<b>1 worker</b> failed",
            "data": {"Data.Value": "x"},
        },
    ]


@pytest.mark.parametrize(("value", "state"), [(0, "Critical"), ("Warning", "Warning"), (None, ""), (9, ""), (True, "")])
def test_the_state_of_a_detector_is_a_word_or_a_number(value, state):
    assert state_of(value) == state


@pytest.mark.enable_socket
def test_every_answer_is_saved_and_one_that_fails_is_a_gap(make_case):
    body = b'{"properties":{"metadata":{"id":"snat"}, "dataset":[], "status":{"statusId":"Warning","message":"few"}}}'
    answers = {
        "/detectors/snat": body,
        "/detectors/cpu": (404, {"error": {"code": "NotFound", "message": "no cpu here"}}),
        "/detectors": listed("snat", "cpu"),
    }
    with serving(answers) as arm:
        ran = run_against(make_case(target=AzureTarget(resource_id=SITE)), arm, "det.run")

    outcome = ran.steps["det.run"].outcome
    assert outcome.state == "partial"
    assert "no cpu here" in outcome.reason
    assert ran.data("azure/detectors/snat.json") == body
    assert [each["state"] for each in ran.json("azure/detectors/insights.json")] == ["Warning"]
    assert ran.json("azure/detectors/support-topics.json") == [
        {"detector": "snat", "state": "Warning", "supportTopicList": [TOPIC]},
        {"detector": "cpu", "state": None, "supportTopicList": [TOPIC]},
    ]
    (query,) = arm.queries("/detectors/snat")
    assert set(query) == {"api-version", "startTime", "endTime"}


@pytest.mark.enable_socket
def test_the_older_diagnostics_are_asked_only_where_there_are_no_detectors(make_case):
    answers = {
        "/diagnostics/availability/detectors": {"value": [{"name": "sitecrashes"}]},
        "/sitecrashes/execute": {"properties": {"issueDetected": True, "data": []}},
    }
    with serving(answers) as arm:
        alone = run_against(make_case(target=AzureTarget(resource_id=SITE)), arm, "det.legacy")
    with serving({**answers, "/sites/shop/detectors": listed("snat")}) as arm:
        both = run_against(make_case(target=AzureTarget(resource_id=SITE), name="two"), arm, "det.legacy")

    assert alone.paths == ["azure/detectors/legacy/sitecrashes.json"]
    assert both.steps["det.legacy"].outcome.state == "skipped"
