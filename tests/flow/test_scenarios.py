"""The worked incidents, through the command line: documents, citations, verdicts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escalate.case.store import Case
from tests.fakes.redacted_twin import judged_again, judgement
from tests.flow.conftest import Escalate, bundles, members

SCENARIOS = ("gunicorn-sigkill-is-not-oom", "sibling-app-port-hog", "cifs-mount-serves-corrupt-files")


@pytest.fixture(params=SCENARIOS)
def built(request: pytest.FixtureRequest, shared: Path, tmp_path: Path, escalate: Escalate) -> tuple[Path, Path, dict]:
    folder = shared / "scenarios" / request.param
    done = escalate(
        "build", folder / "input", "--incident", folder / "incident.toml", "--case", tmp_path / "case", "--no-input"
    )
    assert done.code == 0, done.stderr + done.stdout
    return tmp_path / "case", folder, json.loads((folder / "expected.json").read_text())


def test_the_flow_gives_the_expected_verdict_and_cites_what_is_there(built: tuple[Path, Path, dict]) -> None:
    case, folder, expected = built
    found = json.loads((case / "triage" / "findings.json").read_text())
    assert found["verdict"]["answerable_by"] == expected["verdict"]["answerable_by"]
    for evidence in found["evidence"]:
        raw = (case / "evidence" / evidence["path"]).read_bytes()
        redacted = (case / "redacted" / evidence["path"]).read_bytes()
        assert (folder / "input" / evidence["path"]).read_bytes() == raw
        assert raw.count(b"\n") == redacted.count(b"\n")
        assert 1 <= evidence["line"] <= raw.count(b"\n") + 1
    for citation in expected["citations"]:
        if citation["role"] == "primary":
            assert citation["file"] in {evidence["path"] for evidence in found["evidence"]}
            if citation["file"].endswith((".log", ".txt", "pressure_memory")):
                cited = {(evidence["path"], evidence["line"]) for evidence in found["evidence"]}
                assert (citation["file"], citation["line"]) in cited


def test_the_documents_have_the_fields_of_the_contract(built: tuple[Path, Path, dict]) -> None:
    case, _, expected = built
    found = json.loads((case / "triage" / "findings.json").read_text())
    assert found["schema"] == "escalate.findings/v1"
    assert {gate["id"] for gate in found["verdict"]["gates"]} == {f"G{number}" for number in range(1, 8)}
    for gate in found["verdict"]["gates"]:
        assert gate["state"] in ("pass", "fail", "unknown")
        assert gate["sentence"]
    questions = json.loads((case / "triage" / "questions.json").read_text())["questions"]
    assert len(questions) <= 5
    for question in expected["questions"]:
        assert any(all(word in asked["text"] for word in question["must_mention"]) for asked in questions)
    if not expected["questions"]:
        assert questions == []


def test_both_zips_verify_and_identifiers_survive(built: tuple[Path, Path, dict], escalate: Escalate) -> None:
    case, _, _ = built
    incident = json.loads((case / "case.json").read_text())["incident"]
    archives = bundles(case)
    assert len(archives) == 2
    assert next(path for path in archives if path.name.endswith("-kit.zip")).stat().st_size <= 5_000_000
    for archive in archives:
        done = escalate("verify", archive, "--case", case, "--format", "json")
        assert done.code == 0, done.stdout
        text = b"\n".join(content for _, content in members(archive))
        for worker in incident["target"]["instances"]:
            assert worker.encode() in text
        for instance_id in incident["target"]["instance_ids"].values():
            assert instance_id.encode() in text


def test_the_redacted_files_give_the_same_verdict_and_the_same_citations(
    built: tuple[Path, Path, dict], tmp_path: Path
) -> None:
    raw, redacted = judged_again(Case(built[0]), tmp_path)
    assert judgement(redacted) == judgement(raw)
