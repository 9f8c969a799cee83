"""Triage of mixed logs in a process of its own: seconds, peak memory, and `grep -c` on the same files."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from escalate.case.store import Case
from escalate.collect import stage as collect_stage
from escalate.collect.plan import Wishes, make_plan
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.finding import FindingsDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.target import PathTarget
from escalate.triage import stage as triage_stage
from tests.bench.corpus import write_log
from tests.bench.gates import Gate
from tests.bench.rounds import NOW

KINDS = ("app", "access", "iis", "telemetry")
"""Kinds of log of the corpus, in equal parts."""
NAMES = {
    "app": "2026_04_04_lw0mdlwk000001_default_docker.log",
    "access": "2026_04_04_lw0mdlwk000002_default_docker.log",
    "iis": "u_ex260404.log",
    "telemetry": "requests.json",
}
PLANTED = "2026-04-04T23:59:59.000000001Z Error: ENOSPC: System limit for number of file watchers reached, watch '/'\n"
"""Stands at the end of the app's log: only a pass that reads everything finds it."""
PATTERN = "limit for number of file watchers"
GROWTH = 1.25
"""By how much the peak memory of four times as much evidence may be higher."""


@dataclass(frozen=True)
class Run:
    """One triage of `size` bytes."""

    size: int
    seconds: float
    grep: float
    """Seconds of `grep -c` on the same files, once they are in the page cache."""
    peak: int
    """Bytes that were resident at most in the process that triaged."""
    found: bool


def measured(folder: Path, size: int) -> Run:
    """Write `size` bytes of logs below the folder, and triage them in a child."""
    evidence = folder / "evidence"
    evidence.mkdir(parents=True)
    for number, kind in enumerate(KINDS):
        write_log(evidence / NAMES[kind], size // len(KINDS), seed=number, kind=kind)
    with (evidence / NAMES["app"]).open("a") as out:
        out.write(PLANTED)
    files = [str(evidence / name) for name in NAMES.values()]
    subprocess.run(["cat", *files], stdout=subprocess.DEVNULL, check=True)
    start = time.perf_counter()
    subprocess.run(["grep", "-c", PATTERN, *files], stdout=subprocess.DEVNULL, check=True)
    grep = time.perf_counter() - start
    command = [sys.executable, "-m", "tests.bench.triage", str(folder)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return Run(size, told["seconds"], grep, told["peak"], told["found"])


def table(runs: list[Run]) -> None:
    """Print what was measured."""
    print(f"\n{'triage of mixed logs':<24}{'s':>8}{'MB/s':>8}{'grep -c s':>11}{'of grep':>9}{'peak MiB':>10}")
    for run in runs:
        size, ratio = f"{run.size / 1e6:.0f} MB", run.seconds / run.grep
        print(
            f"{size:<24}{run.seconds:>8.1f}{run.size / 1e6 / run.seconds:>8.1f}{run.grep:>11.2f}{ratio:>9.0f}"
            f"{run.peak / 2**20:>10.0f}"
        )


def gates(runs: list[Run]) -> list[Gate]:
    """Whether everything was read, and memory does not grow with what is read."""
    least, most = min(runs, key=lambda run: run.size), max(runs, key=lambda run: run.size)
    growth = most.peak / least.peak
    return [
        Gate("triage reads to the end of every log", all(run.found for run in runs)),
        Gate(
            "memory of triage is bounded",
            growth <= GROWTH,
            f"{most.size / least.size:.0f} times the bytes, {growth:.2f} times the peak",
        ),
    ]


def main() -> None:
    """Collect and triage the evidence of one folder; print seconds, peak and whether the planted line was found."""
    folder = Path(sys.argv[1])
    document = CaseDocument(
        id=CaseId("esc-20260404-055845-3f9a1c"),
        created_at=NOW,
        tool_version="bench",
        target=PathTarget(path=str(folder / "evidence")),
        incident=Incident(),
    )
    case = Case.create(folder / "case", document)
    make_plan(case, Wishes(budget=Budget(max_bytes=100_000_000_000, max_seconds=36_000)))
    collect_stage.run(case, QuietObserver())
    start = time.perf_counter()
    triage_stage.run(case, QuietObserver())
    seconds = time.perf_counter() - start
    found = any(PATTERN in entry.excerpt for entry in case.read(FindingsDocument).evidence)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "found": found}))


if __name__ == "__main__":
    main()
