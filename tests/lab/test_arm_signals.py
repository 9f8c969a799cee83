"""Metrics, health, activity log, detectors, diagnostic settings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from escalate.lab.arm.times import stamp
from escalate.lab.state import now
from tests.lab.conftest import Start, Wire

METRICS = "~/providers/Microsoft.Insights/metrics"


def span(hours: float) -> str:
    end = now().replace(second=0, microsecond=0)
    return f"{stamp(end - timedelta(hours=hours))}/{stamp(end)}"


def metric(wire: Wire, **query: str) -> dict:
    asked = {"metricnames": "CpuTime", "timespan": span(1), "interval": "PT1M", "aggregation": "Total", **query}
    return wire.get(METRICS, version="2024-02-01", **asked).json


def test_metrics_are_summed_over_workers_unless_split(start: Start) -> None:
    wire = start()
    whole = metric(wire)["value"][0]["timeseries"]
    assert len(whole) == 1
    assert {row["total"] for row in whole[0]["data"] if "total" in row} == {6.0}
    split = metric(wire, **{"$filter": "Instance eq '*'"})["value"][0]["timeseries"]
    named = {each["metadatavalues"][0]["value"]: each["data"][-5]["total"] for each in split}
    assert named == {"RD00155DD0D38E": 1.0, "RD00155DD0D390": 2.0, "RD00155DD0D392": 3.0}
    one = metric(wire, **{"$filter": "Instance eq 'RD00155DD0D390'"})["value"][0]["timeseries"]
    assert len(one) == 1


def test_intervals_and_aggregations_are_honoured(start: Start) -> None:
    rows = metric(start(), interval="PT15M", aggregation="Average,Maximum,Count")["value"][0]["timeseries"][0]["data"]
    full = [row for row in rows if row.get("count") == 45.0]
    assert full
    assert (full[0]["average"], full[0]["maximum"]) == (2.0, 3.0)


def test_a_minute_without_measurement_has_no_value(start: Start) -> None:
    wire = start()
    path = f"{wire.lab.state.world.plan_id}/providers/Microsoft.Insights/metrics"
    got = wire.get(
        path, version="2024-02-01", metricnames="CpuPercentage", timespan=span(2), aggregation="Maximum"
    ).json
    rows = got["value"][0]["timeseries"][0]["data"]
    measured = [row["maximum"] for row in rows if "maximum" in row]
    assert measured[-1] == 90.0
    assert "maximum" not in rows[[row.get("maximum") for row in rows].index(90.0) - 1]


def test_an_unknown_metric_is_refused_with_the_valid_ones(start: Start) -> None:
    for wire, name in ((start(), "CpuPercentage"), (start("linux"), "AppConnections")):
        got = wire.get(METRICS, version="2024-02-01", metricnames=f"CpuTime,{name}")
        assert (got.status, got.json["error"]["code"]) == (400, "BadRequest")
        assert "Valid metrics: Requests" in got.json["error"]["message"]


def test_file_system_usage_wants_long_intervals(start: Start) -> None:
    wire = start()
    assert wire.get(METRICS, metricnames="FileSystemUsage", interval="PT1M").status == 400
    assert wire.get(METRICS, metricnames="FileSystemUsage", interval="PT6H", timespan="P1D").status == 200


def test_definitions_name_unit_and_grains(start: Start) -> None:
    found = start().get("~/providers/Microsoft.Insights/metricDefinitions").json["value"]
    cpu = next(each for each in found if each["name"]["value"] == "CpuTime")
    assert (cpu["unit"], cpu["primaryAggregationType"]) == ("Seconds", "Total")


def test_health_is_known_now_and_before(start: Start) -> None:
    wire = start()
    base = "~/providers/Microsoft.ResourceHealth/availabilityStatuses"
    assert wire.get(f"{base}/current").json["properties"]["availabilityState"] == "Available"
    assert [each["properties"]["title"] for each in wire.values(base)] == ["Available", "Down"]


def test_service_events_name_what_they_hit(start: Start) -> None:
    wire = start()
    subscription = "/".join(wire.lab.resource_id.split("/")[:3])
    base = f"{subscription}/providers/Microsoft.ResourceHealth/events"
    assert [each["name"] for each in wire.values(base)] == ["ABC1-XYZ"]
    assert "_name" not in wire.values("~/providers/Microsoft.ResourceHealth/events")[0]["properties"]
    hit = [each["properties"]["targetResourceId"] for each in wire.values(f"{base}/ABC1-XYZ/impactedResources")]
    assert wire.lab.resource_id in hit
    assert wire.get(f"{base}/none/impactedResources").status == 404


def test_the_activity_log_is_filtered_and_paged_newest_first(start: Start) -> None:
    wire = start()
    path = "/".join(wire.lab.resource_id.split("/")[:3]) + "/providers/Microsoft.Insights/eventtypes/management/values"
    first = stamp(now() - timedelta(hours=5, minutes=30))
    until = stamp(now())
    query = f"eventTimestamp ge '{first}' and eventTimestamp le '{until}' and resourceUri eq '{wire.lab.resource_id}'"
    found = wire.values(path, version="2015-04-01", **{"$filter": query})
    times = [each["eventTimestamp"] for each in found]
    assert len(times) == 6
    assert times == sorted(times, reverse=True)
    assert "nextLink" in wire.get(path, **{"$filter": query}).json
    picked = wire.get(path, **{"$filter": query, "$select": "caller,level"}).json["value"][0]
    assert set(picked) == {"caller", "level"}


@pytest.mark.parametrize("text", ["", "eventTimestamp ge '2020-01-01'", "eventTimestamp ge 'then'"])
def test_the_activity_log_wants_a_start_that_it_still_has(start: Start, text: str) -> None:
    wire = start()
    path = "/".join(wire.lab.resource_id.split("/")[:3]) + "/providers/Microsoft.Insights/eventtypes/management/values"
    assert wire.get(path, **{"$filter": text}).status == 400


def test_detectors_are_called_by_id_not_by_name(start: Start) -> None:
    wire = start()
    listed = wire.values("~/detectors")
    assert len(listed) == 7
    assert listed[0]["properties"]["dataset"] == []
    assert wire.get("~/detectors/detector3").json["properties"]["status"]["statusId"] == "Critical"
    assert wire.get("~/detectors/Detector%203").status == 404


def test_a_detector_looks_at_a_day_at_most(start: Start) -> None:
    wire = start()
    day = {"endTime": "2026-11-23T10:00:00Z", "startTime": "2026-11-22T10:00:00Z"}
    assert wire.get("~/detectors/detector3", **day).status == 200
    assert wire.get("~/detectors/detector3", **{**day, "startTime": "2026-11-21T10:00:00Z"}).status == 400
    assert wire.get("~/detectors/detector3", **{**day, "startTime": "2026-11-24T10:00:00Z"}).status == 400


def test_the_older_diagnostics_say_the_same(start: Start) -> None:
    wire = start()
    base = "~/diagnostics/availability/detectors"
    assert len(wire.values(base)) == 7
    found = wire.ask("POST", f"{base}/detector1/execute").json["properties"]
    assert found["issueDetected"] is True
    assert found["data"] == [[{"name": "Status", "value": "Critical"}]]
    assert wire.get("~/diagnostics/other/detectors").status == 404


def test_diagnostic_settings_lead_to_the_workspace(start: Start) -> None:
    wire = start()
    settings = wire.get("~/providers/Microsoft.Insights/diagnosticSettings").json["value"]
    workspace = settings[0]["properties"]["workspaceId"]
    assert [each["category"] for each in settings[0]["properties"]["logs"] if each["enabled"]] == ["AppServiceHTTPLogs"]
    assert wire.get(workspace).json["properties"]["customerId"]
    component = wire.get("~").json["tags"]["hidden-link: /app-insights-resource-id"]
    assert wire.get(component).json["properties"]["AppId"]
    group = component.split("/providers/")[0]
    assert [each["id"] for each in wire.values(f"{group}/providers/Microsoft.Insights/components")] == [component]
