"""What a local target brings: a really deadlocked virtual machine, samples of a process that grows."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

DEADLOCK = """
public class Stuck {
  static final Object INVOICE = new Object(), LEDGER = new Object();
  static void take(Object first, Object second) {
    synchronized (first) {
      try { Thread.sleep(300); } catch (InterruptedException e) { }
      synchronized (second) { System.out.println("never"); }
    }
  }
  public static void main(String[] a) {
    new Thread(() -> take(INVOICE, LEDGER), "invoice-poster").start();
    new Thread(() -> take(LEDGER, INVOICE), "ledger-closer").start();
  }
}
"""


@pytest.fixture(scope="module")
def dump(tmp_path_factory) -> str:
    for tool in ("java", "jcmd"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    folder = tmp_path_factory.mktemp("stuck")
    (folder / "Stuck.java").write_text(DEADLOCK)
    process = subprocess.Popen(["java", "-Xshare:auto", str(folder / "Stuck.java")])
    try:
        for _ in range(60):
            time.sleep(0.5)
            printed = subprocess.run(
                ["jcmd", str(process.pid), "Thread.print", "-l"], capture_output=True, text=True, check=False
            ).stdout
            if "Java-level deadlock" in printed:
                return printed
        pytest.fail("the deadlock did not come about")
    finally:
        process.kill()
        process.wait()


@pytest.mark.system
def test_a_real_deadlock_is_named_with_threads_and_monitors(triaged, dump):
    base = f"local/host/process/{os.getpid()}"
    got = triaged({f"{base}/20260105T1005{n}0Z/threads.txt": dump for n in (0, 1, 2)})
    assert got.who == "customer"
    assert got.findings.verdict.layer == "application"
    found = got.finding("E01")
    assert "invoice-poster" in found.title
    assert "ledger-closer" in found.title
    assert "waits for 0x" in got.findings.verdict.why
    cited = [entry for entry in got.findings.evidence if entry.id in found.evidence]
    assert any("invoice-poster" in entry.excerpt for entry in cited)
    assert got.exclusions["deadlock"].state == "not ruled out"
    assert got.questions == ()


def test_a_process_that_grows_in_every_sample_is_the_customers_with_low_confidence(triaged):
    def status(megabytes: int) -> str:
        return f"Name:\tpython3\nState:\tS (sleeping)\nPid:\t4242\nVmRSS:\t  {megabytes * 1024} kB\nThreads:\t4\n"

    files = {f"local/host/process/4242/20260105T1005{n}0Z/status": status(100 + 40 * n) for n in range(4)}
    got = triaged(files)
    assert got.finding("E03").hits == 1
    assert "4242" in got.finding("E03").title
    assert (got.who, got.findings.verdict.confidence) == ("customer", "low")


def test_a_process_that_stays_as_it_is_gives_no_finding(triaged):
    text = "Name:\tpython3\nState:\tS (sleeping)\nPid:\t4242\nVmRSS:\t  102400 kB\nThreads:\t4\n"
    got = triaged({f"local/host/process/4242/20260105T1005{n}0Z/status": text for n in range(4)})
    assert got.rules == set()
    assert got.who == "undetermined"


def test_memory_samples_rule_memory_pressure_out(triaged):
    files = {
        "local/host/20260105T100500Z/meminfo": "MemTotal: 1955532 kB\nMemFree: 90000 kB\nMemAvailable: 1481544 kB\n",
        "local/host/20260105T100500Z/pressure_memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
    }
    row = triaged(files).exclusions["memory"]
    assert row.state == "ruled out"
    assert row.evidence
