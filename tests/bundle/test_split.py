"""A split bundle is zips that open alone, under one manifest; a delta has only what is new."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from pathlib import Path

import pyrage
import pytest

from escalate.bundle import stage
from escalate.bundle.contents import gather
from escalate.bundle.tiers import write_parts
from escalate.bundle.verify import verify
from escalate.bundle.wishes import BundleWishes
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import ConfigError
from escalate.model.base import CaseId
from escalate.model.kind import Kind
from escalate.model.manifest import BundleDocument
from escalate.model.observer import QuietObserver
from escalate.model.ticket import Approval, Attachment, Receipt
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, START, WORKER, File, fill

QUIET = QuietObserver()
NOISE = random.Random(21)
FILES = [*DEFAULT_FILES, *(File(f"n/{number}.bin", NOISE.randbytes(70_000), Kind.BINARY) for number in range(10))]
SIZE = 300_000


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    fill(case, FILES)
    return case


def _parts(case: Case, folder: Path, size: int = SIZE) -> list[Path]:
    folder.mkdir(exist_ok=True)
    return [place for place, _ in write_parts(gather(case, QUIET), folder, "x-full", size, QUIET)]


def test_each_part_opens_alone_and_all_have_one_manifest(case: Case, tmp_path: Path) -> None:
    parts = _parts(case, tmp_path / "parts")
    assert [place.name for place in parts] == [f"x-full.{number:02d}.zip" for number in range(1, len(parts) + 1)]
    assert len(parts) >= 3
    manifests, evidence = set(), []
    for number, place in enumerate(parts, start=1):
        assert place.stat().st_size <= SIZE
        assert verify(place, observer=QUIET).problems == ()
        with zipfile.ZipFile(place) as archive:
            manifests.add(archive.read("90-meta/manifest.json"))
            evidence += [name for name in archive.namelist() if name.endswith(".bin")]
            assert json.loads(archive.read("00-summary.json"))["part"] == {"number": number, "of": len(parts)}
            assert f"part {number} of {len(parts)}" in archive.read("00-START-HERE.md").decode()
            assert ("00-report.html" in archive.namelist()) == (number == 1)
    assert len(manifests) == 1
    assert sorted(evidence) == sorted(f"30-logs/{WORKER}/n/{number}.bin" for number in range(10))
    manifest = json.loads(manifests.pop())
    assert manifest["parts"] == len(parts)
    where = {entry["path"]: entry["part"] for entry in manifest["entries"] if entry["role"] == "evidence"}
    assert len(set(where.values())) == len(parts)


def test_the_same_case_gives_the_same_parts(case: Case, tmp_path: Path) -> None:
    one, two = (_parts(case, tmp_path / name) for name in "ab")
    assert [place.read_bytes() for place in one] == [place.read_bytes() for place in two]


def test_a_part_without_one_of_its_files_is_found_out(case: Case, tmp_path: Path) -> None:
    place = _parts(case, tmp_path / "parts")[1]
    with zipfile.ZipFile(place) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    del contents[next(name for name in contents if name.endswith(".bin"))]
    with zipfile.ZipFile(tmp_path / "less.zip", "w") as target:
        for name, data in contents.items():
            target.writestr(name, data)
    assert {problem.check for problem in verify(tmp_path / "less.zip", observer=QUIET).problems} == {"hash"}


def test_a_file_larger_than_a_part_has_one_of_its_own(make_case: CaseMaker, tmp_path: Path) -> None:
    case = make_case()
    fill(case, [*FILES, File("big.bin", NOISE.randbytes(500_000), Kind.BINARY)])
    parts = _parts(case, tmp_path / "parts")
    (large,) = [place for place in parts if place.stat().st_size > SIZE]
    with zipfile.ZipFile(large) as archive:
        assert [name for name in archive.namelist() if name.endswith(".bin")] == [f"30-logs/{WORKER}/big.bin"]


def test_what_fits_one_part_is_not_split(case: Case, tmp_path: Path) -> None:
    (whole,) = _parts(case, tmp_path / "parts", 5_000_000)
    assert whole.name == "x-full.zip"
    assert verify(whole, observer=QUIET).problems == ()


def test_parts_that_would_hold_only_lists_are_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="little but the manifest"):
        _parts(case, tmp_path / "parts", 20_000)


def test_the_stage_lists_each_part(case: Case) -> None:
    made = stage.run(case, QUIET, (), BundleWishes(split=SIZE))
    full = [bundle for bundle in made.bundles if bundle.tier == "full"]
    assert [bundle.part for bundle in full] == list(range(1, len(full) + 1))
    assert full[0].path == f"bundle/{case.document.id}-full.01.zip"
    assert not case.path(Room.BUNDLE, f"{case.document.id}-full.zip").exists()


def _evidence(place: Path) -> set[str]:
    with zipfile.ZipFile(place) as archive:
        manifest = json.loads(archive.read("90-meta/manifest.json"))
    return {entry["path"].rpartition("/")[2] for entry in manifest["entries"] if entry["role"] == "evidence"}


def _changed(case: Case) -> None:
    changed = File("n/3.bin", b"another", Kind.BINARY)
    fill(case, [*(changed if file.path == changed.path else file for file in FILES), File("new.log", b"new\n")])


def test_a_delta_has_what_is_new_and_what_changed(case: Case) -> None:
    first = stage.run(case, QUIET)
    kit = case.root / first.bundles[0].path
    _changed(case)
    made = stage.run(case, QUIET, (), BundleWishes(since=kit))
    assert [bundle.tier for bundle in made.bundles] == ["kit", "full", "delta-kit", "delta-full"]
    delta = case.root / made.bundles[2].path
    assert delta.name.startswith(f"{case.document.id}-delta-{first.bundles[0].sha256[:8]}-kit")
    assert _evidence(delta) == {"3.bin", "new.log"}
    assert verify(delta, observer=QUIET).problems == ()
    with zipfile.ZipFile(delta) as archive:
        manifest = json.loads(archive.read("90-meta/manifest.json"))
        page = archive.read("00-START-HERE.md").decode()
    assert manifest["since"] == {"name": kit.name, "sha256": first.bundles[0].sha256, "unchanged": 13}
    assert len(manifest["unchanged"]) == 13
    assert f"only what is new or changed since `{kit.name}`" in page
    assert kit.is_file()


def test_a_delta_leaves_the_zips_of_the_case_as_they_were(case: Case) -> None:
    reader = BundleWishes(encrypt_to=(str(pyrage.x25519.Identity.generate().to_public()),))
    first = stage.run(case, QUIET, (), reader)
    made = stage.run(case, QUIET, (), BundleWishes(since=case.root / first.bundles[0].path))
    assert made.bundles[:2] == first.bundles
    assert made.encrypted == first.encrypted
    assert all((case.root / each.path).is_file() for each in (*made.bundles, *made.encrypted))
    assert _evidence(case.root / made.bundles[2].path) == set()  # nothing is new
    assert case.journal.is_done(stage.NAME, stage.inputs(case))


def test_the_baseline_may_be_the_manifest_of_the_zip(case: Case, tmp_path: Path) -> None:
    first = stage.run(case, QUIET)
    with zipfile.ZipFile(case.root / first.bundles[0].path) as archive:
        (tmp_path / "manifest.json").write_bytes(archive.read("90-meta/manifest.json"))
    _changed(case)
    made = stage.run(case, QUIET, (), BundleWishes(since=tmp_path / "manifest.json"))
    assert _evidence(case.root / made.bundles[-1].path) == {"3.bin", "new.log"}


def test_the_baseline_may_be_a_receipt_whose_zip_was_replaced_since(case: Case) -> None:
    kit = stage.run(case, QUIET).bundles[0]
    case.write(
        Receipt(
            case_id=case.document.id,
            ticket_name="case-esc",
            support_ticket_id="1",
            approval=Approval(digest="0" * 64, approved_at=START),
            attachments=(Attachment(path=kit.path, size=kit.size, sha256=kit.sha256),),
        )
    )
    _changed(case)
    stage.run(case, QUIET)  # replaces the kit that was sent
    assert case.read(BundleDocument).bundles[0].sha256 != kit.sha256
    made = stage.run(case, QUIET, (), BundleWishes(since=case.root / "receipt.json"))
    assert _evidence(case.root / made.bundles[-1].path) == {"3.bin", "new.log"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nonsense", b"{}", b'{"schema": "escalate.receipt/v1"}', b"[1]"])
def test_what_names_no_earlier_bundle_is_refused(case: Case, tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "since"
    place.write_bytes(data)
    with pytest.raises(ConfigError):
        stage.run(case, QUIET, (), BundleWishes(since=place))


def test_a_bundle_of_another_case_is_no_baseline(case: Case, make_case: CaseMaker, tmp_path: Path) -> None:
    other = make_case(name="other")
    other.write(other.document.model_copy(update={"id": CaseId("esc-20260404-055845-ffffff")}))
    fill(other)
    kit = stage.run(other, QUIET).bundles[0]
    shutil.copy(other.root / kit.path, tmp_path / "kit.zip")
    with pytest.raises(ConfigError, match="belongs to case"):
        stage.run(case, QUIET, (), BundleWishes(since=tmp_path / "kit.zip"))


def test_a_file_that_is_gone_is_a_gap_and_the_rest_is_bundled(case: Case) -> None:
    case.path(Room.REDACTED, "n/3.bin").unlink()
    made = stage.run(case, QUIET)
    assert made.unreadable == ("n/3.bin",)
    for bundle in made.bundles:
        with zipfile.ZipFile(case.root / bundle.path) as archive:
            reference = json.loads(archive.read(f"30-logs/{WORKER}/n/3.bin.ref.json"))
            gaps = json.loads(archive.read("90-meta/gaps.json"))
            assert "1 files could not be read" in archive.read("00-START-HERE.md").decode()
            assert f"30-logs/{WORKER}/n/4.bin" in archive.namelist()
        assert reference["why"] == "could not be read when the zip was made: No such file or directory"
        assert [each["path"] for each in gaps["unreadable"]] == ["n/3.bin"]
        assert verify(case.root / bundle.path, observer=QUIET).problems == ()


def test_a_file_that_goes_while_it_is_zipped_is_a_gap_too(case: Case) -> None:
    class Losing(QuietObserver):
        def task(self, label, total_bytes=None):
            if label.startswith("zipping"):
                case.path(Room.REDACTED, "n/5.bin").unlink(missing_ok=True)
            return super().task(label, total_bytes)

    made = stage.run(case, Losing())
    assert made.unreadable == ("n/5.bin",)
    assert [bundle.tier for bundle in made.bundles] == ["kit", "full"]
