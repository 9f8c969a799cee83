"""Commands that really run: in the app's container and in Kudu's own, against the processes of a world."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from escalate.lab.kudu import commands
from escalate.lab.processes import SickProcess, java_available, start_real
from escalate.lab.world import LabApp, Signals
from tests.lab.kudu_sites import FIRST, SECOND, Scm, scm

Linux = Callable[..., Scm]


@pytest.fixture
def linux(tmp_path: Path) -> Iterator[Linux]:
    with ExitStack() as stack:

        def begin(*faults: str, **more: Any) -> Scm:
            return stack.enter_context(scm(tmp_path, "linux", *faults, **more))

        yield begin


def execute(site: Scm, script: str, **more: Any) -> str:
    """What a script in the app's container leaves in /home, once it has ended."""
    body = {"Command": "/bin/sh", "Args": ["-c", f"({script}) >/home/out 2>&1; mv /home/out /home/done"]}
    assert site.ask("POST", "/exec/execute", json=body, **more).status_code == 202
    until = time.monotonic() + 60
    while (answer := site.get("/api/vfs/done")).status_code != 200:
        assert time.monotonic() < until, "the command did not end"
        time.sleep(0.05)
    assert site.ask("DELETE", "/api/vfs/done", headers={"If-Match": "*"}).status_code == 200
    return answer.text


def test_a_command_runs_with_the_environment_of_the_app(linux: Linux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    site = linux()
    told = execute(site, "env; hostname; cat /proc/sys/kernel/hostname; pwd")
    assert f"WEBSITE_INSTANCE_ID={FIRST.arm_id}" in told
    assert "PAYMENT_KEY=invented-value" in told
    assert "SECRET_OF_THE_HOST" not in told
    assert told.count(FIRST.container) == 2


def test_the_other_worker_has_another_container(linux: Linux) -> None:
    assert SECOND.container in execute(linux(), "hostname", worker=SECOND)


def test_proc_shows_the_processes_of_the_lab_only(linux: Linux) -> None:
    site = linux()
    site.state.processes[FIRST.machine] = SickProcess("me", os.getpid(), ())
    told = execute(site, f"ls /proc; cat /proc/{os.getpid()}/comm; head -1 /proc/meminfo; ls '/proc/self/fd' | wc -l")
    numbers = [line for line in told.splitlines() if line.isdigit()]
    assert str(os.getpid()) in numbers
    assert str(os.getppid()) not in numbers
    assert "MemTotal:" in told
    assert str(os.getpid()) not in execute(site, "ls /proc", worker=SECOND)


def test_the_numbers_of_a_world_stand_in_proc_one_sample_a_reading(linux: Linux) -> None:
    samples = tuple(
        {
            "/proc/vmstat": f"pgscan_direct {n}\n",
            "/proc/pressure/memory": f"full {n}\n",
            "/sys/fs/cgroup/memory.max": "max\n",
        }
        for n in (1, 20, 300)
    )
    site = linux(proc={FIRST.machine: samples})
    script = (
        "for i in 1 2 3 4; do cat /proc/vmstat; sleep 0.6; done; cat /proc/pressure/memory /sys/fs/cgroup/memory.max"
    )
    told = execute(site, script).splitlines()
    seen = [line for line in told if line.startswith("pgscan")]
    assert seen[0] == "pgscan_direct 1"
    assert seen[-1] in ("pgscan_direct 20", "pgscan_direct 300")
    assert told[-2:] == ["full 1", "max"]


def test_a_container_without_storage_leaves_nothing_in_home(linux: Linux) -> None:
    site = linux(storage_mounted=False)
    body = {"Command": "/bin/sh", "Args": ["-c", "echo x >/home/a; mv /home/a /home/b"]}
    assert site.ask("POST", "/exec/execute", json=body).status_code == 202
    hidden = site.state.folder / "container" / FIRST.machine / "home" / "b"
    until = time.monotonic() + 30
    while not hidden.exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert site.get("/api/vfs/b").status_code == 404


def test_connections_are_answered_by_the_world(linux: Linux) -> None:
    site = linux(probes={(FIRST.machine, "pay:443"): "timeout", (FIRST.machine, "gone:443"): "no-such-host"})
    told = execute(
        site,
        "nc -zv -w 5 pay 443; nc -zv -w 5 ledger 443; curl -sS -o /dev/null -w '%{http_code}\\n' https://pay/;"
        " curl -sS -o /dev/null -w '%{http_code}\\n' https://ledger/; dig +short gone; nslookup gone",
    )
    assert "nc: connect to pay" in told
    assert "Connection to ledger" in told
    assert "curl: (28)" in told
    assert "\n200\n" in told
    assert "NXDOMAIN" in told


def test_commands_of_kudu_run_beside_the_app(linux: Linux) -> None:
    site = linux()
    site.state.processes[FIRST.machine] = SickProcess("me", os.getpid(), ())
    done = site.command("echo out; echo err >&2; ls /proc; echo x >/home/LogFiles/a; exit 3")
    assert (done["Error"], done["ExitCode"]) == ("err\n", 3)
    assert done["Output"].startswith("out\n")
    assert str(os.getpid()) not in done["Output"]
    assert (site.home / "LogFiles" / "a").read_text() == "x\n"


def test_a_silent_command_is_aborted(linux: Linux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "IDLE_S", 0.2)
    done = linux().command("sleep 60")
    assert "was aborted due to no output nor CPU activity" in done["Error"]


def test_what_was_started_ends_with_the_lab(linux: Linux) -> None:
    site = linux()
    site.ask(
        "POST", "/exec/execute", json={"command": "/bin/sh", "args": ["-c", "echo $$ >/home/pid; sleep 600; true"]}
    )
    pid_file = site.home / "pid"
    until = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.02)
    site.site.close()
    assert not Path(f"/proc/{pid_file.read_text().strip()}").exists()


