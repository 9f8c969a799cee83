"""The machine we stand in, with really running processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from escalate.case.layout import Room
from escalate.case.private import known_values
from escalate.model.artifact import EvidenceDocument
from escalate.model.kind import Kind
from escalate.model.target import LocalTarget

FAKES = Path(__file__).resolve().parents[1] / "fakes"


def needs(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def steps_of(document):
    return {step.id: step for step in document.steps}


def of_kind(document, kind):
    return [artifact for artifact in document.artifacts if artifact.kind is kind]


def all_evidence(case) -> bytes:
    return b"".join(p.read_bytes() for p in case.path(Room.EVIDENCE).rglob("*") if p.is_file())


def test_the_system_is_sampled_under_utc_stamps(make_case, collect):
    document = collect(make_case(target=LocalTarget()), only={"system.samples", "system.identity"})
    samples = of_kind(document, Kind.PROC_MEMINFO)
    assert len(samples) == 2
    assert len({artifact.path.split("/")[-2] for artifact in samples}) == 2
    assert {artifact.instance for artifact in samples} == {document.host}
    if Path("/proc/pressure/memory").exists():
        assert {a.path.rpartition("/")[2] for a in of_kind(document, Kind.PROC_PRESSURE)} == {
            "pressure_cpu",
            "pressure_memory",
            "pressure_io",
        }
    assert any(artifact.path.endswith("/proc/version") for artifact in document.artifacts)


def test_a_process_gives_state_files_and_log_but_no_secret(make_case, collect, sleeper):
    case = make_case(target=LocalTarget(pid=sleeper.pid))
    document = collect(case, skip={"python.stacks"})
    names = {artifact.path.rpartition("/")[2] for artifact in document.artifacts if artifact.pid == sleeper.pid}
    assert {"status", "smaps_rollup", "fd.txt", "threads.txt", "limits", "environment-names.txt", "app.log"} <= names
    log = next(artifact for artifact in document.artifacts if artifact.path.endswith("/app.log"))
    assert case.path(Room.EVIDENCE, log.path).read_bytes() == b"worker ready\n"
    assert known_values(case) == {
        "s3cr3t-of-the-test": "DB_PASSWORD",
        "a longer plain value": "PLAIN_SETTING",
        "argument-secret-42": "api-token",
    }
    names_file = next(a for a in document.artifacts if a.path.endswith("environment-names.txt"))
    assert b"DB_PASSWORD\n" in case.path(Room.EVIDENCE, names_file.path).read_bytes()
    assert b"s3cr3t-of-the-test" not in all_evidence(case)
    assert "s3cr3t" not in case.root.joinpath("journal.jsonl").read_text()


def test_nothing_that_needs_consent_is_opened_without_it(make_case, collect, sleeper):
    case = make_case(target=LocalTarget(pid=sleeper.pid))
    document = collect(case, skip={"system.samples", "proc.samples", "python.stacks"})
    steps = steps_of(document)
    for step in (f"native.core/{sleeper.pid}", f"native.backtrace/{sleeper.pid}", "network.capture"):
        assert steps[step].outcome.state == "skipped"
        assert steps[step].artifacts == ()
        assert "--include" in steps[step].outcome.hint
    assert not {Kind.ELF_CORE, Kind.PCAP, Kind.STACKS} & {artifact.kind for artifact in document.artifacts}


@pytest.mark.system
@needs("gcore")
def test_a_core_is_taken_with_consent_and_the_process_runs_on(make_case, collect, sleeper):
    document = collect(
        make_case(target=LocalTarget(pid=sleeper.pid)), only={"native.core", "native.backtrace"}, include={"dumps"}
    )
    assert [artifact.kind for artifact in of_kind(document, Kind.ELF_CORE)] == [Kind.ELF_CORE]
    assert of_kind(document, Kind.ELF_CORE)[0].sensitivity == "memory"
    assert steps_of(document)[f"native.backtrace/{sleeper.pid}"].outcome.state == "collected"
    assert sleeper.poll() is None
    assert "(stopped)" not in Path(f"/proc/{sleeper.pid}/status").read_text()


@pytest.mark.system
@needs("tcpdump")
def test_a_capture_ends_by_itself(make_case, collect):
    document = collect(make_case(target=LocalTarget()), only={"network.capture"}, include={"network"})
    step = steps_of(document)["network.capture"]
    if step.outcome.state == "denied":
        pytest.skip(f"tcpdump may not capture here: {step.outcome.reason}")
    assert step.outcome.state == "collected"
    assert [artifact.kind for artifact in document.artifacts] == [Kind.PCAP]


@pytest.fixture
def deadlock(tmp_path):
    child = subprocess.Popen(
        ["java", str(FAKES / "Deadlock.java")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        dump = subprocess.run(["jcmd", str(child.pid), "Thread.print"], capture_output=True, check=False)
        if b"deadlock" in dump.stdout:
            break
        time.sleep(0.5)
    yield child
    child.kill()
    child.wait()


@pytest.mark.system
@needs("java", "jcmd")
def test_a_deadlocked_jvm_gives_three_thread_dumps_and_nothing_unasked(make_case, collect, deadlock, tmp_path):
    case = make_case(target=LocalTarget(pid=deadlock.pid))
    document = collect(case, skip={"system.samples", "proc.samples", "system.disk"})
    dumps = of_kind(document, Kind.THREAD_DUMP)
    assert len(dumps) == 3
    for dump in dumps:
        assert b"Found one Java-level deadlock" in case.path(Room.EVIDENCE, dump.path).read_bytes()
        assert dump.pid == deadlock.pid
    assert len({dump.captured_at for dump in dumps}) == 3
    steps = steps_of(document)
    for word in ("java.heap", "java.histogram", "java.recording", "native.core"):
        assert steps[f"{word}/{deadlock.pid}"].outcome.state == "skipped"
    for word in ("java.flags", "java.version", "java.heap_info"):
        assert steps[f"{word}/{deadlock.pid}"].outcome.state == "collected"
    assert steps[f"java.crash_files/{deadlock.pid}"].outcome.state == "empty"


@pytest.mark.system
@needs("java", "jcmd")
def test_heap_histogram_and_recording_come_with_consent_and_leave_nothing_in_tmp(make_case, collect, deadlock):
    wanted = {"java.heap", "java.histogram", "java.recording"}
    document = collect(
        make_case(target=LocalTarget(pid=deadlock.pid)), only=wanted, include={"heap", "histogram", "profiles"}
    )
    assert {artifact.kind for artifact in document.artifacts} == {Kind.HPROF, Kind.CLASS_HISTOGRAM, Kind.JFR}
    assert not list(Path("/tmp").glob("escalate-esc-20260404-055845-3f9a1c-*"))


@pytest.mark.system
@needs("java", "jcmd")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to start a JVM as another user")
def test_the_jvm_of_another_user_is_asked_as_that_user(make_case, collect, tmp_path):
    shutil.copy(FAKES / "Deadlock.java", "/tmp/Deadlock.java")
    child = subprocess.Popen(
        ["java", "/tmp/Deadlock.java"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=65534,
        group=65534,
        extra_groups=[],
    )
    try:
        time.sleep(4)
        case = make_case(target=LocalTarget(pid=child.pid))
        document = collect(case, only={"java.version", "java.heap"}, include={"heap"})
        assert {step.outcome.state for step in document.steps if step.collector.startswith("java.v")} == {"collected"}
        assert len(of_kind(document, Kind.HPROF)) == 1
    finally:
        child.kill()
        child.wait()
        Path("/tmp/Deadlock.java").unlink()


def test_a_named_log_is_cut_from_the_front_at_a_line_and_says_so(make_case, collect, tmp_path, monkeypatch):
    monkeypatch.setattr("escalate.collect.collectors.logs.TAIL", 25)
    log = tmp_path / "big.log"
    log.write_text("first line\nsecond line\nthird line\n")
    case = make_case(target=LocalTarget(logs=(str(log), str(tmp_path / "absent.log"))))
    document = collect(case, only={"logs.named"})
    step = steps_of(document)["logs.named"]
    assert case.path(Room.EVIDENCE, document.artifacts[0].path).read_bytes() == b"second line\nthird line\n"[-23:]
    assert step.outcome.state == "partial"
    assert "left out" in step.outcome.reason
    assert "absent.log: ENOENT" in step.outcome.reason


def test_a_process_that_ends_before_its_turn_is_missing_not_a_traceback(make_case, sleeper):
    from escalate.collect import stage
    from escalate.collect.plan import Wishes, make_plan
    from escalate.model.observer import QuietObserver
    from tests.collect.conftest import QUICK, ROOM

    case = make_case(target=LocalTarget(pid=sleeper.pid))
    only = frozenset({"proc.memory", "proc.files", "proc.samples", "proc.environment", "logs.open", "proc.command"})
    make_plan(case, Wishes(budget=ROOM, only=only))
    sleeper.kill()
    sleeper.wait()
    document = stage.run(case, QuietObserver(), QUICK)
    states = {step.outcome.state for step in document.steps if step.collector in only}
    assert states == {"missing"}


UNPRIVILEGED = """
import os, sys
from pathlib import Path
from escalate.case.store import Case
from escalate.collect import stage
from escalate.collect.context import Pace
from escalate.collect.entries import collectors
from escalate.formats.registry import formats
from escalate.model.observer import QuietObserver

