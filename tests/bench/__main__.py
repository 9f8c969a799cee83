"""`make bench`: what redaction, zip, proof and triage cost, as ratios to cp, deflate and grep in that run."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench import triage
from tests.bench.corpus import KINDS, write_log
from tests.bench.gates import Gate
from tests.bench.rounds import Rounds

TRIAGE_MB = (256, int(os.environ.get("ESCALATE_BENCH_TRIAGE_MB", "1024")))
"""Sizes of the evidence that is triaged: the second shows whether memory grows with it."""
SIZE = int(float(os.environ.get("ESCALATE_BENCH_MB", "50")) * 1e6)
"""Bytes of each kind of log."""
ROUNDS = int(os.environ.get("ESCALATE_BENCH_ROUNDS", "3"))
COPY, ZIP = "cp", "zip -6"


def main() -> int:
    """Print the tables; 1 when a gate of correctness is shut."""
    with tempfile.TemporaryDirectory(prefix="escalate-bench-") as name:
        logs = {}
        for kind in KINDS:
            folder = Path(name, "in", kind)
            folder.mkdir(parents=True)
            logs[kind] = folder / "2026_04_04_lw0mdlwk000001_default_docker.log"
            write_log(logs[kind], SIZE, kind=kind)
        rounds = Rounds(Path(name), logs)
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}, load {os.getloadavg()[0]:.1f}", flush=True)
            rounds.once()
        _table(rounds.times)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"\npeak resident memory: {own:.0f} MiB, of the largest child {workers:.0f} MiB")
        runs = [triage.measured(Path(name, f"triage-{size}"), size * 1_000_000) for size in TRIAGE_MB]
        triage.table(runs)
        return _shut(rounds.gates() + triage.gates(runs))


def _table(times: Mapping[str, list[float]]) -> None:
    """Median, least and most; ratios are of medians of the same rounds."""
    copy, deflate = statistics.median(times[COPY]), statistics.median(times[ZIP])
    head = f"one log of {SIZE / 1e6:.0f} MB"
    print(f"\n{head:<36}{'median s':>9}{'min':>8}{'max':>8}{'MB/s':>8}{'of cp':>9}{'x zip -6':>10}")
    for what, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{what:<36}{median:>9.2f}{min(seconds):>8.2f}{max(seconds):>8.2f}{SIZE / 1e6 / median:>8.0f}"
            f"{copy / median:>9.1%}{deflate / median:>10.1f}"
        )


def _shut(gates: list[Gate]) -> int:
    print()
    for gate in gates:
        print(f"{'ok' if gate.open else 'SHUT':<6}{gate.name}{': ' if gate.detail else ''}{gate.detail}")
    return 0 if all(gate.open for gate in gates) else 1


if __name__ == "__main__":
    sys.exit(main())
