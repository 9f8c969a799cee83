"""Readers of logs and snapshots that people and kernels write line by line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from escalate.formats.levels import level_of
from escalate.formats.names import container_log_name, instance_of, pid_of, site_of
from escalate.model.finding import Precision
from escalate.model.kind import Kind

T = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)


def test_a_container_log_gives_text_time_level_process_and_worker(records_of):
    text = (
        "2026-04-04T05:58:45.1234567Z \x1b[31m[2026-04-04 05:58:45 +0000] [1904] [CRITICAL] "
        "WORKER TIMEOUT (pid:1905)\x1b[0m\r\n"
        "Traceback (most recent call last):\n"
    )
    first, second = records_of(text, "LogFiles/2026_04_04_10-30-0-103_default_docker.log", Kind.CONTAINER_LOG)
    assert first.text == "[2026-04-04 05:58:45 +0000] [1904] [CRITICAL] WORKER TIMEOUT (pid:1905)"
    assert first.ts == T.replace(microsecond=123456)
    assert (first.precision, first.instance, first.pid) == (Precision.NANOSECOND, "10-30-0-103", 1904)
    assert first.fields["level"] == "CRITICAL"
    assert second.ts == first.ts


def test_a_line_before_the_first_time_has_none(records_of):
    first, _ = records_of(
        "  at x\n2026-04-04T05:58:45.1234567Z y\n", "2026_04_04_RD1_default_docker.log", Kind.CONTAINER_LOG
    )
    assert first.ts is None


def test_lines_of_a_kubernetes_node_lose_their_stream_tag(records_of):
    (record,) = records_of("2026-04-04T05:58:45.123456789Z stderr F boom\n", "0.log", Kind.CONTAINER_LOG)
    assert record.text == "boom"


@pytest.mark.parametrize(
    ("name", "machine", "part", "is_platform"),
    [
        ("2026_04_04_10-30-0-103_default_docker.log", "10-30-0-103", "default", False),
        ("2026_04_04_lw0sdlwk000001_default_scm_docker.log", "lw0sdlwk000001", "default_scm", False),
        ("2026_04_04_RD00155DD0D38E_easyauth_docker.log", "RD00155DD0D38E", "easyauth", False),
        ("2026_04_04_RD00155DD0D38E_docker.1.log", "RD00155DD0D38E", "", True),
        ("2026_04_04_RD00155DD0D38E_platform.log", "RD00155DD0D38E", "", True),
        ("2026_04_04_RD00155DD0D38E_console.log", "RD00155DD0D38E", "", False),
    ],
)
def test_names_of_container_logs_tell_worker_and_writer(name, machine, part, is_platform):
    found = container_log_name(PurePosixPath(name))
    assert (found.machine, found.part, found.is_platform) == (machine, part, is_platform)


def test_paths_tell_host_site_and_process():
    assert instance_of(PurePosixPath("local/web-1/proc/20260404T055845Z/meminfo")) == "web-1"
    assert pid_of(PurePosixPath("local/web-1/process/1905/20260404T055845Z/status")) == 1905
    assert site_of(PurePosixPath("kudu/func-import/counters.json")) == "func-import"
    assert site_of(PurePosixPath("LogFiles/kudu/trace/x.xml")) is None
    assert instance_of(PurePosixPath("app.log")) is None


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("INFO  - Starting container", "INFO"),
        ("2026-04-04 05:58:45.1 WARN 12 --- [main] c.x.Y", "WARN"),
        ("[Fri Oct 08 09:27:10 2021] [mpm_prefork:error] [pid 41] AH00161", "ERROR"),
        ("2026/04/04 05:58:45 [error] 31#31: *1 connect() failed", "ERROR"),
        ("fail: Microsoft.AspNetCore[13]", "ERROR"),
        ("GET /error/ERROR.html HTTP/1.1", None),
        ("no INFORMATION here", None),
        ("x" * 200 + " ERROR", None),
    ],
)
def test_levels_are_read_where_frameworks_write_them(line, level):
    assert level_of(line) == level


W3C = """#Software: Microsoft Internet Information Services 8.0
#Fields: date time s-sitename cs-uri-stem cs-username sc-status time-taken
2014-01-01 02:01:09 SAMPLE /a.png - 200 46
#Fields: date time sc-status
2014-01-01 02:01:10 502
2014-01-01 02:01:11 502 too many
"""


def test_w3c_rows_are_read_by_the_header_before_them(records_of):
    first, second, third = records_of(W3C, "u_ex.log", Kind.W3C_LOG)
    assert first.line == 3
    assert first.ts == datetime(2014, 1, 1, 2, 1, 9, tzinfo=UTC)
    assert first.site == "SAMPLE"
    assert (first.fields["sc-status"], first.fields["time-taken"], first.fields["cs-username"]) == (200, 46, None)
    assert (second.line, second.fields["sc-status"]) == (5, 502)
    assert (third.text, dict(third.fields)) == ("2014-01-01 02:01:11 502 too many", {})


def test_application_traces_of_windows_workers_are_utc(records_of):
    text = "2026-04-04T05:58:45  PID[2432] Error       Fatal error\n2026-04-04T05:58:45 naive\n"
    first, second = records_of(text, "LogFiles/Application/x.txt", Kind.TEXT)
    assert (first.ts, first.pid, first.fields["level"]) == (T, 2432, "ERROR")
    assert second.ts is None


def test_a_transcript_knows_its_commands_and_the_time_that_date_printed(records_of, shared):
    path = next((shared / "scenarios").glob("cifs*/input/ssh/*"))
    records = records_of(path.read_bytes(), path.name, Kind.SHELL_TRANSCRIPT)
    assert (records[2].text, records[2].fields["is_prompt"]) == ("root@3f1c:/# uname -r", True)
    tenth = records[9]
    assert tenth.text == "* Received HTTP/0.9 when not allowed"
    assert tenth.fields["command"].startswith("curl -sv")
    assert tenth.ts == datetime(2021, 10, 8, 9, 30, 2, tzinfo=UTC)
    assert (records[0].ts, records[1].precision, tenth.precision) == (None, Precision.SECOND, Precision.MINUTE)


def test_proc_files_give_numbers_in_bytes_with_the_time_of_their_folder(records_of):
    text = "MemTotal:        1955532 kB\nHugePages_Total:       3\n"
    first, second = records_of(text, "local/web-1/proc/20260404T055845Z/meminfo", Kind.PROC_MEMINFO)
    assert dict(first.fields) == {"name": "MemTotal", "value": 1955532 * 1024}
    assert second.fields["value"] == 3
    assert (first.ts, first.instance, first.precision) == (T, "web-1", Precision.SECOND)


def test_pressure_is_read_with_its_resource(records_of):
    text = (
        "some avg10=0.31 avg60=0.44 avg300=0.61 total=7411201\nfull avg10=0.20 avg60=0.31 avg300=0.40 total=6100210\n"
    )
    for name in (
        "20260404T055845Z/pressure_memory",
        "20260404T055845Z/pressure/memory",
        "20260404T055845Z/memory.pressure",
    ):
        _, full = records_of(text, name, Kind.PROC_PRESSURE)
        averages = {"avg10": 0.20, "avg60": 0.31, "avg300": 0.40}
        assert dict(full.fields) == {"resource": "memory", "share": "full", "total_us": 6100210} | averages
        assert full.ts == T


def test_status_knows_its_process_and_sizes(records_of):
    text = "Name:\tjava worker\nState:\tD (disk sleep)\nPid:\t1905\nVmRSS:\t   12 kB\nThreads:\t4\n"
    text += "SigBlk:\t0000000000000000\n"
    records = records_of(text, "x/status", Kind.PROC_STATUS)
    assert {record.pid for record in records} == {1905}
    values = {record.fields["name"]: record.fields["value"] for record in records}
    assert values == {"Name": "java worker", "State": "D (disk sleep)", "Pid": 1905, "VmRSS": 12288, "Threads": 4,
                      "SigBlk": "0000000000000000"}  # fmt: skip


def test_stat_and_loadavg_and_vmstat(records_of):
    cpu, _, ctxt = records_of("cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nctxt 99\n", "s", Kind.PROC_STAT)
    assert (cpu.fields["user"], cpu.fields["steal"], ctxt.fields["value"]) == (1, 8, 99)
    (load,) = records_of("0.31 0.44 0.61 2/345 6789\n", "loadavg", Kind.PROC_LOADAVG)
    assert dict(load.fields) == {"load1": 0.31, "load5": 0.44, "load15": 0.61}
    _, pages = records_of("nr_free_pages 12\nnr_dirty 3\n", "vmstat", Kind.PROC_VMSTAT)
    assert dict(pages.fields) == {"name": "nr_dirty", "value": 3}


def test_the_kernel_of_this_machine_is_read(records_of):
    proc = Path("/proc")
    meminfo = records_of((proc / "meminfo").read_bytes(), "meminfo", Kind.PROC_MEMINFO)
    assert meminfo[0].fields["value"] > 1024**2
    status = records_of((proc / "self/status").read_bytes(), "status", Kind.PROC_STATUS)
    assert status[0].pid is not None
    assert any(r.fields["name"] == "ctxt" for r in records_of((proc / "stat").read_bytes(), "stat", Kind.PROC_STAT))


def test_other_key_value_files_give_names_and_values(records_of):
    records = records_of(
        "rchar: 12\nwrite_bytes: 4096\nfree text\n", "local/h/process/7/20260404T055845Z/io", Kind.PROC_OTHER
    )
    assert [dict(record.fields) for record in records] == [
        {"name": "rchar", "value": 12},
        {"name": "write_bytes", "value": 4096},
        {},
    ]
    assert {record.pid for record in records} == {7}


SOS = """\
> clrstack -all
OS Thread Id: 0x1a (0)
        Child SP               IP Call Site