collectors(), formats()
case = Case.open(Path(sys.argv[1]))
os.setgroups([]), os.setgid(65534), os.setuid(65534)
stage.run(case, QuietObserver(), Pace(samples=2, sample_interval=1))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give its rights away")
def test_what_an_unprivileged_user_may_not_read_is_denied_with_its_errno(make_case, sleeper, tmp_path):
    from escalate.collect.plan import Wishes, make_plan
    from tests.collect.conftest import ROOM

    case = make_case(target=LocalTarget(pid=sleeper.pid))
    make_plan(case, Wishes(budget=ROOM, include=frozenset({"dumps", "network"}), skip=frozenset({"system.disk"})))
    for place in (case.root, *case.root.rglob("*")):
        os.chown(place, 65534, 65534)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    tmp_path.chmod(0o755)
    subprocess.run([sys.executable, "-c", UNPRIVILEGED, str(case.root)], check=True)
    steps = steps_of(case.read(EvidenceDocument))
    for name in ("proc.files", "proc.sockets", "proc.environment", "logs.open"):
        outcome = steps[f"{name}/{sleeper.pid}"].outcome
        assert outcome.state == "denied"
        assert "EACCES" in outcome.reason or "EPERM" in outcome.reason
    samples = steps[f"proc.samples/{sleeper.pid}"]
    assert samples.outcome.state == "partial"
    assert f"/proc/{sleeper.pid}/io: EACCES" in samples.outcome.reason
    refused = [item for item in case.read(EvidenceDocument).artifacts if item.path.endswith("/stack.refused")]
    assert len(refused) == 1
    assert b"EACCES" in case.path(Room.EVIDENCE, refused[0].path).read_bytes()
    if Path("/proc/sys/kernel/dmesg_restrict").read_text().strip() == "1":
        assert steps["system.kernel_log"].outcome.state == "denied"
        assert steps["system.kernel_log"].expected
    assert not steps[f"proc.files/{sleeper.pid}"].expected
    for name in ("native.core", "native.backtrace"):
        assert steps[f"{name}/{sleeper.pid}"].outcome.state in ("denied", "failed", "missing")
    assert steps["network.capture"].outcome.state in ("denied", "failed", "missing")
