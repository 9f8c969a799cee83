"""Dumps and repros in triage: crashes are the customer's, a full heap is named, a machine of one's own is context."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from escalate.model.incident import Incident, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.triage.claims import asserted
from escalate.triage.correlators.dump_in_window import ENDED
from escalate.triage.place import Hit
from escalate.triage.result import State
from tests.fakes.core_maker import CoreMaker
from tests.fakes.kernel_dump_maker import kdump, windows
from tests.fakes.real_crash import FAKES, crashed
from tests.formats.test_dumps import SAMPLES, heap
from tests.triage.test_correlators import World, at
from tests.triage.test_incident_variations import files_of, incident_of

WINDOWS = Incident(target=TargetFacts(os="windows", sku="S1"))
LINUX = Incident(target=TargetFacts(os="linux", sku="S1"))
OOPS = """\
[    0.000000] Linux version 5.15.0-1075-azure (buildd@lcy02) #84-Ubuntu SMP
[    0.000000] Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro
[ 2211.402130] BUG: kernel NULL pointer dereference, address: 0000000000000402
[ 2211.402311] RIP: 0010:netfs_rreq_unlock+0xf7/0x3c0 [netfs]
[ 2211.402400] CPU: 1 PID: 4242 Comm: php-fpm Not tainted 5.15.0-1075-azure
[ 2212.120001] Kernel panic - not syncing: Fatal exception in interrupt
"""
HUNG = """\
[  100.000001] systemd[1]: Started Session 2 of user azureuser.
[  483.120402] INFO: task {task}:231 blocked for more than 120 seconds.
[  483.120500]       Not tainted 6.6.57.1-7.azl3 #1
[  483.120611] task:{task}            state:D stack:0     pid:231   ppid:1      flags:0x00004006
"""


SEGFAULT = (
    CoreMaker(b"heap", stack_pointer=0x40000)
    .data()
    .replace(bytes(range(12)) + b"\x0c\x0d", bytes(range(12)) + b"\x0b\x00", 1)
)
"""A core of the process `app` that ended by SIGSEGV; whose code stood where is not in it."""


@pytest.fixture(scope="module")
def dump(tmp_path_factory) -> bytes:
    return crashed(tmp_path_factory.mktemp("crash"), "nothing", {}).read_bytes()


@pytest.mark.system
def test_a_crash_out_of_a_real_dump_is_the_customers_with_module_and_offset(triaged, dump):
    got = triaged({"dumps/crash.dmp": dump}, LINUX)
    assert (got.who, got.questions) == ("customer", ())
    found = got.finding("E20")
    assert "crashing: SIGSEGV at crashing+0x" in found.title
    (cited,) = got.cited("dumps/crash.dmp")
    assert "SIGSEGV at crashing+0x" in cited.excerpt
    assert "L09" not in got.rules


@pytest.mark.system
def test_two_dumps_at_one_offset_are_one_defect_and_a_truncated_one_says_so(triaged, dump):
    got = triaged({"w1/a.dmp": dump, "w2/b.dmp": dump, "w3/c.dmp": dump[:-2000]}, LINUX)
    assert "3 crashes" in got.finding("L09").title
    assert "c.dmp: 2,000 bytes are missing" in got.finding("E22").title
    assert got.finding("E22").role == "context"
    assert got.who == "customer"


def crash(world: World, app: str, code: int = 11, *, sent: bool = False, frame: str = "libx.so+0x10") -> World:
    return world.fact(
        Kind.ELF_CORE, None, name=app, site=app, pid=5, what="dump", state="complete", process="shop", code=code,
        signal="SIGSEGV", frame=frame, module=frame.partition("+")[0], sent_by_kill=sent,
    )  # fmt: skip


def test_crashes_of_several_apps_in_different_places_are_no_defect_of_one_library():
    apart = crash(crash(World(), "a"), "b", frame="liby.so+0x20")
    assert apart.ask("process_dump").state is State.FAILS
    assert crash(crash(World(), "a"), "b").ask("process_dump").values["count"] == "2"
    assert World().ask("process_dump").state is State.UNKNOWN


def test_a_core_counts_where_something_says_that_it_is_of_the_incident():
    world = crash(World(), "a")
    found = world.ask("process_dump").cites[0].place

    def told(saved: float | None, words: str = "") -> State:
        here = World().seen(ENDED, 60) if words else World()
        moment = None if saved is None else at(saved)
        place = replace(found, artifact=found.artifact.model_copy(update={"captured_at": moment}))
        return here.ask("dump_in_window", Hit(place)).state

    assert told(60) is State.HOLDS
    assert told(90_000) is State.UNKNOWN
    assert told(None) is State.UNKNOWN
    assert told(None, "exited with code 139") is State.HOLDS


def test_an_old_core_among_the_evidence_explains_nothing(triaged):
    window = Window(start=at(0), end=at(600))
    lonely = triaged({"home/core.12": SEGFAULT}, LINUX.model_copy(update={"window": window}))
    assert lonely.who == "undetermined"
    assert "no time of its own" in lonely.findings.verdict.why
    spoken = {"home/core.12": SEGFAULT, "app.log": "2026-01-05T10:05:00Z worker exited with code 139\n"}
    assert triaged(spoken, LINUX.model_copy(update={"window": window})).who == "customer"


def test_a_core_that_somebody_asked_for_and_a_signal_that_was_sent_are_no_crash():
    assert crash(World(), "a", code=19).ask("process_dump").state is State.FAILS
    assert crash(World(), "a", sent=True).ask("process_dump").state is State.FAILS
    assert crash(World(), "a", sent=True).ask("process_dump", sent=True).state is State.HOLDS
    assert crash(World(), "a", code=0x80000003).ask("process_dump").state is State.FAILS


def test_what_raises_for_all_is_no_place_of_a_crash():
    world = crash(crash(World(), "a", code=6, frame="libc.so.6+0x10"), "a", code=6, frame="libc.so.6+0x10")
    assert world.ask("repeat_same_frame").state is State.UNKNOWN
    told = world.ask("process_dump")
    assert told.state is State.HOLDS
    assert "frame" not in told.values
    thrown = crash(World(), "a", code=0xE0434352, frame="KERNELBASE.dll+0x5F1")
    assert "frame" not in thrown.ask("process_dump").values


def test_signals_that_were_sent_to_several_apps_stand_out_in_dumps_too():
    world = crash(crash(World(), "a", sent=True), "b", sent=True, frame="liby.so+0x20")
    assert world.ask("frames_differ_across_apps").state is State.HOLDS
    assert crash(World(), "a").ask("frames_differ_across_apps").state is State.UNKNOWN


def test_a_full_heap_names_who_holds_what_fills_it(triaged):
    got = triaged({"dumps/heap.hprof": heap()}, LINUX)
    assert (got.who, got.findings.verdict.layer) == ("customer", "application")
    assert "static shop.Cart.OPEN" in got.finding("E23").title
    assert "room for 200,000 entries is held by java.util.HashMap.table <- static shop.Cart.OPEN" in (
        got.findings.verdict.why
    )
    assert any("held by java.util.HashMap.table" in cited.excerpt for cited in got.cited("dumps/heap.hprof"))


@pytest.mark.system
def test_a_real_virtual_machine_that_ran_out_of_heap_is_read_to_the_static_field_that_holds_it(triaged, tmp_path):
    if shutil.which("java") is None:
        pytest.skip("needs java")
    place = tmp_path / "leak.hprof"
    options = ["-Xmx48m", "-XX:+UseSerialGC", "-XX:+HeapDumpOnOutOfMemoryError", f"-XX:HeapDumpPath={place}"]
    done = subprocess.run(["java", *options, FAKES / "Leaky.java"], capture_output=True, text=True, check=False)
    assert "OutOfMemoryError" in done.stderr
    got = triaged({"dumps/leak.hprof": place.read_bytes()}, LINUX)
    assert got.who == "customer"
    assert "static Leaky.OPEN_ORDERS" in got.finding("E23").title
    assert "of the app's own classes Leaky$Order has most bytes" in got.findings.verdict.why
    assert "memory ran out in " in got.findings.verdict.why


def test_a_large_heap_that_did_not_run_full_is_no_finding(triaged):
    calm = heap().replace(b"java/lang/OutOfMemoryError", b"java/lang/NoOutOfMemError_")
    assert "E23" not in triaged({"dumps/heap.hprof": calm}, LINUX).rules
    told = "2026-01-05 10:00:01 java.lang.OutOfMemoryError: Java heap space\n"
    assert "E23" in triaged({"dumps/heap.hprof": calm, "app.log": told}, LINUX).rules


HISTOGRAM = """\
 num     #instances         #bytes  class name (module)
