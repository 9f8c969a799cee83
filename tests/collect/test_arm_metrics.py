"""Metrics: only what is defined is asked for, by instance where it can be; the second pass keeps what is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from escalate.collect.metrics import MOST_NAMES, duration, groups_of
from escalate.model.incident import Window
from escalate.model.target import AzureTarget
from tests.fakes.arm_answers import run_against, serving
from tests.fakes.survey import FIRST, SITE

NOON = datetime(2026, 4, 4, 12, tzinfo=UTC)
HOUR = Window(start=NOON, end=NOON + timedelta(hours=1))
MINUTES = ("PT1M", "PT5M", "PT1H")


def definition(name, *, usual="Average", grains=MINUTES, dimensions=("Instance",)):
    return {
        "name": {"value": name},
        "primaryAggregationType": usual,
        "supportedAggregationTypes": ["None", "Average", "Maximum", "Total"],
        "metricAvailabilities": [{"timeGrain": grain} for grain in grains],
        "dimensions": [{"value": each} for each in dimensions],
    }


def test_metrics_that_are_alike_are_asked_for_together():
    defined = {
        "value": [
            definition("CpuTime", usual="Total"),
            definition("Requests", usual="Total"),
            definition("Handles"),
            definition("Gone", dimensions=()),
            definition("FileSystemUsage", grains=("PT6H", "P1D")),
        ]
    }
    wanted = ("Requests", "CpuTime", "Handles", "FileSystemUsage", "Gone", "NotDefined")

    groups = list(groups_of(defined, wanted, HOUR))

    assert [(group.grain, group.per_instance, group.aggregations, group.names) for group in groups] == [
        ("PT1M", True, ("Total", "Maximum"), ("Requests", "CpuTime")),
        ("PT1M", True, ("Average", "Maximum"), ("Handles",)),
        ("PT6H", True, ("Average", "Maximum"), ("FileSystemUsage",)),
        ("PT1M", False, ("Average", "Maximum"), ("Gone",)),
    ]


def test_no_request_has_more_than_twenty_names():
    names = [f"Metric{number}" for number in range(45)]

    groups = list(groups_of({"value": [definition(name) for name in names]}, names, HOUR))

    assert [len(group.names) for group in groups] == [MOST_NAMES, MOST_NAMES, 5]


def test_a_window_of_days_is_asked_for_in_longer_intervals():
    week = Window(start=NOON - timedelta(days=7), end=NOON)

    (group,) = groups_of({"value": [definition("Handles")]}, ("Handles",), week)

    assert group.grain == "PT5M"


@pytest.mark.parametrize(("text", "minutes"), [("PT1M", 1), ("PT6H", 360), ("P1D", 1440), ("FULL", None), ("", None)])
def test_intervals_are_read_as_durations(text, minutes):
    assert duration(text) == (None if minutes is None else timedelta(minutes=minutes))


@pytest.mark.enable_socket
def test_values_are_saved_as_they_came_and_name_the_worker(make_case):
    points = [{"timeStamp": "2026-04-04T11:00:00Z", "average": 3.0}, {"timeStamp": "2026-04-04T11:01:00Z"}]
    fresh = {"timeStamp": "2026-04-04T11:01:00Z", "average": 5.0}
    asked = []

    def values(request):
        asked.append(dict(request.args))
        data = points if len(asked) == 1 else [points[0], fresh]
        return {
            "interval": "PT1M",
            "value": [
                {
                    "name": {"value": "Handles"},
                    "unit": "Count",
                    "timeseries": [
                        {"metadatavalues": [{"name": {"value": "instance"}, "value": FIRST.machine}], "data": data}
                    ],
                }
            ],
        }

    case = make_case(target=AzureTarget(resource_id=SITE))
    with serving({"/metricDefinitions": {"value": [definition("Handles")]}, "/metrics": values}) as arm:
        ran = run_against(case, arm, "metrics.site")

    assert ran.paths == ["azure/metrics/site/pt1m-1.json", "azure/metrics/site/pt1m-1.late.json"]
    (series,) = ran.json("azure/metrics/site/pt1m-1.late.json")["value"][0]["timeseries"]
    assert series["data"] == [fresh]
    assert series["metadatavalues"][0]["value"] == FIRST.machine
    assert {artifact.kind.value for artifact in ran.artifacts} == {"metrics"}
    assert asked[0]["$filter"] == "Instance eq '*'"
    assert asked[0]["timespan"] == "2026-04-04T10:00:00Z/2026-04-04T13:00:00Z"
    found = ran.roster.find(FIRST.machine)
    assert found is not None
    assert found.metric == FIRST.machine


@pytest.mark.enable_socket
def test_nothing_new_is_no_evidence_missing(make_case):
    case = make_case(target=AzureTarget(resource_id=SITE))
    with serving({"/metricDefinitions": {"value": [definition("Handles")]}, "/metrics": {"value": []}}) as arm:
        ran = run_against(case, arm, "metrics.site")

    assert ran.steps["metrics.site/late"].outcome.state == "empty"


@pytest.mark.enable_socket
def test_one_refused_group_does_not_lose_the_others(make_case):
    def values(request):
        if "FileSystemUsage" in request.args["metricnames"]:
            return 400, {"error": {"code": "BadRequest", "message": "wrong interval"}}
        return {"value": [{"name": {"value": "Handles"}, "timeseries": []}]}

    defined = {"value": [definition("Handles"), definition("FileSystemUsage", grains=("PT6H",))]}
    case = make_case(target=AzureTarget(resource_id=SITE))
    with serving({"/metricDefinitions": defined, "/metrics": values}) as arm:
        ran = run_against(case, arm, "metrics.site")

    assert ran.steps["metrics.site"].outcome.state == "partial"
    assert "wrong interval" in ran.steps["metrics.site"].outcome.reason
    assert "azure/metrics/site/pt1m-1.json" in ran.paths
