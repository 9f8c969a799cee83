"""`make bench`: each stage over one generated log, as ratios to copying and deflating it in the same run."""

from __future__ import annotations

import resource
import shutil
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from escalate.bundle import stage as bundle_stage
from escalate.bundle.verify import verify
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.collect import stage as collect_stage
from escalate.collect.plan import Wishes, make_plan
from escalate.draft import stage as draft_stage
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.target import PathTarget
from escalate.redact import stage as redact_stage
from escalate.triage import stage as triage_stage
from tests.bench.corpus import write_log

SIZE = 50_000_000
ROUNDS = 3
CHUNK = 1 << 20


def _deflate(source: Path) -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    with source.open("rb") as data:
        while block := data.read(CHUNK):
            packer.compress(block)
    packer.flush()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _case(folder: Path, target: Path) -> Case:
    document = CaseDocument(
        id=CaseId("esc-20260404-055845-3f9a1c"),
        created_at=datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC),
        tool_version="bench",
        target=PathTarget(path=str(target)),
        incident=Incident(),
    )
    case = Case.create(folder, document)
    make_plan(case, Wishes(budget=Budget(max_bytes=10 * SIZE, max_seconds=3600)))
    return case


def _round(folder: Path, source: Path) -> dict[str, float]:
    quiet = QuietObserver()
    case = _case(folder / "case", source.parent)
    log = source.stat().st_size
    times = {
        "copy": _timed(lambda: shutil.copyfile(source, folder / "copy")),
        "deflate 6": _timed(lambda: _deflate(source)),
        "collect": _timed(lambda: collect_stage.run(case, quiet)),
        "triage": _timed(lambda: triage_stage.run(case, quiet)),
        "redact": _timed(lambda: redact_stage.run(case, quiet)),
        "draft": _timed(lambda: draft_stage.run(case, quiet)),
        "bundle (two tiers, verified)": _timed(lambda: bundle_stage.run(case, quiet)),
    }
    full = next(case.path(Room.BUNDLE).glob("*-full.zip"))
    times["verify (full)"] = _timed(lambda: verify(full, observer=quiet))
    print(f"  log {log / 1e6:.0f} MB, full zip {full.stat().st_size / 1e6:.1f} MB")
    return times


def main() -> None:
    """Print the table."""
    rounds = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="escalate-bench-") as name:
            folder = Path(name)
            (folder / "in").mkdir()
            source = folder / "in" / "2026_04_04_lw0mdlwk000001_default_docker.log"
            write_log(source, SIZE)
            print(f"round {number + 1} of {ROUNDS}", flush=True)
            rounds.append(_round(folder, source))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    copy = statistics.median(times["copy"] for times in rounds)
    deflate = statistics.median(times["deflate 6"] for times in rounds)
    print(f"\n{'stage':<30}{'median s':>10}{'x copy':>10}{'x deflate':>11}{'MB/s':>9}")
    for stage in rounds[0]:
        median = statistics.median(times[stage] for times in rounds)
        rate = SIZE / 1e6 / median
        print(f"{stage:<30}{median:>10.2f}{median / copy:>10.1f}{median / deflate:>11.2f}{rate:>9.1f}")
    print(f"\npeak resident memory of the whole run: {peak:.0f} MiB for {SIZE / 1e6:.0f} MB of evidence")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