def test_a_command_that_cannot_be_started_is_refused(linux: Linux) -> None:
    site = linux()
    assert site.ask("POST", "/exec/execute", json={"Command": "/no/such"}).status_code == 400
    assert site.ask("POST", "/exec/execute", json={"Args": ["x"]}).status_code == 400


def test_a_container_that_does_not_run_takes_no_commands(linux: Linux) -> None:
    site = linux()
    site.state.signals = Signals(site_status={FIRST.machine: {"state": "Stopped"}})
    assert site.ask("POST", "/exec/execute", json={"Command": "true"}).status_code == 400
    tunnel = "/AppServiceTunnel/Tunnel.ashx?GetStatus&GetStatusAPIVer=2"
    assert site.get(tunnel).json["state"] == "STOPPED"
    assert site.get(tunnel, worker=SECOND).json["state"] == "STARTED"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/processes", 400, b"Not supported on Linux"),
        ("/api/processes/1/dump?type=WithHeap", 400, b"Not supported on Linux"),
        ("/api/processes/1/threads", 400, b'"Not supported on Linux"'),
    ],
)
def test_processes_are_not_supported_on_linux(path: str, status: int, body: bytes, linux: Linux) -> None:
    answer = linux().get(path)
    assert (answer.status_code, answer.data) == (status, body)


def test_dotnet_monitor_is_asked_for_but_does_not_run(linux: Linux) -> None:
    site = linux(app=LabApp(name="shop", settings={"WEBSITE_USE_DOTNET_MONITOR": "true"}))
    answer = site.get("/api/processes/1/dump")
    assert (answer.status_code, answer.data) == (404, b"The dotnet-monitor tool is not configured to run")


def test_a_network_capture_goes_its_way(linux: Linux) -> None:
    site = linux()
    captures = "/api/networkcapture/captures"
    assert site.ask("POST", captures, json={"durationSeconds": 301}).status_code == 400
    made = site.ask("POST", captures, json={"durationSeconds": 1}).json
    assert "tcpdump" in made["captureCommand"]
    assert site.ask("POST", captures, json={"durationSeconds": 1}).status_code == 429
    (site.home / "LogFiles" / "networkcapture" / f"{made['id']}.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + bytes(60))
    assert site.get(f"{captures}/{made['id']}").json["status"] == "created"
    assert site.ask("POST", f"{captures}/{made['id']}/analyze").status_code == 202
    until = time.monotonic() + 30
    while (told := site.get(f"{captures}/{made['id']}").json)["status"] == "analyzing":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert (told["status"], told["truncated"]) == ("ready", False)
    assert site.get(told["downloadUrl"].removeprefix("http://localhost")).data.startswith(b"\xd4\xc3\xb2\xa1")
    assert site.get(f"{captures}/none").status_code == 404


@pytest.mark.system
def test_jcmd_really_runs_against_the_jvm_of_the_world(linux: Linux) -> None:
    if not java_available():
        pytest.skip("needs a JDK: java, javac, jcmd")
    site = linux(real="java")
    with ExitStack() as stack:
        start_real(site.state, stack)
        process = site.state.processes[FIRST.machine]
        listed = execute(site, "jcmd -l")
        assert [line.split()[0] for line in listed.splitlines()] == [str(process.pid)]
        threads = execute(site, f"jcmd {process.pid} Thread.print -l")
        assert "Full thread dump" in threads
        assert "Found one Java-level deadlock" in threads
        made = execute(site, f"jcmd {process.pid} GC.heap_dump /home/LogFiles/shop.hprof")
        assert "Heap dump file created" in made
        dump = site.get("/api/vfs/LogFiles/shop.hprof", headers={"Range": "bytes=0-17"})
        assert dump.data == b"JAVA PROFILE 1.0.2"
        memory = site.get("/api/stats/all/memory_stats").json[FIRST.container]
        assert memory["usage"] > 10_000_000


@pytest.mark.system
@pytest.mark.skipif(shutil.which("gcore") is None, reason="needs gdb (gcore)")
def test_gcore_really_runs(linux: Linux, socket_enabled: None) -> None:
    site = linux(real="python")
    with ExitStack() as stack:
        start_real(site.state, stack)
        pid = site.state.processes[FIRST.machine].pid
        told = execute(site, f"gcore -o /home/LogFiles/core {pid}")
        core = site.get(f"/api/vfs/LogFiles/core.{pid}", headers={"Range": "bytes=0-3"})
        assert core.data == b"\x7fELF" or "not permitted" in told
