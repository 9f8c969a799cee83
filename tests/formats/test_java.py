"""What a real JVM writes: thread dumps with a deadlock, a class histogram, a crash report."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from escalate.model.kind import Kind

SOURCE = Path(__file__).parents[1] / "fakes" / "Deadlock.java"


@dataclass
class Jvm:
    pid: int
    dump: str
    histogram: str
    crash: str


@pytest.fixture(scope="module")
def jvm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """Output of a deadlocked JVM, which is then crashed by a signal."""
    for tool in ("java", "jcmd"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    crash = tmp_path_factory.mktemp("jvm") / "hs_err.log"
    command = [
        "java",
        "-XX:TieredStopAtLevel=1",
        f"-XX:ErrorFile={crash}",
        "-XX:-CreateCoredumpOnCrash",
        str(SOURCE),
        "60000",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        pid = process.pid
        assert process.stdout.readline() == f"ready {pid}\n"

        def jcmd(what: str) -> str:
            return subprocess.run(["jcmd", str(pid), *what.split()], capture_output=True, text=True, check=True).stdout

        dump, histogram = jcmd("Thread.print -l"), jcmd("GC.class_histogram")
        os.kill(pid, signal.SIGSEGV)
        process.wait(timeout=30)
        yield Jvm(pid, dump, histogram, crash.read_text())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.system
def test_a_real_deadlock_is_named_with_its_threads(jvm, records_of):
    records = records_of(jvm.dump, "threads.txt", Kind.THREAD_DUMP)
    lines = jvm.dump.split("\n")
    (deadlock,) = [record for record in records if "deadlock" in record.fields]
    assert deadlock.fields["deadlock"] == 1
    assert sorted(deadlock.fields["threads"].split(", ")) == ["order-writer", "stock-writer"]
    assert lines[deadlock.line - 1] == deadlock.text == "Found one Java-level deadlock:"
    threads = {record.fields["thread"]: record for record in records if "thread" in record.fields}
    writer, other = threads["order-writer"], threads["stock-writer"]
    assert writer.fields["state"] == "BLOCKED"
    assert writer.fields["waiting_to_lock"] == other.fields["locked"]
    assert writer.fields["locked"] == other.fields["waiting_to_lock"]
    assert writer.fields["top"].startswith("Deadlock.transfer(Deadlock.java:")
    assert lines[writer.line - 1] == writer.text
    assert {record.pid for record in records} == {jvm.pid}
    assert len([name for name in threads if name.startswith("http-worker-")]) == 3
    assert threads["http-worker-1"].fields["locked"].startswith("0x")


@pytest.mark.system
def test_several_dumps_in_a_row_are_read_one_by_one(jvm, records_of):
    one = records_of(jvm.dump, "threads.txt", Kind.THREAD_DUMP)
    two = records_of(jvm.dump * 2, "local/h/process/7/20260404T055845Z/threads.txt", Kind.THREAD_DUMP)
    assert [record.fields for record in two] == [record.fields for record in one] * 2
    assert two[-1].line == one[-1].line + jvm.dump.count("\n")
    assert two[0].ts is not None


@pytest.mark.system
def test_a_thread_that_waits_on_an_object_does_not_hold_it(jvm, records_of):
    (main,) = [r for r in records_of(jvm.dump, "t", Kind.THREAD_DUMP) if r.fields.get("thread") == "main"]
    assert main.fields["state"] == "TIMED_WAITING"
    assert (main.fields["locked"], main.fields["waiting_to_lock"]) == ("", "")


def test_compiled_code_that_hides_what_it_waits_on_holds_it_no_longer(records_of):
    text = """Full thread dump OpenJDK 64-Bit Server VM (17):

"main" #1 prio=5 os_prio=0 tid=0x1 nid=0x2 in Object.wait()  [0x3]
   java.lang.Thread.State: WAITING (on object monitor)
