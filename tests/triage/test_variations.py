"""The same classes of incident with other names, times and missing pieces: nothing may hang on a constant."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from escalate.model.incident import Incident, TargetFacts, Window

GUNICORN = "gunicorn-sigkill-is-not-oom"
SIBLING = "sibling-app-port-hog"
CIFS = "cifs-mount-serves-corrupt-files"


def window(day: str, start: str, end: str) -> Window:
    return Window(start=f"{day}T{start}Z", end=f"{day}T{end}Z")


def remove(*names: str):
    def change(folder: Path) -> None:
        for name in names:
            found = sorted(folder.rglob(name))
            assert found, name
            for path in found:
                path.unlink()

    return change


def test_other_worker_pids_and_day_give_the_same_answer(scenario):
    words = {
        "10-30-0-103": "10-7-4-22",
        "pid:1905": "pid:77",
        "2026-04-04": "2025-11-30",
        "2026_04_04": "2025_11_30",
        "20260404": "20251130",
        "04/04/2026": "11/30/2025",
        "04/Apr/2026": "30/Nov/2025",
    }
    got = scenario(GUNICORN, words=words)
    assert (got.who, got.findings.verdict.confidence) == ("customer", "high")
    assert {entry.pid for entry in got.findings.evidence} >= {77, 1906}
    assert got.finding("L38").instances == ("10-7-4-22",)


def test_memory_pressure_at_the_kill_turns_the_false_friend_round(scenario):
    def press(folder: Path) -> None:
        for path in folder.rglob("pressure_memory"):
            path.write_text(
                "some avg10=72.06 avg60=38.69 avg300=11.36 total=177364870\n"
                "full avg10=60.00 avg60=30.00 avg300=9.00 total=100\n"
            )
        for path in folder.rglob("meminfo"):
            path.write_text("MemTotal:        1955532 kB\nMemFree:           22240 kB\nMemAvailable:      44760 kB\n")

    got = scenario(GUNICORN, change=press)
    friend = got.finding("L38")
    assert friend.demoted
    assert friend.confidence == "low"
    assert any(got_e.polarity == "contradicts" for got_e in got.findings.evidence if got_e.id in friend.evidence)
    assert got.who == "customer"
    assert got.findings.findings[0].rule == "L27"
    assert got.exclusions["memory"].state == "not ruled out"


def test_a_sigkill_without_a_worker_timeout_before_it_is_not_explained_away(scenario):
    def drop(folder: Path) -> None:
        for path in folder.rglob("*_default_docker.log"):
            path.write_text(
                "".join(line for line in path.read_text().splitlines(keepends=True) if "WORKER TIMEOUT" not in line)
            )
        (folder / "azure/loganalytics/AppServiceHTTPLogs.json").unlink()

    got = scenario(GUNICORN, change=drop)
    assert got.finding("L38").demoted
    assert got.who == "undetermined"
    assert got.questions == ()


def test_another_sibling_is_named_and_another_victim_is_found(scenario):
    got = scenario(
        SIBLING, words={"func-import": "batch-loader", "func-timer": "clock", "RD0003FF47609F": "RD281878F1A2B3"}
    )
    assert (got.who, got.findings.verdict.confidence) == ("customer", "high")
    assert "batch-loader" in got.findings.verdict.why
    assert "another app of the plan" in got.findings.verdict.layer
    assert got.finding("W08").instances == ("RD281878F1A2B3",)


def test_without_the_siblings_counters_it_stays_undetermined_and_says_what_to_get(scenario):
    def blind(folder: Path) -> None:
        for path in [*folder.rglob("tcpconnections.json"), *(folder / "kudu").rglob("*.json")]:
            if "func-timer" not in str(path):
                path.unlink()

    got = scenario(SIBLING, change=blind)
    assert got.who == "undetermined"
    assert got.questions == ()
    wanted = [row for row in got.findings.missing_evidence if "all apps on the worker" in row.what]
    assert "WEBSITE_COUNTERS_APP" in wanted[0].command
    assert "func-import" in got.finding("W08").confidence_why


def test_the_detector_alone_is_enough_to_name_the_sibling(scenario):
    got = scenario(SIBLING, change=remove("counters_*.json"))
    assert got.who == "customer"
    assert "func-import" in got.findings.verdict.why


def test_an_app_that_holds_the_limit_itself_is_called_so(scenario):
    def own(folder: Path) -> None:
        (folder / "azure/detectors/tcpconnections.json").unlink()
        (folder / "LogFiles/eventlog.xml").unlink()
        hog, own = folder / "kudu/func-import", folder / "kudu/func-timer"
        (hog / "counters_20181018T0905Z.json").rename(own / "x.json")
        (own / "x.json").rename(own / "counters_20181018T0905Z.json")

    got = scenario(SIBLING, change=own)
    assert got.who == "customer"
    assert "the app itself" in got.findings.verdict.layer


def test_buffers_without_counts_of_the_siblings_are_not_a_case_for_microsoft(scenario):
    text = (
        "An operation on a socket could not be performed because the system lacked sufficient "
        "buffer space or because a queue was full"
    )
    got = scenario(
        SIBLING,
        change=remove("counters_*.json", "tcpconnections.json"),
        words={"An attempt was made to access a socket in a way forbidden by its access permissions": text},
    )
    assert got.who == "undetermined"
    assert got.finding("W09").evidence
    assert got.questions == ()
    assert any("counters of all apps" in row.what for row in got.findings.missing_evidence)


def test_without_the_control_reads_the_wrong_files_stay_undetermined(scenario):
    def cut(folder: Path) -> None:
        path = next(folder.rglob("session_*.txt"))
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:14]))

    got = scenario(CIFS, change=cut)
    assert got.who == "undetermined"
    assert got.questions == ()
    assert any("EnableSendfile" in row.command for row in got.findings.missing_evidence)


def test_files_that_differ_when_read_plainly_are_not_the_sendfile_class(scenario):
    def spoil(folder: Path) -> None:
        path = next(folder.rglob("session_*.txt"))
        path.write_text(path.read_text().replace("aa10  /tmp/p0.jpg", "aa11  /tmp/p0.jpg"))

    got = scenario(CIFS, change=spoil)
    assert got.finding("L23").demoted
    assert got.who != "microsoft"


def test_a_deployment_just_before_it_keeps_the_question_back(scenario):
    def deploy(folder: Path) -> None:
        path = folder / "azure/activitylog.json"
        path.write_text(path.read_text().replace("2021-06-29T10:04:00Z", "2021-10-08T09:04:30Z"))

    got = scenario(CIFS, change=deploy)
    assert got.who == "customer"
    gate = next(gate for gate in got.findings.verdict.gates if gate.id == "G2")
    assert gate.state == "fail"
    assert gate.evidence
    assert got.questions == ()


def test_another_stamp_and_release_stand_in_the_question(scenario):
    got = scenario(CIFS, words={"lw0mdlwk0003LA": "dw1sdwk00042K", "4.15.0-1113-azure": "5.4.0-1059-azure"})
    assert got.who == "microsoft"
    assert "dw1sdwk00042K" in got.questions[0].text
    assert "5.4.0-1059-azure" in got.questions[0].text
    assert got.questions[0].worker == "dw1sdwk00042K"


def test_without_an_activity_log_one_unknown_gate_is_borne_and_said(scenario):
    got = scenario(CIFS, change=remove("activitylog.json"))
    states = {gate.id: gate.state for gate in got.findings.verdict.gates}
    assert states["G2"] == "unknown"
    assert got.findings.verdict.confidence != "high"


def test_what_is_unknown_in_a_question_is_said_and_not_made_up(triaged, shared):
    source = shared / "scenarios" / CIFS / "input" / "ssh" / "session_20211008T0930Z.txt"
    text = source.read_text().replace("uname -r", "true").replace("4.15.0-1113-azure", "")
    incident = Incident(
        window=window("2021-10-08", "09:10:00", "09:40:00"),
        target=TargetFacts(os="linux-container", instances=("w1",)),
    )
    log = (
        '2021-10-08T09:20:07.762977462Z 169.254.130.1 - - [08/Oct/2021:09:20:07 +0000] "GET / HTTP/1.1" 200 1 "-" "x"\n'
    )
    got = triaged({"ssh/s.txt": text, "LogFiles/2021_10_08_w1_default_docker.log": log * 3}, incident)
    assert got.who == "microsoft"
    assert "uname not in the evidence" in got.questions[0].text


def http_rows(bad: str, good: str, errors: int) -> str:
    rows = [[f"2026-01-05T10:0{n % 10}:00Z", "/", "500" if n < errors else "200", "40", bad] for n in range(20)]
    rows += [[f"2026-01-05T10:0{n % 10}:30Z", "/", "200", "40", good] for n in range(40)]
    names = ("TimeGenerated", "CsUriStem", "ScStatus", "TimeTaken", "ComputerName")
    table = {"name": "PrimaryResult", "columns": [{"name": n, "type": "string"} for n in names], "rows": rows}
    return json.dumps({"tables": [table]}, indent=1)


SICK = Incident(window=window("2026-01-05", "10:00:00", "10:10:00"), target=TargetFacts(os="linux", sku="P1v3"))
QUIET_PROC = {
    "procfs/20260105T100500Z/meminfo": "MemTotal: 1955532 kB\nMemFree: 900000 kB\nMemAvailable: 1481544 kB\n",
    "procfs/20260105T100500Z/pressure_memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
}
ACTIVITY = json.dumps(
    {
        "value": [
            {
                "caller": "a@contoso.example",
                "eventTimestamp": "2026-01-01T10:00:00Z",
                "operationName": {"value": "Microsoft.Web/sites/write"},
                "status": {"value": "Succeeded"},
                "level": "Informational",
                "resourceId": "/subscriptions/0/resourceGroups/r/providers/Microsoft.Web/sites/s",
                "correlationId": "70e71b59-0000-4000-8000-a519e81ef829",
            }
        ]
    },
    indent=1,
)


def test_one_sick_worker_without_a_restart_is_undetermined_and_asks_for_the_control(triaged):
    files = {
        "azure/AppServiceHTTPLogs.json": http_rows("lw1", "lw2", 18),
        "azure/activitylog.json": ACTIVITY,
        **QUIET_PROC,
    }
    got = triaged(files, SICK)
    assert got.who == "undetermined"
    assert got.finding("N08").evidence
    assert "lw1" in got.finding("N08").title
    assert any("restart" in row.what for row in got.findings.missing_evidence)


def test_one_sick_worker_whose_errors_outlive_a_restart_is_a_question_for_microsoft(triaged):
    start = "2026-01-05T10:04:00.101Z INFO  - Starting container for site\n"
    start += "2026-01-05T10:04:10.101Z INFO  - Container s_0_11aa22bb for site s initialized successfully.\n"
    files = {
        "azure/AppServiceHTTPLogs.json": http_rows("lw1", "lw2", 18),
        "azure/activitylog.json": ACTIVITY,
        "LogFiles/2026_01_05_lw1_docker.log": start,
        **QUIET_PROC,
    }
    got = triaged(files, SICK)
    assert got.who == "microsoft", got.findings.verdict
    assert got.questions[0].worker == "lw1"
    assert got.questions[0].ruled_out
    assert {gate.state for gate in got.findings.verdict.gates} == {"pass"}


def test_errors_on_all_workers_alike_are_not_one_sick_worker(triaged):
    both = json.loads(http_rows("lw1", "lw2", 18))
    both["tables"][0]["rows"] += [[f"2026-01-05T10:0{n % 10}:40Z", "/", "500", "40", "lw2"] for n in range(36)]
    got = triaged(
        {"azure/AppServiceHTTPLogs.json": json.dumps(both, indent=1), "azure/activitylog.json": ACTIVITY}, SICK
    )
    assert "N08" not in got.rules
    assert got.who == "undetermined"


def test_noise_alone_is_undetermined(triaged):
    text = "2026-01-05T10:05:00.1234567Z Container get mounts received unexpected exception.\n"
    text += "2026-01-05T10:05:01.1234567Z State: Started, Action: None, LastError: ContainerTimeout, "
    text += "LastErrorTimestamp: 01/02/2026 05:46:15, LastErrorDetails: x\n"
    got = triaged({"LogFiles/2026_01_05_lw1_docker.log": text}, SICK)
    assert got.rules >= {"L05", "L20"}
    assert got.active == set()
    assert got.who == "undetermined"
    assert got.findings.missing_evidence
    assert all(row.command for row in got.findings.missing_evidence)


def test_no_evidence_at_all_is_undetermined_with_commands(triaged):
    got = triaged({})
    assert got.who == "undetermined"
    assert got.findings.verdict.confidence == "low"
    assert len(got.findings.missing_evidence) >= 4
    assert got.questions == ()


def test_a_match_outside_of_the_window_does_not_count(triaged):
    line = "2026-01-05T07:05:00.1234567Z [ERROR] Worker (pid:1901) exited with code 3.\n"
    got = triaged({"LogFiles/2026_01_05_lw1_default_docker.log": line}, SICK)
    assert got.finding("L39").demoted
    assert got.who == "undetermined"


def test_steal_time_alone_does_not_make_a_microsoft_case(triaged):
    def stat(n: int) -> str:
        return f"cpu  {1000 + 100 * n} 0 100 {5000 + 100 * n} 0 0 0 {10 + 60 * n} 0 0\nctxt 1\n"

    files = {f"procfs/20260105T1005{n:02d}Z/stat": stat(n) for n in range(0, 50, 10)}
    got = triaged(files, SICK)
    assert "L30" in got.active
    assert got.finding("L30").confidence == "low"
    assert got.who == "undetermined"
    assert got.questions == ()


def test_workers_without_any_error_do_not_fail_the_scope_of_another_sign(triaged):
    line = "2026-01-05T10:05:00.1234567Z python exited with code 137\n"
    files = {
        "azure/AppServiceHTTPLogs.json": http_rows("lw1", "lw2", 0),
        "LogFiles/2026_01_05_lw1_default_docker.log": line,
        "azure/activitylog.json": ACTIVITY,
    }
    got = triaged(files, SICK)
    assert next(gate for gate in got.findings.verdict.gates if gate.id == "G1").state == "pass"
    assert got.who == "undetermined"
    assert "cgroup memory.events" in [row.what for row in got.findings.missing_evidence]


def test_the_timeline_is_ordered_and_covers_artifacts(scenario):
    got = scenario(GUNICORN)
    times = [event.ts_utc for event in got.timeline.events]
    assert times == sorted(times)
    assert any(row.path.endswith("default_docker.log") and row.records == 75 for row in got.timeline.coverage)
    assert all(
        event.ts_utc.tzinfo is UTC or event.ts_utc.utcoffset() == datetime.now(UTC).utcoffset()
        for event in got.timeline.events
    )
