"""Readers of what Azure answers: query results, detectors, metrics, activity log, health, Kudu."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from escalate.formats.sniff import sniff
from escalate.model.finding import Precision
from escalate.model.kind import Kind

T = datetime(2026, 4, 4, 5, 58, tzinfo=UTC)
COLUMNS = [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Host", "type": "string"}, {"name": "ScStatus"}]
ROWS = [["2026-04-04T05:58:00Z", "RD1", "502"], ["2026-04-04T05:58:00Z", "RD2", None]]


def load(shared: Path, name: str):
    path = next((shared / "scenarios").glob(name))
    relative = PurePosixPath(path.as_posix().split("/input/")[1])
    with path.open("rb") as stream:
        return list(sniff(path, relative).read(stream, relative)), path.read_text().split("\n")


def test_a_query_result_cites_the_line_where_the_row_begins(shared):
    records, lines = load(shared, "gunicorn*/input/azure/loganalytics/AppServiceHTTPLogs.json")
    record = records[4]
    assert record.pointer == "/tables/0/rows/4"
    assert lines[record.line - 1].strip() == "["
    assert "05:59:43.12Z" in lines[record.line]
    assert (record.fields["ScStatus"], record.fields["TimeTaken"]) == (504, 240011)
    assert record.fields["_table"] == "AppServiceHTTPLogs"
    assert record.text == "2026-04-04T05:59:43.12Z | /outbound | 504 | 240011 | 203.0.113.9"


@pytest.mark.parametrize(
    "document",
    [
        {"tables": [{"name": "AppServiceHTTPLogs", "columns": COLUMNS, "rows": ROWS}]},
        {"tables": [{"rows": ROWS, "columns": COLUMNS, "name": "AppServiceHTTPLogs"}]},
        {
            "Tables": [
                {
                    "TableName": "AppServiceHTTPLogs",
                    "Columns": [{"ColumnName": c["name"]} for c in COLUMNS],
                    "Rows": ROWS,
                }
            ]
        },
        [
            dict(zip([c["name"] for c in COLUMNS], row, strict=True)) | {"TableName": "AppServiceHTTPLogs"}
            for row in ROWS
        ],
        {"Results": [dict(zip([c["name"] for c in COLUMNS], row, strict=True)) for row in ROWS]},
    ],
)
def test_query_results_read_alike_however_they_were_saved(records_of, document):
    records = records_of(json.dumps(document), "AppServiceHTTPLogs.json", Kind.LOG_TABLE)
    assert [(r.ts, r.instance, r.fields["ScStatus"], r.fields["_table"]) for r in records] == [
        (T, "RD1", 502, "AppServiceHTTPLogs"),
        (T, "RD2", None, "AppServiceHTTPLogs"),
    ]


def test_portal_csv_of_a_query_is_utc_where_it_says_so(records_of):
    when = '"4/4/2026, 5:58:00.000 AM"'
    text = f'TimeGenerated [UTC],Host,Message\r\n{when},RD1,"a\r\nb"\r\n{when},RD2,c\r\n'
    first, second = records_of(text.encode("utf-8-sig"), "query_data.csv", Kind.LOG_TABLE)
    assert (first.line, second.line) == (2, 4)
    assert first.ts == T
    assert first.text == "4/4/2026, 5:58:00.000 AM | RD1 | a\nb"
    local = text.replace("[UTC]", "[Local Time]").replace("Host", "itemType")
    assert all(r.ts is None for r in records_of(local.replace("TimeGenerated", "timestamp"), "q.csv", Kind.CSV))


def test_sites_come_from_role_names_or_resource_ids(records_of):
    rows = [
        {"TimeGenerated": "x", "AppRoleName": "func-timer"},
        {"TimeGenerated": "x", "_ResourceId": "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/shop"},
    ]
    assert [r.site for r in records_of(json.dumps(rows), "x.json", Kind.LOG_TABLE)] == ["func-timer", "shop"]


def test_a_truncated_result_gives_its_rows_and_then_lines(records_of):
    text = json.dumps({"tables": [{"name": "T", "columns": COLUMNS, "rows": ROWS * 2}]}, indent=1)
    cut = text[: text.rindex("RD2")]
    records = records_of(cut, "T.json", Kind.LOG_TABLE)
    assert [r.pointer for r in records[:3]] == [f"/tables/0/rows/{index}" for index in range(3)]
    tail = records[3:]
    assert [r.line for r in tail] == list(range(cut[: cut.rindex("[")].count("\n") + 1, cut.count("\n") + 2))
    assert tail[-1].text.strip() == '"'


def test_detector_rows_carry_the_status_that_stands_after_them(shared):
    records, lines = load(shared, "sibling*/input/azure/detectors/tcpconnections.json")
    first = records[0]
    assert (first.site, first.instance, first.precision) == ("func-import", "RD0003FF47609F", Precision.MINUTE)
    assert first.fields["Count"] == 1917
    assert first.fields["_detector"] == "tcpconnections"
    assert first.fields["_status"] == "TCP connections reached the limit of the instance"
    assert first.fields["_status_id"] == 0
    assert lines[first.line].strip() == '"2018-10-18 09:05",'
    assert len(records) == 4


def test_a_detector_without_rows_gives_its_status(records_of):
    one = {"name": "a", "type": "Microsoft.Web/sites/detectors", "properties": {"metadata": {"id": "a"}, "dataset": [],
           "status": {"message": "all is well", "statusId": "Success"}}}  # fmt: skip
    two = {
        "name": "b",
        "type": "Microsoft.Web/sites/detectors",
        "properties": {"metadata": {"id": "b", "description": "d"}},
    }
    for document in ({"value": [one, two]}, [one, two]):
        records = records_of(json.dumps(document), "x.json", Kind.DETECTOR)
        assert [(r.text, r.fields["_detector"], r.fields["_status_id"]) for r in records] == [
            ("all is well", "a", "Success"),
            ("d", "b", None),
        ]


METRIC = {
    "id": "x",
    "name": {"value": "CpuTime", "localizedValue": "CPU Time"},
    "timeseries": [
        {
            "data": [
                {"timeStamp": "2026-04-04T05:58:00Z", "total": 3.5, "average": None},
                {"timeStamp": "2026-04-04T05:59:00Z"},
            ],
            "metadatavalues": [{"name": {"value": "Instance"}, "value": "RD1"}],
        }
    ],
    "unit": "Seconds",
}


@pytest.mark.parametrize("document", [{"value": [METRIC]}, [METRIC], METRIC])
def test_metrics_give_one_record_a_value(records_of, document):
    (record,) = records_of(json.dumps(document, indent=1), "m.json", Kind.METRICS)
    assert dict(record.fields) == {"metric": "CpuTime", "aggregation": "total", "value": 3.5, "unit": "Seconds"}
    assert (record.ts, record.instance) == (T, "RD1")
    assert record.pointer.endswith("/timeseries/0/data/0")


def test_metrics_of_powershell_are_read(records_of):
    metric = {"Name": {"Value": "Cpu"}, "Unit": "Count", "Data": [{"TimeStamp": "2026-04-04T05:58:00Z", "Maximum": 7}]}
    (record,) = records_of(json.dumps([metric]), "m.json", Kind.METRICS)
    assert record.fields["value"] == 7
    (row,) = records_of('"TimeStamp","Maximum"\n"4/4/2026 5:58:00 AM","7"\n', "CpuTime.csv", Kind.METRICS)
    assert (row.ts, row.fields["metric"], row.fields["value"]) == (T, "CpuTime", 7.0)


def test_activity_log_entries_read_alike_however_they_were_saved(records_of, shared):
    records, _ = load(shared, "cifs*/input/azure/activitylog.json")
    assert [r.fields["operation"] for r in records] == ["Microsoft.Web/serverfarms/write", "Microsoft.Web/sites/write"]
    when = "2026-04-04T05:58:00Z"
    common = {"caller": "me", "resourceId": "/r", "correlationId": "c", "level": "Informational"}
    powershell = [
        {"EventTimestamp": when, "OperationName": "Restart", "Status": "Succeeded"}
        | {key[:1].upper() + key[1:]: value for key, value in common.items()}
    ]
    portal = (
        "Correlation id,Operation name,Status,Level,Time,Event initiated by,Resource\n"
        f"c,Restart,Succeeded,Informational,{when},me,/r\n"
    )
    event = {"time": when, "operationName": "Restart", "resultType": "Succeeded", "category": "Administrative"}
    export = {"records": [event | common]}
    for text, name in ((json.dumps(powershell), "a.json"), (portal, "a.csv"), (json.dumps(export), "PT1H.json")):
        (record,) = records_of(text, name, Kind.ACTIVITY_LOG)
        assert record.ts == T
        expected = {
            "operation": "Restart",
            "status": "Succeeded",
            "caller": "me",
            "resource_id": "/r",
            "correlation_id": "c",
        }
        assert expected.items() <= dict(record.fields).items()


def test_health_entries_tell_state_reason_and_tracking_id(records_of):
    resource = {"name": "current", "properties": {"availabilityState": "Unavailable", "reasonType": "Unplanned",
                "summary": "worker failed", "occuredTime": "2026-04-04T05:58:00Z", "healthEventId": "E1"}}  # fmt: skip
    (record,) = records_of(json.dumps({"value": [resource]}), "x.json", Kind.RESOURCE_HEALTH)
    assert record.ts == T
    assert (record.fields["state"], record.fields["reason"], record.fields["tracking_id"]) == (
        "Unavailable",
        "Unplanned",
        "E1",
    )
    event = {"name": "XYZ-123", "properties": {"eventType": "ServiceIssue", "status": "Resolved", "title": "t",
             "summary": "s", "impactStartTime": "2026-04-04T05:58:00Z", "impact": []}}  # fmt: skip
    (record,) = records_of(json.dumps({"value": [event]}), "x.json", Kind.SERVICE_HEALTH)
    assert (record.ts, record.fields["status"], record.fields["tracking_id"]) == (T, "Resolved", "XYZ-123")


@pytest.mark.parametrize("encode", [json.dumps, lambda counters: counters], ids=["text", "object"])
def test_counters_may_stand_under_the_name_of_their_variable(records_of, encode):
    counters = {"connections": 9, "connectionLimit": 1920, "threads": 41, "threadLimit": 512}
    text = json.dumps({"WEBSITE_COUNTERS_APP": encode(counters), "WEBSITE_SKU": "Standard"})
    (record,) = records_of(text, "kudu/func-import/environment_20260404T0558Z.json", Kind.COUNTERS)
    assert record.fields["connections"] == 9
    assert record.fields["connectionLimit"] == 1920


def test_counters_have_time_and_site_of_their_path(records_of):
    text = json.dumps({"app": {"connections": 1917, "connectionLimit": 1920}, "clr": {"gen2Collections": 3}}, indent=1)
    (record,) = records_of(text, "kudu/func-import/counters_20260404T0558Z.json", Kind.COUNTERS)
    assert (record.ts, record.site, record.precision) == (T, "func-import", Precision.MINUTE)
    assert dict(record.fields) == {"connections": 1917, "connectionLimit": 1920, "gen2Collections": 3}


def test_processes_give_seconds_and_keep_their_environment_to_themselves(records_of):
    process = {"id": 6744, "name": "w3wp", "machineName": "RD1", "handle_count": 5, "thread_count": 2,
               "total_cpu_time": "1.00:04:31.5000000", "time_stamp": "2026-04-04T05:58:00Z",
               "environment_variables": {"SECRET": "hunter2"}}  # fmt: skip
    enveloped = {"value": [{"id": "/subscriptions/s", "name": "x/6744", "properties": process}]}
    for document in (process, [process], enveloped):
        (record,) = records_of(json.dumps(document), "p.json", Kind.KUDU_PROCESS)
        assert (record.pid, record.instance, record.ts) == (6744, "RD1", T)
        assert record.fields["total_cpu_time"] == 86400 + 271.5
        assert record.fields["name"] == "w3wp"
        assert "hunter2" not in record.text


def test_a_thread_is_not_taken_for_a_process(records_of):
    threads = [{"id": 1788, "href": "https://a.scm.example/api/processes/6744/threads/1788", "state": "Wait"}]
    (record,) = records_of(json.dumps(threads), "t.json", Kind.KUDU_THREAD)
    assert record.pid == 6744


def test_modules_of_a_process_are_read_with_their_versions(records_of):
    href = "https://a.scm.example/api/processes/6744/modules/"
    modules = [
        {
            "base_address": "7ff6d4c10000",
            "file_name": "w3wp.exe",
            "href": f"{href}7ff6d4c10000",
            "file_version": "10.0.1",
        },
        {
            "base_address": "7ff83a2b0000",
            "file_name": "agent.dll",
            "href": f"{href}7ff83a2b0000",
            "file_version": "2.4.0",
        },
    ]
    for document in (modules, {"value": [{"properties": one, "id": "x"} for one in modules]}):
        records = records_of(json.dumps(document), "modules.json", Kind.KUDU_MODULE)
        assert [record.pid for record in records] == [6744, 6744]
        assert [record.fields["file_name"] for record in records] == ["w3wp.exe", "agent.dll"]
        assert "file_version=2.4.0" in records[1].text


def test_what_an_activity_says_of_itself_outranks_its_properties(records_of):
    entry = {"eventTimestamp": "2026-04-04T05:58:00Z", "operationName": "Restart", "caller": "me",
             "properties": {"caller": "someone else"}}  # fmt: skip
    (record,) = records_of(json.dumps([entry]), "a.json", Kind.ACTIVITY_LOG)
    assert record.fields["caller"] == "me"


def test_a_document_without_one_readable_entry_is_read_as_text(records_of):
    text = '[{"eventTimestamp": "x", "operationName": null, "note": "see me"}]'
    (record,) = records_of(text, "x.json", Kind.ACTIVITY_LOG)
    assert "see me" in record.text


def test_a_document_beyond_the_limit_is_read_line_by_line_to_its_end(records_of, monkeypatch):
    monkeypatch.setattr("escalate.formats.objects.MAX_DOCUMENT", 1000)
    text = json.dumps({"tables": [{"name": "T", "columns": COLUMNS, "rows": ROWS * 50}]}, indent=1)
    records = records_of(text, "T.json", Kind.LOG_TABLE)
    assert [record.text for record in records] == text.split("\n")
    assert [record.line for record in records] == list(range(1, text.count("\n") + 2))
