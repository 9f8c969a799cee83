"""What a dump says of itself is in every zip, whether or not the dump is."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from escalate.bundle.contents import gather
from escalate.bundle.documents import DumpReport
from escalate.bundle.tiers import write_full, write_kit
from escalate.bundle.verify import verify
from escalate.case.layout import SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.formats.dump import check_dump
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.base import ArtifactId, CollectorId, parse_document
from escalate.model.kind import Kind
from escalate.model.manifest import Manifest
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Ledger, RedactionDocument, SlimTwin
from tests.conftest import CaseMaker
from tests.fakes.minidump_writer import MinidumpWriter
from tests.fakes.sealed_case import DEFAULT_FILES, WORKER, File, Secret, fill

QUIET = QuietObserver()
LARGE, WITHHELD = "dumps/w3wp.dmp", "dumps/core.1905"
DATA = MinidumpWriter(random.Random(4).randbytes(300_000)).data()


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    filled = fill(case, [*DEFAULT_FILES, File(LARGE, DATA, Kind.MINIDUMP, pid=7)], [Secret(WITHHELD)])
    document = case.read_sealed(EvidenceDocument)
    artifacts = tuple(
        _artifact(filled.by_path[path], path, data) for path, data in ((LARGE, DATA), (WITHHELD, DATA[:5000]))
    )
    with case.new_file(Room.REDACTED, SEALED_PATHS[EvidenceDocument]) as handle:
        handle.write(document.model_copy(update={"artifacts": artifacts}).to_json())
    return case


def _artifact(artifact: ArtifactId, path: str, data: bytes) -> Artifact:
    return Artifact(
        id=artifact,
        path=path,
        kind=Kind.MINIDUMP,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type="application/octet-stream",
        collector=CollectorId("win.dump.mini"),
        origin=path,
        dump=check_dump(Kind.MINIDUMP, io.BytesIO(data)),
    )


@pytest.mark.parametrize(("limit", "carried"), [(5_000_000, "whole"), (150_000, "no")])
def test_the_kit_tells_of_each_dump(case: Case, tmp_path: Path, limit: int, carried: str) -> None:
    kit = tmp_path / "kit.zip"
    write_kit(gather(case, QUIET), kit, QUIET, limit)
    assert verify(kit, observer=QUIET).problems == ()
    with zipfile.ZipFile(kit) as archive:
        manifest = parse_document(Manifest, archive.read("90-meta/manifest.json"), where="manifest")
        start_here = archive.read("00-START-HERE.md").decode()
        large, withheld = sorted(manifest.dumps, key=lambda dump: dump.path, reverse=True)
        report = parse_document(DumpReport, archive.read(str(large.report)), where="report")
    assert (large.carried, withheld.carried) == (carried, "no")
    assert (large.state, withheld.state) == ("complete", "truncated")
    assert withheld.problems
    assert report.check.modules[0].name == "app.dll"
    assert report.check.modules[0].id
    assert large.report == f"40-process/{WORKER}/7/{LARGE}.check.json"
    assert large.summary in start_here
    assert "not in this zip" in start_here


def test_the_full_zip_has_the_same_reports(case: Case, tmp_path: Path) -> None:
    write_full(gather(case, QUIET), tmp_path / "full.zip", QUIET)
    write_kit(gather(case, QUIET), tmp_path / "kit.zip", QUIET, 150_000)
    found = []
    for name in ("full.zip", "kit.zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            found.append({each: json.loads(archive.read(each)) for each in archive.namelist() if ".check." in each})
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_start_here_names_the_slim_form_of_a_dump_that_is_left_out(case: Case, tmp_path: Path) -> None:
    slim, path = random.Random(5).randbytes(9_000), "dumps/w3wp.slim.dmp"
    with case.new_file(Room.REDACTED, path) as handle:
        handle.write(slim)
    twin = SlimTwin(
        path=path,
        kind=Kind.MINIDUMP,
        size=len(slim),
        sha256=hashlib.sha256(slim).hexdigest(),
        note="slim form",
        ledger=Ledger(handler="slim-minidump"),
    )
    redaction = case.read(RedactionDocument)
    items = tuple(one.model_copy(update={"slim": twin}) if one.path == LARGE else one for one in redaction.items)
    case.write(redaction.model_copy(update={"items": items}))
    write_kit(gather(case, QUIET), tmp_path / "kit.zip", QUIET, 200_000)
    with zipfile.ZipFile(tmp_path / "kit.zip") as archive:
        manifest = parse_document(Manifest, archive.read("90-meta/manifest.json"), where="manifest")
        start_here = archive.read("00-START-HERE.md").decode()
        (dump,) = [each for each in manifest.dumps if each.path == LARGE]
        assert dump.carried == "slim"
        assert archive.read(str(dump.slim)) == slim
    assert f"`{dump.slim}`, stacks and modules of `{dump.member}`" in start_here
