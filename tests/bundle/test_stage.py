"""The whole stage on a sealed case."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from escalate.bundle import stage
from escalate.bundle.documents import Gaps, Reference
from escalate.bundle.verify import verify
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import RedactionRefused
from escalate.model.base import parse_document
from escalate.model.kind import Kind
from escalate.model.manifest import BundleDocument, Manifest
from escalate.model.observer import QuietObserver
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, LOG, LOG_PATH, REPORT, WORKER, File, Secret, fill

LOG_MEMBER = f"30-logs/{WORKER}/{LOG_PATH}"
CORE_REFERENCE = f"40-process/{WORKER}/1905/dumps/core.1905.ref.json"


def _zips(case: Case) -> dict[str, Path]:
    document = case.read(BundleDocument)
    return {bundle.tier: case.root / bundle.path for bundle in document.bundles}


def _built(case: Case, known: tuple[bytes, ...] = ()) -> dict[str, Path]:
    stage.run(case, QuietObserver(), known)
    return _zips(case)


def test_both_zips_are_written_proved_and_listed_with_their_hashes(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    zips = _built(case, (b"a-known-secret-value",))
    assert set(zips) == {"kit", "full"}
    sums = case.path(Room.BUNDLE, "SHA256SUMS").read_text().splitlines()
    for bundle in case.read(BundleDocument).bundles:
        data = (case.root / bundle.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (bundle.size, bundle.sha256)
        assert f"{bundle.sha256}  {Path(bundle.path).name}" in sums
        proof = verify(case.root / bundle.path, observer=QuietObserver())
        assert proof.problems == ()
        assert proof.members == bundle.members


def test_the_zip_has_the_layout_of_the_contract(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    with zipfile.ZipFile(_built(case)["full"]) as archive:
        names = archive.namelist()
        assert archive.read(LOG_MEMBER) == LOG
        assert archive.read("00-report.html") == REPORT
        assert archive.read("00-START-HERE.md").startswith(b"# Start here")
        summary = json.loads(archive.read("00-summary.json"))
    assert names == sorted(names)
    assert {
        "00-START-HERE.md", "00-report.html", "00-summary.json",
        "10-questions/questions.json", "10-questions/questions.md", "11-exclusions/exclusions.json",
        "12-timeline/timeline.json", "13-findings/findings.json", "13-findings/findings.md", "13-findings/paths.json",
        "20-platform/azure/detectors/snatportexhaustion.json", LOG_MEMBER, CORE_REFERENCE,
        f"40-process/{WORKER}/1905/proc/1905/stack.txt", f"40-process/{WORKER}/system/procfs/20260404T055845Z/meminfo",
        "90-meta/manifest.json", "90-meta/plan.json", "90-meta/run.jsonl", "90-meta/gaps.json",
        "90-meta/redaction-report.json", "90-meta/keep-list.json", "90-meta/SHA256SUMS",
        "90-meta/kit-verification.json",
    } == {name for name in names if not name.startswith("90-meta/schemas/")}  # fmt: skip
    assert summary["answerable_by"] == "customer"
    assert summary["workers"] == [WORKER]
    assert summary["window"]["start"] == "2026-04-04T05:58:45Z"
    assert summary["counts"]["artifacts carried"] == 4


def test_a_cited_line_can_be_opened_in_the_zip(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    with zipfile.ZipFile(_built(case)["kit"]) as archive:
        cited = json.loads(archive.read("13-findings/findings.json"))["evidence"][0]
        member = json.loads(archive.read("13-findings/paths.json"))["paths"][cited["path"]]
        line = archive.read(member).decode().splitlines()[cited["line"] - 1]
        page = archive.read("13-findings/findings.md").decode()
    assert cited["excerpt"] in line
    assert f"`{member}` line 52" in page


def test_what_is_withheld_has_a_reference_and_a_gap(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    with zipfile.ZipFile(_built(case)["full"]) as archive:
        reference = parse_document(Reference, archive.read(CORE_REFERENCE), where="ref")
        gaps = parse_document(Gaps, archive.read("90-meta/gaps.json"), where="gaps")
        manifest = parse_document(Manifest, archive.read("90-meta/manifest.json"), where="manifest")
    assert (reference.id, reference.size) == ("W1", 1 << 30)
    assert "no handler" in reference.why
    assert "customer" in reference.how_to_ask
    assert [step.id for step in gaps.steps] == ["S2"]
    assert [entry.id for entry in gaps.withheld] == ["W1"]
    assert [held.reference for held in manifest.held_back] == [CORE_REFERENCE]


def test_the_same_case_gives_the_same_bytes_twice(make_case: CaseMaker) -> None:
    hashes = []
    for name in ("one", "two"):
        case = make_case(name=name)
        fill(case)
        hashes.append([bundle.sha256 for bundle in stage.run(case, QuietObserver()).bundles])
    assert hashes[0] == hashes[1]


def test_without_a_start_here_from_the_draft_there_is_a_plain_one(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case, start_here=None)
    with zipfile.ZipFile(_built(case)["kit"]) as archive:
        page = archive.read("00-START-HERE.md").decode()
    assert page.startswith("# Workers killed while a dependency is slow")
    assert "1 files stay with the customer" in page


def test_incompressible_evidence_never_makes_the_kit_larger_than_its_limit(make_case: CaseMaker) -> None:
    case = make_case()
    noise = random.Random(1)
    files = [
        *DEFAULT_FILES,
        *(File(f"noise/{number}.bin", noise.randbytes(1_100_000), Kind.BINARY) for number in range(6)),
    ]
    fill(case, files)
    zips = _built(case)
    assert 4_000_000 < zips["kit"].stat().st_size <= 5_000_000
    with zipfile.ZipFile(zips["kit"]) as kit, zipfile.ZipFile(zips["full"]) as full:
        left_out = [name for name in kit.namelist() if name.endswith(".bin.ref.json")]
        carried = [name for name in kit.namelist() if name.endswith(".bin")]
        assert len(left_out) + len(carried) == 6
        assert len(carried) == 4
        assert len([name for name in full.namelist() if name.endswith(".bin")]) == 6
        reference = json.loads(kit.read(left_out[0]))
        data = full.read(left_out[0].removesuffix(".ref.json"))
        assert (reference["size"], reference["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert "2 files are left out" in kit.read("00-START-HERE.md").decode()


def test_a_smaller_file_gets_in_after_a_larger_one_did_not_fit(make_case: CaseMaker) -> None:
    case = make_case()
    huge = random.Random(2).randbytes(6_000_000)
    fill(case, [File("huge.txt", huge, Kind.TEXT), File("small.txt", b"small\n")], (), cited="huge.txt")
    with zipfile.ZipFile(_built(case)["kit"]) as kit:
        assert f"30-logs/{WORKER}/small.txt" in kit.namelist()
        paths = json.loads(kit.read("13-findings/paths.json"))["paths"]
    assert paths == {"huge.txt": f"30-logs/{WORKER}/huge.txt.ref.json"}


def test_the_proof_of_a_finding_is_kept_before_everything_else(make_case: CaseMaker) -> None:
    case = make_case()
    noise = random.Random(3)
    files = [File(f"{letter}.log", noise.randbytes(2_000_000), Kind.W3C_LOG) for letter in "abcdef"]
    fill(case, files, (), cited="e.log")
    with zipfile.ZipFile(_built(case)["kit"]) as kit:
        assert f"30-logs/{WORKER}/e.log" in kit.namelist()


def test_a_report_larger_than_the_kit_is_dropped_and_start_here_says_so(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case, report=random.Random(4).randbytes(6_000_000))
    zips = _built(case)
    assert zips["kit"].stat().st_size <= 5_000_000
    with zipfile.ZipFile(zips["kit"]) as kit:
        assert "00-report.html.ref.json" in kit.namelist()
        assert "The report (`00-report.html`) is too large" in kit.read("00-START-HERE.md").decode()


def test_a_file_changed_after_redaction_is_refused(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    case.path(Room.REDACTED, LOG_PATH).write_bytes(LOG.replace(b"GET", b"PUT"))
    with pytest.raises(RedactionRefused, match="changed since it was redacted"):
        stage.run(case, QuietObserver())
    assert list(case.path(Room.BUNDLE).iterdir()) == []


def test_a_link_below_redacted_is_refused(make_case: CaseMaker, tmp_path: Path) -> None:
    case = make_case()
    fill(case)
    outside = tmp_path / "outside.log"
    outside.write_bytes(LOG)
    place = case.path(Room.REDACTED, LOG_PATH)
    place.unlink()
    place.symlink_to(outside)
    with pytest.raises(RedactionRefused):
        stage.run(case, QuietObserver())


@pytest.mark.parametrize("known", [(), (b"correct-horse-battery",)])
def test_a_secret_that_redaction_missed_deletes_every_zip(make_case: CaseMaker, known: tuple[bytes, ...]) -> None:
    case = make_case()
    fill(case)
    stage.run(case, QuietObserver())
    line = b"took the key correct-horse-battery\n" if known else b"x AccountKey=Zm9vYmFyYmF6MTIzNDU2Nzg5MA==;y\n"
    fill(case, [File("late.log", b"first line\n" + line)], (), cited="late.log")
    with pytest.raises(RedactionRefused) as refused:
        stage.run(case, QuietObserver(), known)
    assert refused.value.exit_code == 6
    assert f"30-logs/{WORKER}/late.log line 2" in refused.value.message
    assert "Zm9v" not in refused.value.message
    assert "horse" not in refused.value.message
    assert "escalate redact --case DIR --withhold late.log" in refused.value.hint
    assert [place.name for place in case.path(Room.BUNDLE).iterdir()] == ["earlier"]  # manifests of what was replaced
    assert case.read(BundleDocument).bundles == ()
    assert list(case.root.rglob("*.zip")) == []


def test_a_secret_in_a_file_name_is_refused_without_naming_it(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case, [File("logs/password=hunter2-Secret99.log", b"x\n")], (), cited=None)
    with pytest.raises(RedactionRefused) as refused:
        stage.run(case, QuietObserver())
    assert "in the name" in refused.value.message
    assert "hunter2" not in refused.value.message + refused.value.hint


def test_the_digest_of_the_inputs_follows_the_draft_and_what_was_sealed(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    before = stage.inputs(case)
    assert stage.inputs(case) == before
    with case.new_file(Room.DRAFT, "report-in-zip.html") as handle:
        handle.write(b"another report")
    drafted = stage.inputs(case)
    with case.new_file(Room.REDACTED, "triage/findings.json") as handle:
        handle.write(b"{}")
    assert len({before, drafted, stage.inputs(case)}) == 3


_RUN = """
import sys
from pathlib import Path
from escalate.bundle import stage
from escalate.case.store import Case
from escalate.model.observer import QuietObserver

