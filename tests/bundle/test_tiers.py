"""The kit fits, whatever the case is like."""

from __future__ import annotations

import itertools
import json
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalate.bundle.contents import gather
from escalate.bundle.selection import KIT_LIMIT, by_value
from escalate.bundle.tiers import write_kit
from escalate.bundle.verify import verify
from escalate.case.layout import Room
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, File, Secret, fill

QUIET = QuietObserver()
_NUMBERS = itertools.count()


def _gaps(archive: Path) -> dict[str, object]:
    with zipfile.ZipFile(archive) as kit:
        document: dict[str, object] = json.loads(kit.read("90-meta/gaps.json"))
        return document


@pytest.mark.parametrize(
    ("number", "references", "listed"),
    [(100, "one file each", 100), (3_000, "in this list", 3_000), (20_000, "counted only", 0)],
)
def test_too_many_references_become_a_list_and_then_counts(
    make_case: CaseMaker, tmp_path: Path, number: int, references: str, listed: int
) -> None:
    case = make_case()
    fill(case, DEFAULT_FILES, [Secret(f"dumps/core.{index}", size=7) for index in range(number)])
    kit = tmp_path / "kit.zip"
    assert write_kit(gather(case, QUIET), kit, QUIET).size <= KIT_LIMIT
    gaps = _gaps(kit)
    assert gaps["references"] == references
    assert len(gaps["withheld"]) == listed
    assert gaps["counts"] == [
        {"why": "withheld: no handler for memory of this process", "artifacts": number, "size": 7 * number}
    ]
    with zipfile.ZipFile(kit) as archive:
        names = archive.namelist()
        assert (f"{number} files stay with the customer") in archive.read("00-START-HERE.md").decode()
    assert sum(name.endswith("/1905/dumps/core.7.ref.json") for name in names) == (references == "one file each")
    assert verify(kit, observer=QUIET).problems == ()


@pytest.mark.parametrize("limit", [200_000, 40_000, 12_000, 8_000])
def test_a_kit_fits_a_limit_that_leaves_room_for_next_to_nothing(
    make_case: CaseMaker, tmp_path: Path, limit: int
) -> None:
    case = make_case()
    noise = random.Random(6)
    fill(case, [*DEFAULT_FILES, *(File(f"n/{index}.bin", noise.randbytes(5_000), Kind.BINARY) for index in range(80))])
    kit = tmp_path / "kit.zip"
    assert write_kit(gather(case, QUIET), kit, QUIET, limit).size <= limit
    assert verify(kit, observer=QUIET).problems == ()


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 60_000), max_size=40), st.integers(30_000, 400_000), st.integers(0, 1000))
def test_a_kit_of_any_mixture_fits_and_proves_clean(
    make_case: CaseMaker, tmp_path: Path, sizes: list[int], limit: int, seed: int
) -> None:
    case, noise = make_case(name=f"case-{next(_NUMBERS)}"), random.Random(seed)
    files = [File(f"n/{index}.bin", noise.randbytes(size), Kind.BINARY) for index, size in enumerate(sizes)]
    fill(case, [*DEFAULT_FILES, *files])
    kit = case.scratch("kit") / "kit.zip"
    assert write_kit(gather(case, QUIET), kit, QUIET, limit).size <= limit
    assert verify(kit, observer=QUIET).problems == ()


def test_evidence_is_ranked_by_what_a_reader_wants(make_case: CaseMaker) -> None:
    case = make_case()
    files = [
        File("rest.bin", b"x", Kind.BINARY),
        File("detector.json", b"{}", Kind.DETECTOR),
        File("threads.txt", b"xx", Kind.THREAD_DUMP, pid=7),
        File("cited.log", b"x" * 500, Kind.CONTAINER_LOG),
        File("threads-of-another.txt", b"x", Kind.THREAD_DUMP, pid=8),
    ]
    fill(case, files, (), cited="cited.log")
    order = [piece.item.path for piece in by_value(gather(case, QUIET))]
    assert order == ["cited.log", "threads-of-another.txt", "threads.txt", "detector.json", "rest.bin"]


def test_a_summary_for_programs_counts_what_is_left_out(make_case: CaseMaker, tmp_path: Path) -> None:
    case = make_case()
    fill(case, [*DEFAULT_FILES, File("n.bin", random.Random(8).randbytes(300_000), Kind.BINARY)])
    kit = tmp_path / "kit.zip"
    write_kit(gather(case, QUIET), kit, QUIET, 200_000)
    with zipfile.ZipFile(kit) as archive:
        summary = json.loads(archive.read("00-summary.json"))
    assert summary["counts"]["artifacts held back"] == 1
    assert summary["counts"]["artifacts withheld"] == 1
    assert summary["sizes"]["sealed"] == summary["sizes"]["carried"] + 300_000
    assert case.path(Room.REDACTED, "n.bin").stat().st_size == 300_000
