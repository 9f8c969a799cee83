"""Bundling takes the same memory, however large the evidence."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from escalate.bundle import stage
from escalate.bundle.selection import KIT_LIMIT
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.base import ArtifactId
from escalate.model.kind import Kind
from escalate.model.manifest import BundleDocument
from escalate.model.redaction import Ledger, Sealed
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, START, WORKER, File, fill

SPARSE = 192 << 20
LINE = b"2026-04-04T05:58:%02d.000Z [INFO] GET /orders/%s 200\n"
_RUN = """
import sys
from pathlib import Path
from escalate.bundle import stage
from escalate.case.store import Case
from escalate.model.observer import QuietObserver

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

for folder in sys.argv[1:]:
    case = Case.open(Path(folder))
    with case.locked():
        stage.run(case, QuietObserver())
    print(peak())
"""


def _with_dump(case: Case) -> None:
    """A core that is mostly holes, and a log that hardly deflates."""
    log = b"".join(LINE % (n % 60, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(300_000))
    redaction = fill(case, [*DEFAULT_FILES, File("LogFiles/big_docker.log", log, Kind.CONTAINER_LOG)]).redaction
    place = case.path(Room.REDACTED, "dumps/core.7")
    place.parent.mkdir(parents=True)
    with place.open("wb") as core:
        core.write(b"\x7fELF")
        core.truncate(SPARSE)
    with place.open("rb") as core:
        sha256 = hashlib.file_digest(core, "sha256").hexdigest()
    item = Sealed(
        artifact=ArtifactId("B1"),
        path="dumps/core.7",
        kind=Kind.ELF_CORE,
        size=SPARSE,
        sha256=sha256,
        original_sha256=None,
        origin="gcore",
        instance=WORKER,
        pid=7,
        captured_at=START,
        ledger=Ledger(handler="elf-core"),
    )
    case.write(redaction.model_copy(update={"items": (*redaction.items, item)}))


@pytest.mark.system
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_large_dump_and_a_large_log_take_no_more_memory_than_small_ones(make_case: CaseMaker) -> None:
    small, large = make_case(name="small"), make_case(name="large")
    fill(small)
    _with_dump(large)
    said = subprocess.run(
        [sys.executable, "-c", _RUN, str(small.root), str(large.root)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(stage.__file__).parents[2])},
    ).stdout.split()
    before, after = map(int, said)
    assert after - before < 160 << 10  # KiB; the evidence is 220 MB
    kit, full = large.read(BundleDocument).bundles
    assert kit.size <= KIT_LIMIT
    assert full.size < SPARSE // 4