00007FFCA1B2C3D0 00007f2b1c0d1e2f [HelperMethodFrame_1OBJ: 00007ffca1b2c3d0] Monitor.ObjWait(Object)
00007FFCA1B2C500 00007F2AB0123456 Shop.Cart.Wait() [/src/Cart.cs @ 41]

OS Thread Id: 0x2b (3)
        Child SP               IP Call Site
00007F2A11112222 00007f2b1c0d1e2f System.Net.Sockets.Socket.Receive(Byte[])
"""
CDB = """\
0:000> ~*k

.  0  Id: 1a2c.1b30 Suspend: 1 Teb: 000000d4`1e600000 Unfrozen
 # Child-SP          RetAddr               Call Site
00 000000d4`1e7ff7a8 00007ff8`2d3a5e2e     ntdll!NtReadFile+0x14
01 000000d4`1e7ff7b0 00007ff7`1c2b3a4d     KERNELBASE!ReadFile+0x7b

   1  Id: 1a2c.2c44 Suspend: 1 Teb: 000000d4`1e602000 Unfrozen
 # Child-SP          RetAddr               Call Site
00 000000d4`1e8ff7a8 00007ff8`2d3a5e2e     ntdll!NtWaitForSingleObject+0x14
"""


def test_stacks_of_sos_and_of_cdb_have_their_threads_and_frames(records_of):
    sos = [record.fields for record in records_of(SOS, "stacks.txt", Kind.STACKS) if record.fields.get("thread")]
    assert [(fields["thread"], fields["nid"]) for fields in sos] == [("0", "0x1a"), ("3", "0x2b")]
    assert sos[0]["frames"].split("\n")[1] == "Shop.Cart.Wait() [/src/Cart.cs @ 41]"
    assert sos[1]["top"] == "System.Net.Sockets.Socket.Receive(Byte[])"
    cdb = [record.fields for record in records_of(CDB, "cdb.txt", Kind.STACKS) if record.fields.get("thread")]
    assert [(fields["thread"], fields["nid"], fields["top"]) for fields in cdb] == [
        ("0", "1b30", "ntdll!NtReadFile+0x14"),
        ("1", "2c44", "ntdll!NtWaitForSingleObject+0x14"),
    ]


def test_a_node_report_tells_what_set_it_off_and_when(records_of):
    report = {
        "header": {
            "reportVersion": 3,
            "event": "Allocation failed - JavaScript heap out of memory",
            "trigger": "FatalError",
            "dumpEventTimeStamp": "1767607200123",
            "processId": 71,
            "nodejsVersion": "v20.3.1",
        },
        "javascriptStack": {"message": "No stack.", "stack": ["at grow (/home/site/wwwroot/cart.js:12:7)"]},
        "javascriptHeap": {"usedMemory": 2_000_000_000, "memoryLimit": 2_147_483_648},
        "libuv": [
            {"type": "tcp", "is_active": True},
            {"type": "timer", "is_active": False},
            {"type": "tcp", "is_active": True},
        ],
    }
    first, *lines = records_of(json.dumps(report, indent=1), "report.20260105.json", Kind.NODE_REPORT)
    assert (first.pid, first.ts) == (71, datetime(2026, 1, 5, 10, 0, 0, 123000, tzinfo=UTC))
    assert first.fields["heap_limit"] == 2_147_483_648
    assert "set off by FatalError" in first.text
    assert "2 tcp" in first.text
    assert len(lines) == len(json.dumps(report, indent=1).splitlines())


@pytest.mark.parametrize(
    "text",
    [
        '{"header": {"reportVersion": 1, "nodejsVersion": "v1"',
        '{"header": {"reportVersion": [], "nodejsVersion": {}}, "libuv": 7}',
    ],
)
def test_a_node_report_that_is_cut_off_or_odd_is_still_read(records_of, text):
    assert records_of(text, "report.json", Kind.NODE_REPORT)
