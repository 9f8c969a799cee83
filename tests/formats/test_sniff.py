"""Every kind is recognised by its content, whatever the file is called, in the shapes that tools save."""

from __future__ import annotations

import json
import struct
from pathlib import Path, PurePosixPath

import pytest

from escalate.formats.registry import formats
from escalate.formats.sniff import sniff
from escalate.model.kind import Kind

ACTIVITY = {
    "eventTimestamp": "2026-04-04T05:58:45.1234567Z",
    "operationName": {"value": "Microsoft.Web/sites/restart/Action", "localizedValue": "Restart Web App"},
    "status": {"value": "Succeeded"},
    "caller": "ops@contoso.example",
    "level": "Informational",
    "resourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop",
    "correlationId": "c1",
}
METRIC = {
    "name": {"value": "CpuTime", "localizedValue": "CPU Time"},
    "unit": "Seconds",
    "timeseries": [{"metadatavalues": [], "data": [{"timeStamp": "2026-04-04T05:58:00Z", "total": 3.5}]}],
}
HEALTH = {"name": "current", "properties": {"availabilityState": "Unavailable", "reasonType": "Unplanned"}}
EVENT = {"name": "XYZ-123", "properties": {"eventType": "ServiceIssue", "status": "Active", "impact": []}}
PROCESS = {"id": 6744, "name": "w3wp", "machineName": "RD1", "href": "https://a.scm.example/api/processes/6744"}
THREAD = {"id": 1788, "href": "https://a.scm.example/api/processes/1/threads/1788", "state": "Wait"}
ROW = {"TimeGenerated": "2026-04-04T05:58:45Z", "ScStatus": 502, "TableName": "PrimaryResult"}
DETECTOR = {"type": "Microsoft.Web/sites/detectors", "properties": {"metadata": {"id": "x"}, "dataset": []}}
COUNTERS = {"connections": 1917, "connectionLimit": 1920, "threads": 41, "threadLimit": 512}


