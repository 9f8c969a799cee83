"""What counts as evidence missing, and which case a command goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from escalate.errors import CaseError, ConfigError
from escalate.model.artifact import Artifact, EvidenceDocument, StepRecord
from escalate.model.base import ArtifactId, CaseId, CollectorId, StepId
from escalate.model.incident import Incident
from escalate.model.kind import Kind
from escalate.model.outcome import Collected, Denied, Empty, Outcome, Partial, Skipped
from escalate.model.target import LocalTarget, PathTarget
from escalate.workflow import is_complete, missing, open_case

WHY = {"reason": "because", "hint": "do this"}


def _evidence(*outcomes: Outcome, expected: bool = False, artifacts: int = 1) -> EvidenceDocument:
    steps = tuple(
        StepRecord(id=StepId(f"s{number}"), collector=CollectorId("a.b"), title="a", outcome=outcome, expected=expected)
        for number, outcome in enumerate(outcomes)
    )
    artifact = Artifact(
        id=ArtifactId("A0001"),
        path="a.log",
        kind=Kind.TEXT,
        size=1,
        sha256="0" * 64,
        media_type="text/plain",
        collector=CollectorId("a.b"),
        origin="a.log",
    )
    return EvidenceDocument(
        case_id=CaseId("esc-20260404-055845-3f9a1c"),
        target=LocalTarget(),
        host="host",
        artifacts=(artifact,) * artifacts,
        steps=steps,
    )


def test_what_was_skipped_or_had_nothing_is_not_missing() -> None:
    assert is_complete(_evidence(Collected(), Empty(**WHY), Skipped(**WHY)))


@pytest.mark.parametrize("outcome", [Partial(**WHY), Denied(**WHY)])
def test_what_was_tried_in_vain_is_missing(outcome: Outcome) -> None:
    assert [step.id for step in missing(_evidence(Collected(), outcome))] == ["s1"]
    assert not is_complete(_evidence(Collected(), outcome))


def test_a_refusal_that_everybody_meets_is_an_answer() -> None:
    assert is_complete(_evidence(Denied(**WHY), expected=True))


def test_an_empty_collection_is_never_complete() -> None:
    assert not is_complete(_evidence(Empty(**WHY), artifacts=0))


def test_a_new_case_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    case, new = open_case(None, tmp_path, LocalTarget(), Incident())
    assert new
    assert case.root == tmp_path / case.document.id


def test_a_case_that_exists_is_continued(tmp_path: Path) -> None:
    first, _ = open_case(tmp_path / "case", tmp_path, LocalTarget(), Incident(title="x"))
    again, new = open_case(tmp_path / "case", tmp_path, LocalTarget(), Incident())
    assert not new
    assert again.document == first.document


def test_a_case_about_something_else_is_refused(tmp_path: Path) -> None:
    open_case(tmp_path / "case", tmp_path, LocalTarget(), Incident(title="x"))
    with pytest.raises(CaseError, match="another target"):
        open_case(tmp_path / "case", tmp_path, PathTarget(path="/x"), Incident())
    with pytest.raises(CaseError, match="another incident"):
        open_case(tmp_path / "case", tmp_path, LocalTarget(), Incident(title="y"))


def test_a_folder_of_a_run_killed_at_its_very_start_is_taken(tmp_path: Path) -> None:
    (tmp_path / "case" / ".scratch").mkdir(parents=True)
    _, new = open_case(tmp_path / "case", tmp_path, LocalTarget(), Incident())
    assert new


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ConfigError, match="not empty"):
        open_case(tmp_path, tmp_path, LocalTarget(), Incident())