-------------------------------------------------------
   1:       2366563      103109341  [B (java.base@17)
   2:       1580046       47401380  java.lang.String (java.base@17)
   3:        786433       31457320  shop.Session
   4:           258        8431904  [Ljava.util.HashMap$Node; (java.base@17)
Total      4733300      190399945
"""


def test_a_class_histogram_of_a_full_heap_names_the_apps_own_class(triaged):
    told = "2026-01-05 10:00:01 java.lang.OutOfMemoryError: Java heap space\n"
    got = triaged({"process/7/histogram.txt": HISTOGRAM, "app.log": told}, LINUX)
    assert "instances of shop.Session" in got.finding("E23").title
    assert "E23" not in triaged({"process/7/histogram.txt": HISTOGRAM}, LINUX).rules


def test_a_bugcheck_of_a_machine_of_ones_own_is_context_and_decides_nothing(triaged):
    got = triaged({"vm/MEMORY.DMP": windows(4, driver="bad.sys")}, WINDOWS)
    found = got.finding("E25")
    assert found.role == "context"
    assert "0xD1 DRIVER_IRQL_NOT_LESS_OR_EQUAL" in found.title
    assert (got.who, got.questions) == ("undetermined", ())
    assert [sentence for said in got.sentences() for sentence in asserted(said)] == []
    assert "bad.sys" in got.cited("vm/MEMORY.DMP")[0].excerpt
    assert got.timeline.first_bad is None


def test_a_dump_that_somebody_asked_for_is_no_fault_of_the_machine(triaged):
    assert "E25" not in triaged({"vm/MEMORY.DMP": windows(1, code=0xE2)}, WINDOWS).rules
    assert "E25" not in triaged({"vm/vmcore": kdump()}, LINUX).rules
    assert "5.15.0-1075-azure" in triaged({"vm/vmcore": kdump()}, LINUX).finding("E26").title


def test_the_log_of_a_machine_of_ones_own_is_known_and_is_context(triaged):
    got = triaged({"aks/dmesg.txt": OOPS, "vm/serial.log": HUNG.format(task="node")}, LINUX)
    assert {artifact.kind for artifact in got.case_artifacts} == {Kind.KERNEL_LOG}
    assert {"L59", "L61"} <= got.rules
    assert (got.who, got.questions) == ("undetermined", ())
    assert [sentence for said in got.sentences() for sentence in asserted(said)] == []


@pytest.mark.parametrize(("task", "who"), [("node", "microsoft"), ("postgres", "undetermined"), (None, "undetermined")])
def test_a_repro_with_the_same_hung_program_is_the_control_that_a_case_lacks(triaged, tmp_path, task, who):
    folder = tmp_path / "input"
    shutil.copytree(files_of("node-ignores-kill-with-io-uring"), folder)
    session = next(folder.glob("ssh/*.txt"))
    lines = session.read_text().splitlines(keepends=True)
    session.write_text("".join(lines[: next(n for n, line in enumerate(lines) if "UV_USE_IO_URING" in line)]))
    if task:
        (folder / "vm").mkdir()
        (folder / "vm" / "dmesg.txt").write_text(HUNG.format(task=task))
    got = triaged(folder, incident_of("node-ignores-kill-with-io-uring"))
    assert got.who == who
    gate = next(gate for gate in got.findings.verdict.gates if gate.id == "G5")
    assert ("not on the worker" in gate.sentence) == (task == "node")
    cited = [entry for entry in got.cited("vm/dmesg.txt") if entry.id in gate.evidence]
    assert all(entry.polarity == "context" for entry in cited)
    assert bool(cited) == (task == "node")


def test_a_kill_at_the_limit_of_a_control_group_is_the_customers(triaged):
    killed = (
        "[  812.440000] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,mems_allowed=0,"
        "oom_memcg=/docker/web,task_memcg=/docker/web,task=python3,pid=4242,uid=0\n"
        "[  812.450000] Memory cgroup out of memory: Killed process 4242 (python3) total-vm:8123kB, anon-rss:65012kB\n"
        "[  812.460000] oom_reaper: reaped process 4242 (python3), now anon-rss:0kB\n"
    )
    got = triaged({"aks/dmesg.txt": killed}, LINUX)
    assert "python3, pid 4242" in got.finding("E27").title
    assert got.who == "customer"
    whole = triaged({"vm/dmesg.txt": killed.replace("MEMCG", "NONE").replace("Memory cgroup out", "Out")}, LINUX)
    assert "E28" in whole.rules
    assert whole.who == "undetermined"


def test_a_windows_dump_of_a_healthy_process_is_no_finding(triaged):
    assert triaged({"dumps/w3wp.dmp": SAMPLES["minidump"]}, WINDOWS).rules == set()