\tat java.lang.Object.wait(java.base@17/Native Method)
\t- waiting on <no object reference available>
\tat java.lang.Thread.join(java.base@17/Thread.java:1307)
\t- locked <0x0a> (a java.lang.Thread)
\tat App.run(App.java:1)
\t- locked <0x0b> (a java.lang.Object)
"""
    _, main = records_of(text, "t", Kind.THREAD_DUMP)
    assert main.fields["locked"] == "0x0b"


@pytest.mark.system
def test_a_real_class_histogram_is_read(jvm, records_of):
    records = [r for r in records_of(jvm.histogram, "histogram.txt", Kind.CLASS_HISTOGRAM) if r.fields]
    assert [record.fields["rank"] for record in records] == list(range(1, len(records) + 1))
    classes = {record.fields["class"]: record.fields for record in records}
    assert classes["java.lang.String"]["bytes"] >= classes["java.lang.String"]["instances"] > 0


@pytest.mark.system
def test_a_real_crash_report_says_that_another_process_sent_the_signal(jvm, records_of):
    (record,) = records_of(jvm.crash, f"hs_err_pid{jvm.pid}.log", Kind.HS_ERR)
    assert record.fields["signal"] == "SIGSEGV"
    assert record.fields["pc"].startswith("0x")
    assert record.fields["sent_by_kill"] is True
    assert "OpenJDK" in record.fields["jvm"]
    assert record.fields["elapsed_s"] > 0
    assert record.fields["frame"]
    assert record.pid == jvm.pid


def test_what_follows_a_dump_in_the_same_file_can_still_be_found(records_of):
    text = (
        'Full thread dump X:\n\n"a" #1 prio=5 tid=0x1 nid=0x2 runnable\n\tat A.b(A.java:1)\n\nSEVERE: out of sockets\n'
    )
    records = records_of(text, "catalina.out", Kind.THREAD_DUMP)
    assert [(r.line, r.text) for r in records if not r.fields] == [
        (1, "Full thread dump X:"),
        (6, "SEVERE: out of sockets"),
    ]


def test_a_name_with_quotes_is_read_and_hostile_lines_take_linear_time(records_of):
    hostile = '"' + '" ' * 30_000 + "\n" + '"a" prio=1 nid=1\n\t- a' + " " * 60_000 + "\n"
    text = 'Full thread dump X:\n"the "best" one" #1 prio=5 tid=0x1 nid=0x2 runnable\n' + hostile * 20
    began = time.monotonic()
    records = records_of(text, "t", Kind.THREAD_DUMP)
    assert time.monotonic() - began < 10
    assert records[1].fields["thread"] == 'the "best" one'


def test_a_crash_of_its_own_making_is_not_blamed_on_a_sender(records_of):
    text = """#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f6e78018040, pid=12, tid=34
#
# JRE version: OpenJDK Runtime Environment (17.0.15+6) (build 17.0.15+6)
# Java VM: OpenJDK 64-Bit Server VM (17.0.15+6, mixed mode)
# Problematic frame:
# C  [libfoo.so+0x1040]  decode+0x20
#
siginfo: si_signo: 11 (SIGSEGV), si_code: 1 (SEGV_MAPERR), si_addr: 0x0000000000000000
Time: Sat Apr  4 05:58:45 2026 UTC elapsed time: 12.5 seconds (0d 0h 0m 12s)
"""
    (record,) = records_of(text, "x", Kind.HS_ERR)
    assert (record.line, record.pid, record.fields["sent_by_kill"]) == (2, 12, False)
    assert record.fields["frame"] == "C  [libfoo.so+0x1040]  decode+0x20"
    assert record.fields["elapsed_s"] == 12.5
    assert record.ts.isoformat() == "2026-04-04T05:58:45+00:00"


def test_native_memory_exhaustion_has_a_reason_and_no_signal(records_of):
    text = """#
# There is insufficient memory for the Java Runtime Environment to continue.
# Native memory allocation (mmap) failed to map 65536 bytes for committing reserved memory.
#  Out of Memory Error (os_linux.cpp:2790), pid=12, tid=34
"""
    (record,) = records_of(text, "x", Kind.HS_ERR)
    assert record.fields["signal"] is None
    assert record.fields["reason"].startswith("Native memory allocation")


@pytest.mark.parametrize(
    ("text", "threads"),
    [
        (
            (
                'Process 12: python app.py\n\nThread 12 (idle): "MainThread"\n    wait (threading.py:320)\n'
                'Thread 0x7F1 (active+gil): "pool"\n    spin (app.py:3)\n'
            ),
            [("MainThread", "idle", "wait (threading.py:320)"), ("pool", "active+gil", "spin (app.py:3)")],
        ),
        (
            (
                'Thread 2 (Thread 0x7f1 (LWP 13) "worker"):\n#0  0x00007f in poll () from /lib/libc.so.6\n#1  m ()\n\n'
                "Thread 1 (Thread 0x7f0 (LWP 12)):\n#0  read ()\n"
            ),
            [("2", None, "0x00007f in poll () from /lib/libc.so.6"), ("1", None, "read ()")],
        ),
        (
            "Thread (0x26A8):\n  [Native Frames]\n  System.Private.CoreLib!System.Threading.Monitor.Wait(x)\n",
            [("0x26A8", None, "[Native Frames]")],
        ),
        (
            'Current thread 0x00007f2a (most recent call first):\n  File "app.py", line 3 in spin\n',
            [("0x00007f2a", None, 'File "app.py", line 3 in spin')],
        ),
    ],
    ids=["py-spy", "gdb", "dotnet-stack", "faulthandler"],
)
def test_stacks_of_other_runtimes_give_one_record_a_thread(records_of, text, threads):
    records = [r for r in records_of(text, "x", Kind.STACKS) if "thread" in r.fields]
    assert [(r.fields["thread"], r.fields["state"], r.fields["top"]) for r in records] == threads
    assert all(text.split("\n")[r.line - 1] == r.text for r in records)