class Dying(QuietObserver):
    def task(self, label, total_bytes=None):
        if label.startswith("zipping") and label.endswith("full.zip"):
            print("now", flush=True)
            sys.stdin.read()
        return super().task(label, total_bytes)

case = Case.open(Path(sys.argv[1]))
with case.locked():
    stage.run(case, Dying())
"""


def test_a_run_killed_between_the_two_zips_keeps_the_first_and_makes_the_second(make_case: CaseMaker) -> None:
    case = make_case()
    fill(case)
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, str(case.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(stage.__file__).parents[2])},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"now\n"
        child.send_signal(signal.SIGKILL)
    kit = case.path(Room.BUNDLE, f"{case.document.id}-kit.zip")
    before = kit.stat().st_mtime_ns
    assert not case.has(BundleDocument)
    with case.locked():
        zips = _built(case)
    assert kit.stat().st_mtime_ns == before
    assert set(zips) == {"kit", "full"}
    assert case.journal.is_done(stage.NAME, stage.inputs(case))
    assert all(verify(path, observer=QuietObserver()).problems == () for path in zips.values())


@pytest.mark.system
@pytest.mark.parametrize("command", [["unzip", "-tq"], ["7z", "t"]])
def test_other_programs_read_the_zips(make_case: CaseMaker, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    case = make_case()
    fill(case, [*DEFAULT_FILES, File("LogFiles/größe 日本.log", b"x\n")], [Secret("dumps/core.1905")])
    for path in _built(case).values():
        subprocess.run([*command, str(path)], check=True, capture_output=True)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
