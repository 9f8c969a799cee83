"""Processes, dumps, commands and DaaS of a Windows worker."""

from __future__ import annotations

import io
import json
import time
import zipfile
from pathlib import Path

import pytest

from tests.lab.kudu_sites import FIRST, SECOND, scm


def test_processes_are_listed_in_short(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        found = {each["id"]: each for each in site.get("/api/processes").json}
        assert set(found) == {4404, 6744}
        assert set(found[6744]) == {"id", "name", "machineName", "href"}
        assert {each["id"] for each in site.get("/api/processes", worker=SECOND).json} == {4404}


def test_numbers_grow_with_every_sample_and_defaults_are_left_out(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        first, second = (site.get("/api/processes/6744").json for _ in range(2))
        assert (first["handle_count"], second["handle_count"]) == (1405, 1408)
        assert second["private_memory"] == 601_415_680
        assert first["total_cpu_time"] == "1.01:01:01.5000000"
        assert "module_count" not in first
        assert "is_scm_site" not in first
        assert not [name for name in first if name.startswith("_")]
        assert first["environment_variables"]["PAYMENT_KEY"] == "invented-value"
        assert first["children"] == ["http://localhost/api/processes/8100"]
        assert [each["state"] for each in first["threads"]] == ["Wait", "Running"]


def test_aliases_of_processes(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        assert site.get("/api/processes/-1").json["id"] == 6744
        assert site.get("/api/processes/0").json["is_scm_site"] is True
        nobody = site.get("/api/processes/-1", worker=SECOND)
        assert (nobody.status_code, nobody.json["ExceptionType"]) == (500, "System.InvalidOperationException")
        assert site.get("/api/processes/1").status_code == 404


def test_threads_and_modules(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        assert set(site.get("/api/processes/6744/threads").json[0]) == {"id", "href", "state"}
        thread = site.get("/api/processes/6744/threads/1788").json
        assert (thread["wait_reason"], thread["total_processor_time"]) == ("UserRequest", "00:00:01.5000000")
        assert site.get("/api/processes/6744/threads/1").status_code == 404
        (module,) = site.get("/api/processes/6744/modules").json
        assert "file_path" not in module
        assert site.get(module["href"]).json["file_path"] == "C:\\Windows\\w3wp.exe"


def test_arm_gets_an_envelope(tmp_path: Path) -> None:
    with scm(tmp_path, role="Reader") as site:
        headers = {"x-ms-geo-location": "West Europe"}
        (entry, *_) = site.through_arm(f"/api/processes?instance={FIRST.arm_id}", headers=headers).json["value"]
        assert entry["type"] == "Microsoft.Web/sites/processes"
        assert entry["name"].startswith("shop/")
        detail = site.through_arm(f"/api/processes/6744?instance={FIRST.arm_id}", headers=headers).json
        assert detail["properties"]["environment_variables"] == {}
        assert "command_line" not in detail["properties"]


def test_dumps_go_through_one_file(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        small = site.get("/api/processes/6744/dump?dumpType=0")
        assert small.data.startswith(b"MDMP")
        whole = site.get("/api/processes/-1/dump?dumpType=2")
        assert len(whole.data) == int(whole.headers["Content-Length"]) == 3 * 1024 * 1024
        assert whole.headers["Content-Disposition"].startswith("attachment; filename=w3wp-a1a1a1-")
        assert not (site.home / "LogFiles/minidump/minidump.dmp").exists()
        zipped = site.get("/api/processes/6744/dump?dumpType=2&format=zip")
        assert zipfile.ZipFile(io.BytesIO(zipped.data)).namelist() == ["minidump.dmp"]
        assert site.get("/api/processes/6744/dump?format=rar").status_code == 400
        assert site.get("/api/processes/1/dump").status_code == 404


def test_two_dumps_at_once_collide(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        first = site.get("/api/processes/6744/dump", buffered=False)
        second = site.get("/api/processes/6744/dump")
        assert second.status_code == 500
        assert "because it is being used by another process" in second.json["Message"]
        first.close()
        assert site.get("/api/processes/6744/dump").status_code == 200


def test_dumps_that_are_none(tmp_path: Path) -> None:
    with scm(tmp_path, "windows", "dump-12kb", tier="Free") as site:
        assert len(site.get("/api/processes/6744/dump").data) == 12 * 1024
        assert "does not support full minidump" in site.get("/api/processes/6744/dump?dumpType=2").json["Message"]


def test_a_profile_is_stopped_only_when_it_was_started(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        assert site.get("/api/processes/6744/profile/stop").status_code == 404
        assert site.ask("POST", "/api/processes/6744/profile/start?iisProfiling=true").status_code == 200
        answer = site.get("/api/processes/6744/profile/stop")
        assert zipfile.is_zipfile(io.BytesIO(answer.data))


def test_commands_always_answer_200(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        line = "echo %COMPUTERNAME% %WEBSITE_INSTANCE_ID% %NOBODY%"
        assert site.command(line) == {
            "Output": f"{FIRST.computer} {FIRST.arm_id} %NOBODY%\r\n",
            "Error": "",
            "ExitCode": 0,
        }
        unknown = site.command("set")
        assert unknown["ExitCode"] == 1
        assert unknown["Error"].startswith("'set' is not recognized as an internal or external command")
        assert site.ask("POST", "/api/command", data=b"no json").status_code == 400


def test_counters_are_of_the_sandbox(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        all_of_them = [json.loads(site.command("echo %WEBSITE_COUNTERS_ALL%")["Output"]) for _ in range(2)]
        assert [each["app"]["connections"] for each in all_of_them] == [100, 120]
        assert json.loads(site.command("echo %WEBSITE_COUNTERS_CLR%")["Output"]) == {"gcHandles": 211}


def test_dir_writes_as_cmd_does(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        (site.home / "LogFiles" / "eventlog.xml").write_bytes(bytes(76_210))
        output = site.command("dir %HOME%\\LogFiles")["Output"]
        assert " Directory of C:\\home\\LogFiles\r\n" in output
        assert "            76,210 eventlog.xml\r\n" in output
        assert "               1 File(s)         76,210 bytes\r\n" in output
        assert "76210 eventlog.xml" in site.command("dir %HOME%\\logfiles /-c")["Output"]
        assert site.command("dir /b C:\\home\\LogFiles\\*.xml")["Output"] == "eventlog.xml\r\n"
        assert site.command("dir C:\\nowhere")["ExitCode"] == 1


@pytest.mark.parametrize(
    ("line", "output", "code"),
    [
        ("echo a & echo b", "a \r\nb\r\n", 0),
        ("type none.txt && echo never", "", 1),
        ("type none.txt || echo instead", "instead\r\n", 0),
        ("type none.txt 2>nul || echo %errorlevel%", "0\r\n", 0),
        ('cmd /v:on /c "type none.txt 2>nul & echo !errorlevel!"', "1\r\n", 0),
        ("if exist C:\\devtools\\sysinternals\\procdump.exe echo yes", "yes\r\n", 0),
        ("if not exist D:\\devtools\\sysinternals\\procdump.exe echo no", "no\r\n", 0),
        ('echo one ^& two > "%TEMP%\\a.txt" & type %TEMP%\\a.txt', "one & two \r\n", 0),
        (
            "type none.txt > %TEMP%\\b.txt 2>&1 & type %TEMP%\\b.txt",
            "The system cannot find the file specified.\r\n",
            0,
        ),
        ("mkdir %TEMP%\\esc & echo x>%TEMP%\\esc\\c & rmdir /s /q %TEMP%\\esc & dir /b %TEMP%", "", 1),
    ],
)
def test_lines_are_read_as_cmd_reads_them(line: str, output: str, code: int, tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        result = site.command(line)
        assert (result["Output"], result["ExitCode"]) == (output, code), result


def test_probes_are_of_the_worker_that_runs_them(tmp_path: Path) -> None:
    probes = {
        (FIRST.machine, "pay:443"): "timeout",
        (FIRST.machine, "ledger:443"): "forbidden",
        (FIRST.machine, "gone:443"): "no-such-host",
    }
    with scm(tmp_path, probes=probes) as site:
        lost = site.command("tcpping -n 2 -w 10 pay:443")
        assert lost["Output"].splitlines()[-1] == "Complete: 0/2 successful attempts (0%)."
        assert "Connection timed out" in lost["Output"]
        good = site.command("tcpping -n 2 -w 10 pay:443", worker=SECOND)
        assert good["Output"].startswith("Connected to pay:443, time taken: ")
        assert "Complete: 2/2 successful attempts (100%). Average success time: " in good["Output"]
        assert "in a way forbidden by its access permissions" in site.command("tcpping ledger:443")["Output"]
        assert "No such host is known" in site.command("nameresolver gone")["Output"]
        assert site.command("nameresolver pay")["Output"].startswith("Server: 168.63.129.16\r\n\r\nNon-authoritative")
        fetched = site.command('curl -sS -o NUL -w "%{http_code} %{time_total}" https://pay/')
        assert (fetched["Output"], fetched["ExitCode"]) == ("000 10.001000", 28)
        assert site.get("/DaaS/api/nameresolver?hostname=gone").json["IpAddresses"] == []
        assert site.get("/daas/api/nameresolver?hostname=pay").json["Status"] == "success"


def test_procdump_runs_aside_and_leaves_its_code(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        tool = "C:\\devtools\\sysinternals\\procdump.exe -accepteula -ma -r 6744 %TEMP%\\esc\\p.dmp"
        aside = f"{tool} > %TEMP%\\esc\\out 2>&1 & echo !errorlevel! > %TEMP%\\esc\\rc.txt"
        line = f'mkdir %TEMP%\\esc & start /b cmd /v:on /c "{aside}"'
        assert site.command(line)["ExitCode"] == 0
        until = time.monotonic() + 30
        while site.get("/api/vfs/LocalSiteRoot/Temp/esc/rc.txt").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        dump = site.get("/api/vfs/LocalSiteRoot/Temp/esc/p.dmp")
        assert dump.data.startswith(b"MDMP")
        assert len(dump.data) == 3 * 1024 * 1024
        assert site.get("/api/vfs/LocalSiteRoot/Temp/esc/p.dmp", worker=SECOND).status_code == 404
        assert site.get("/api/vfs/SystemDrive/local/Temp/esc/rc.txt").data == b"0 \r\n"


def test_a_tool_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        result = site.command("D:\\devtools\\sysinternals\\procdump.exe -ma 6744 x.dmp")
        assert (result["ExitCode"], result["Error"]) == (1, "The system cannot find the path specified.\r\n")
        assert "No process matching" in site.command("procdump -accepteula -ma 1 x.dmp")["Output"]


def test_a_session_of_daas(tmp_path: Path) -> None:
    with scm(tmp_path) as site:
        assert "Profiler" in [each["Name"] for each in site.get("/DaaS/diagnosers").json]
        body = {"Mode": "Collect", "Tool": "Profiler", "Instances": [FIRST.machine]}
        needs = site.ask("POST", "/DaaS/sessions", json={**body, "Tool": "MemoryDump"})
        assert (needs.status_code, "must be specified" in needs.json["Message"]) == (400, True)
        made = site.ask("POST", "/DaaS/sessions", json=body)
        assert made.status_code == 202
        assert site.ask("POST", "/DaaS/sessions", json=body).status_code == 409
        first = site.ask("POST", f"/DaaS/sessions/{made.json}").json
        assert first["Status"] == "Active"
        done = site.ask("POST", f"/DaaS/sessions/{made.json}").json
        assert done["Status"] == "Complete"
        (log,) = done["ActiveInstances"][0]["Logs"]
        assert site.get(f"/api/vfs/{log['RelativePath']}").status_code == 200
        assert site.ask("DELETE", f"/DaaS/sessions/{made.json}").status_code == 200
        assert site.get("/DaaS/api/databasetest").status_code == 405
