"""What is taken in containers of the lab, whose commands really run: /proc, threads, JVMs, cores, packets."""

from __future__ import annotations

import shutil

import pytest

from escalate.lab.server import running
from escalate.lab.worlds.registry import Worlds
from escalate.model.kind import Kind
from tests.fakes.lab_steps import collect_steps, target_of

pytestmark = pytest.mark.enable_socket


def needs(*tools):
    absent = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(absent), reason=f"needs {', '.join(absent)}")


@pytest.fixture
def run_world(make_case):
    """Collects from a world by name: run_world(name, {collectors}, *include, faults=())."""

    def run(name, only, *include, faults=()):
        with running(Worlds()[name], faults=faults) as lab:
            got = collect_steps(lab, make_case(target=target_of(lab)), only, *include)
            logs = lab.state.home(lab.state.world.app) / "LogFiles"
            assert not list(logs.glob("escalate-*"))
            return got

    return run


def test_the_kernels_numbers_are_sampled_on_every_worker(run_world):
    got = run_world("host-memory-pressure", {"container.proc"})
    assert {step.outcome.state for step in got.steps.values()} == {"collected"}, got.reasons()
    for worker in ("10-30-0-103", "10-30-0-104"):
        samples = [each for each in got.artifacts("/meminfo") if each.instance == worker]
        assert len(samples) == 2
        assert {each.kind for each in samples} == {Kind.PROC_MEMINFO}
        assert len({each.captured_at for each in samples}) == 2
    assert {each.kind for each in got.artifacts("/pressure_memory")} == {Kind.PROC_PRESSURE}
    assert {each.kind for each in got.artifacts("/memory.events")} == {Kind.PROC_OTHER}
    assert b"some avg10=" in got.place(got.artifacts("/pressure_memory")[0]).read_bytes()
    assert got.artifacts("/disk-space.txt")
    assert got.artifacts("/limits.txt")


@pytest.mark.system
@needs("java", "javac", "jcmd")
def test_a_jvm_is_recognised_and_asked(run_world):
    only = {"container.processes", "linux.threads", "linux.java.threads", "linux.java.info", "linux.java.histogram"}
    got = run_world("java-heap-leak", only | {"linux.python.stacks"}, "histogram")
    dumps = [each for each in got.evidence.artifacts if each.kind is Kind.THREAD_DUMP]
    assert len(dumps) == 3, got.reasons()
    (pid,) = {each.pid for each in dumps}
    assert all(f"/process/{pid}/" in each.path for each in dumps)
    assert [each.kind for each in got.artifacts("class-histogram.txt")] == [Kind.CLASS_HISTOGRAM]
    assert b"-XX:MaxHeapSize=" in got.data("jvm.txt")
    (table,) = (each for each in got.artifacts("processes.txt") if each.instance == dumps[0].instance)
    assert f"\n{pid}\t" in got.place(table).read_text()
    threads = got.place(got.artifacts("/threads.txt")[0]).read_text()
    assert threads.startswith("      tid state")
    assert " java\n" in threads
    stacks = [step for step in got.steps.values() if step.collector == "linux.python.stacks"]
    assert {(step.outcome.state, step.expected) for step in stacks} == {("missing", True)}


@pytest.mark.system
@needs("java", "javac", "jcmd")
def test_heap_and_recording_are_fetched_with_consent_only(run_world):
    only = {"linux.java.heap", "linux.java.jfr"}
    got = run_world("java-heap-leak", only, "heap", "profiles")
    assert {each.kind for each in got.evidence.artifacts} == {Kind.HPROF, Kind.JFR}, got.reasons()
    assert got.data("heap.hprof").startswith(b"JAVA PROFILE 1.0.2\0")
    assert all("/home/LogFiles" in text for text in got.step("linux.java.heap").footprints)


@pytest.mark.system
@needs("java", "javac", "jcmd")
def test_nothing_intrusive_runs_without_consent(run_world):
    got = run_world("java-heap-leak", {"linux.java.heap", "linux.core", "linux.tcpdump", "linux.java.histogram"})
    assert {step.outcome.state for step in got.steps.values()} == {"skipped"}
    assert not got.evidence.artifacts


@pytest.mark.system
@needs("gdb", "gcore")
def test_a_core_that_may_not_be_so_big_is_not_written_to_the_end(run_world, monkeypatch):
    monkeypatch.setattr("escalate.collect.container_request.OF_FREE", 0.0001)
    got = run_world("python-hang", {"linux.core"}, "dumps")
    step = got.step("linux.core")
    assert step.outcome.state in ("skipped", "denied"), got.reasons()
    assert not got.evidence.artifacts


@pytest.mark.system
@needs("tcpdump")
def test_packets_are_taken_once_by_tcpdump_or_by_the_platform(run_world):
    got = run_world("scm-private", {"linux.tcpdump", "net.capture.linux"}, "network")
    first, second = got.step("linux.tcpdump"), got.step("net.capture.linux")
    if first.outcome.state == "denied":
        assert first.expected
        pytest.skip("needs the right to capture packets")
    assert first.outcome.state == "collected", got.reasons()
    assert second.outcome.state == "skipped"
    assert {each.kind for each in got.evidence.artifacts} == {Kind.PCAP}


@pytest.mark.system
@needs("tcpdump")
def test_the_platforms_capture_is_asked_for_run_and_fetched(run_world):
    got = run_world("java-heap-leak", {"net.capture.linux"}, "network")
    step = got.step("net.capture.linux")
    if step.outcome.state == "denied":
        pytest.skip("needs the right to capture packets")
    assert step.outcome.state in ("collected", "empty"), got.reasons()
    assert any("network capture of 2 s" in text for text in step.footprints)


def test_a_stamp_without_captures_says_so(run_world):
    got = run_world("host-memory-pressure", {"net.capture.linux"}, "network", faults=("old-stamp",))
    step = got.step("net.capture.linux")
    assert (step.outcome.state, step.expected) == ("missing", True), got.reasons()
