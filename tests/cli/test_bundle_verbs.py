"""`escalate bundle`, `verify` and `diff`: flags, what they print, exit codes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner, Result

from escalate.case import custody
from escalate.case.store import Case
from escalate.cli.app import escalate
from escalate.cli.app import run as run_cli
from escalate.cli.session import Session
from escalate.model.artifact import EvidenceDocument
from tests.conftest import CaseMaker
from tests.fakes.sealed_case import DEFAULT_FILES, WORKER, File, fill


@pytest.fixture
def case(make_case: CaseMaker) -> Case:
    case = make_case()
    fill(case, [*DEFAULT_FILES, File("n/1.log", b"one\n")])
    case.write(case.read_sealed(EvidenceDocument))
    custody.record(case, "sealed", "redaction.json")
    return case


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(escalate, [str(each) for each in arguments], obj=Session(), standalone_mode=False)


def _json(*arguments: object) -> tuple[dict[str, object], int]:
    result = _run(*arguments, "--format", "json")
    return json.loads(result.stdout), int(result.return_value)


def test_bundle_makes_age_files_that_verify_opens(case: Case, tmp_path: Path) -> None:
    reader = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(reader))
    made, code = _json("bundle", "--case", case.root, "--encrypt-to", reader.to_public())
    assert code == 0
    files = [case.root / each["path"] for each in made["encrypted"]]
    assert len(files) == 2
    found, code = _json("verify", *files, "--identity", tmp_path / "key")
    assert (code, found["schema"], found["problems"]) == (0, "escalate.verification-set/v1", [])
    assert [each["sha256"] for each in found["archives"]] == [each["sha256"] for each in made["bundles"]]


def test_a_file_that_could_not_be_read_ends_with_five(case: Case) -> None:
    (case.root / "redacted/n/1.log").unlink()
    result = _run("bundle", "--case", case.root)
    assert result.return_value == 5
    assert "could not be read, and is left out: n/1.log" in result.stdout


def test_verify_ends_with_six_for_a_secret_and_three_for_damage(case: Case) -> None:
    made, _ = _json("bundle", "--case", case.root)
    kit = case.root / made["bundles"][0]["path"]
    assert _run("verify", kit).return_value == 0
    data = kit.read_bytes()
    kit.write_bytes(data[:-40])
    assert _run("verify", kit).return_value == 3
    kit.write_bytes(data)
    with zipfile.ZipFile(kit, "a") as archive:
        archive.writestr(f"30-logs/{WORKER}/x.log", "AccountKey=Zm9vYmFyYmF6MTIzNDU2Nzg5MA==;")
    assert _run("verify", kit).return_value == 6


def test_parts_that_are_too_small_are_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["bundle", "--case", str(case.root), "--split", "10kB"], Session()) == 2
    assert "at least 1,000,000 bytes" in capsys.readouterr().err


def test_diff_tells_a_person_and_a_program(case: Case, make_case: CaseMaker) -> None:
    other = make_case(name="other")
    fill(other, [*DEFAULT_FILES, File("n/2.log", b"two\n")])
    text = _run("diff", case.root, other.root).stdout
    assert "Verdict: the same" in text
    assert "Evidence: 1 new, 1 removed, 0 changed, 5 the same" in text
    assert "  + n/2.log  4 bytes" in text
    found, code = _json("diff", case.root, other.root)
    assert (code, found["schema"], found["evidence_same"]) == (0, "escalate.diff/v1", 5)