def pascal(value: object) -> object:
    """The same document as PowerShell's ConvertTo-Json writes it."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(member) for key, member in value.items()}
    return [pascal(member) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (ACTIVITY, Kind.ACTIVITY_LOG),
        (METRIC, Kind.METRICS),
        (HEALTH, Kind.RESOURCE_HEALTH),
        (EVENT, Kind.SERVICE_HEALTH),
        (PROCESS, Kind.KUDU_PROCESS),
        (THREAD, Kind.KUDU_THREAD),
        (ROW, Kind.LOG_TABLE),
        (DETECTOR, Kind.DETECTOR),
        (COUNTERS, Kind.COUNTERS),
    ],
    ids=lambda value: str(value) if isinstance(value, Kind) else "",
)
def test_a_json_answer_is_recognised_however_it_was_saved(kind_of, entry, kind):
    shapes = {"single": entry, "powershell single": pascal(entry)}
    if kind is not Kind.COUNTERS:
        shapes |= {"arm": {"value": [entry, entry]}, "az": [entry], "powershell": pascal([entry, entry])}
    for shape, document in shapes.items():
        for indent in (None, 2):
            text = json.dumps(document, indent=indent)
            assert kind_of(text.encode(), "x.json") is kind, shape
            assert kind_of(text.encode("utf-16"), "x") is kind, f"{shape} in UTF-16"
            assert kind_of(b"\xef\xbb\xbf" + text.encode(), "download") is kind, f"{shape} with BOM"


def test_a_json_answer_longer_than_the_head_is_still_recognised(kind_of):
    document = {"value": [ACTIVITY] * 500}
    assert kind_of(json.dumps(document, indent=1).encode(), "x.txt") is Kind.ACTIVITY_LOG


def test_one_object_a_line_is_recognised_like_a_list(kind_of):
    assert kind_of("\n".join([json.dumps(ACTIVITY)] * 3).encode(), "PT1H.json") is Kind.ACTIVITY_LOG
    assert kind_of(b'{"msg":"a"}\n{"msg":"b"}\n', "app.log") is Kind.JSON


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("TimeGenerated [UTC],ScStatus\n4/4/2026,502\n", Kind.LOG_TABLE),
        ('"timestamp [UTC]",message,itemType\nx,y,trace\n', Kind.LOG_TABLE),
        ("Correlation id,Operation name,Status,Event initiated by,Time\na,b,c,d,e\n", Kind.ACTIVITY_LOG),
        ('#TYPE X\n"EventTimestamp","OperationName","Caller"\n"a","b","c"\n', Kind.ACTIVITY_LOG),
        ('"TimeStamp","Average","Minimum"\n"2026-04-04T05:58:00Z","1","0"\n', Kind.METRICS),
        ("Name,Price\nx,1\n", Kind.CSV),
    ],
)
def test_exports_as_csv_are_recognised_by_their_header(kind_of, text, kind):
    assert kind_of(text.encode(), "export.csv") is kind
    assert kind_of(text.replace("\n", "\r\n").encode("utf-8-sig"), "export.csv") is kind


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "x.log", Kind.EMPTY),
        (b"\x00" * 100, "x.log", Kind.BINARY),
        (b"\x7fELF\x02\x01" + b"\0" * 10 + struct.pack("<H", 4) + b"\0" * 50, "core.12", Kind.ELF_CORE),
        (b"\x7fELF\x02\x01" + b"\0" * 10 + struct.pack("<H", 4) + b"\0VMCOREINFO\0", "f", Kind.KERNEL_DUMP),
        (b"\x7fELF\x02\x01" + b"\0" * 10 + struct.pack("<H", 3) + b"\0" * 50, "lib.so", Kind.BINARY),
        (b"PAGEDU64" + b"\0" * 64, "MEMORY.DMP", Kind.KERNEL_DUMP),
        (b"PAGEDUMP" + b"\0" * 64, "x", Kind.KERNEL_DUMP),
        (b"KDUMP   " + b"\0" * 64, "vmcore", Kind.KERNEL_DUMP),
        (b"MDMP\x93\xa7" + b"\0" * 64, "x.dmp", Kind.MINIDUMP),
        (b"JAVA PROFILE 1.0.2\0" + b"\0" * 64, "x", Kind.HPROF),
        (b"FLR\0" + b"\0" * 64, "x", Kind.JFR),
        (b"Nettrace\x14\0\0\0!FastSerialization.1" + b"\0" * 64, "x", Kind.NETTRACE),
        (b"\x14\0\0\0!FastSerialization.1" + b"\0" * 64, "x", Kind.GCDUMP),
        (b"\xd4\xc3\xb2\xa1" + b"\0" * 64, "x", Kind.PCAP),
        (b"\x0a\x0d\x0d\x0a" + b"\0" * 64, "x", Kind.PCAP),
        (b"PK\x03\x04" + b"\0" * 64, "x", Kind.ARCHIVE),
        (b"\x1f\x8b\x08" + b"\0" * 64, "x.log", Kind.ARCHIVE),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 64, "x", Kind.ARCHIVE),
        (b"\xfd7zXZ\0" + b"\0" * 64, "x", Kind.ARCHIVE),
        (b"BZh91AY&SY" + b"\0" * 64, "x", Kind.ARCHIVE),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 64, "x", Kind.ARCHIVE),
        (b"name" + b"\0" * 253 + b"ustar\0" + b"\0" * 300, "x", Kind.ARCHIVE),
        (b'{"header":{"reportVersion":3,"nodejsVersion":"v20"},"javascriptStack":{}}', "x", Kind.NODE_REPORT),
        (b'[{"name":"A","value":"b","slotSetting":false}]', "x", Kind.CONFIG),
        (b'[{"Name":"A","Value":"b","SlotSetting":false}]', "x", Kind.CONFIG),
        (b'{"IsEncrypted":false,"Values":{"A":"b"}}', "x", Kind.CONFIG),
        (b'{"type":"Microsoft.Web/sites/config","properties":{"A":"b"}}', "x", Kind.CONFIG),
        (b'{"Logging":{},"ConnectionStrings":{}}', "x", Kind.CONFIG),
        (b'{"Any":1}', "appsettings.Production.json", Kind.CONFIG),
        (b"<?xml version='1.0'?>\n<!-- c --><configuration><x/></configuration>", "x", Kind.CONFIG),
        (b"A=1\nexport B=2\nC=3\n", "vars", Kind.CONFIG),
        (b"# mine\nA=1\n", ".env", Kind.CONFIG),
        (b"<step title='GET' date='x'></step>", "x", Kind.KUDU_TRACE),
        (b"<a><b/></a>", "x.xml", Kind.XML),
        (b'{"a": 1', "x.json", Kind.JSON),
        (b"[1, 2]", "x", Kind.JSON),
        (b"[2026-04-04 05:52:06 +0000] [1904] [INFO] x\n[1] y\n", "x", Kind.TEXT),
        ("Grüße, wörld\n".encode("latin-1"), "x.log", Kind.TEXT),
        ("Grüße\n".encode("utf-16"), "x", Kind.TEXT),
        ("plain words\n".encode("utf-16-le"), "x", Kind.TEXT),
        (b"\0" * 4000 + b"log after a cut\n", "x.log", Kind.TEXT),
        (b"2026-04-04T05:52:06.1120031Z hello\n", "x", Kind.CONTAINER_LOG),
        (b"plain, no time\n", "2026_04_04_RD1_default_docker.log", Kind.CONTAINER_LOG),
        (b"plain, no time\n", "2026_04_04_RD1_docker.1.log", Kind.PLATFORM_LOG),
        (b"2023-03-15T21:46:22.281Z INFO  - Initiating warmup\n", "x", Kind.PLATFORM_LOG),
        (b"2026-04-04T05:52:06.1120031Z Full thread dump OpenJDK\n", "x", Kind.CONTAINER_LOG),
        (b"root@3f1c:/# date\n", "x", Kind.SHELL_TRANSCRIPT),
        (b"PS C:\\home> dir\n", "x", Kind.SHELL_TRANSCRIPT),
        (b"$ uname -r\n4.15\n", "x", Kind.SHELL_TRANSCRIPT),
        (b"MemTotal:        1955532 kB\n", "20260404T055845Z/meminfo", Kind.PROC_MEMINFO),
        (b"some avg10=0.31 avg60=0.44 avg300=0.61 total=7411201\n", "x", Kind.PROC_PRESSURE),
        (b"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", "x", Kind.PROC_STAT),
        (b"nr_free_pages 12\nnr_zone_inactive_anon 3\n", "x", Kind.PROC_VMSTAT),
        (b"0.31 0.44 0.61 2/345 6789\n", "x", Kind.PROC_LOADAVG),
        (b"Name:\tjava\nUmask:\t0022\nPid:\t12\n", "x", Kind.PROC_STATUS),
        (b"rchar: 12\n", "local/h/process/12/20260404T055845Z/io", Kind.PROC_OTHER),
        (b"hello\n", "local/h/process/12/20260404T055845Z/app.log", Kind.TEXT),
        (b"# A fatal error has been detected by the Java Runtime Environment:\n", "x", Kind.HS_ERR),
        (b" num     #instances         #bytes  class name (module)\n", "x", Kind.CLASS_HISTOGRAM),
        (b'Process 12: python app.py\nPython v3.11\n\nThread 12 (idle): "MainThread"\n', "x", Kind.STACKS),
    ],
)
def test_a_file_is_what_it_holds(kind_of, data, name, kind):
    assert kind_of(data, name) is kind


def test_every_kind_has_a_format_and_every_textual_one_a_reader():
    opaque = {
        Kind.EMPTY, Kind.BINARY, Kind.ARCHIVE, Kind.JFR, Kind.GCDUMP, Kind.NETTRACE, Kind.SQLITE, Kind.EVTX, Kind.ETL,
        Kind.PICTURE, Kind.PDF,
    }  # fmt: skip
    assert {entry.kind for entry in formats()} == set(Kind)
    assert {entry.kind for entry in formats() if entry.read is None} == opaque


def test_the_worked_incidents_are_recognised_by_content_alone(shared: Path):
    expected = {
        "_default_docker.log": Kind.CONTAINER_LOG,
        "_docker.log": Kind.PLATFORM_LOG,
        "eventlog.xml": Kind.EVENT_LOG,
        "activitylog.json": Kind.ACTIVITY_LOG,
        "meminfo": Kind.PROC_MEMINFO,
        "pressure_memory": Kind.PROC_PRESSURE,
        "session_20211008T0930Z.txt": Kind.SHELL_TRANSCRIPT,
    }
    folders = {
        "detectors": Kind.DETECTOR,
        "loganalytics": Kind.LOG_TABLE,
        "appinsights": Kind.LOG_TABLE,
        "kudu": Kind.COUNTERS,
    }
    seen = 0
    for path in (shared / "scenarios").glob("*/input/**/*"):
        if not path.is_file() or path.name == "net_tcp_summary.txt":
            continue
        by_name = [kind for end, kind in expected.items() if path.name.endswith(end)]
        by_folder = [kind for folder, kind in folders.items() if folder in path.parts]
        assert sniff(path, PurePosixPath("unnamed")).kind is (by_name + by_folder)[0], path
        seen += 1
    assert seen >= 20
