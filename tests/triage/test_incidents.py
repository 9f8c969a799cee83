"""Worked incidents of every class, through triage, redaction and draft, scored as their README says."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.collect.plan import Wishes
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.finding import FindingsDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.plan import Budget
from escalate.model.question import QuestionsDocument
from escalate.model.target import PathTarget
from escalate.model.timeline import TimelineDocument
from escalate.workflow import plan, run_stage
from tests.triage.scoring import claimed, lost, unasked, uncited, unlisted

FOLDER = Path(__file__).parent / "incidents"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/incident.toml"))

NOT_YET: dict[str, str] = {}
"""Incidents whose signatures are not there: they must not be over-claimed, and leave this list when they come right."""


class Worked:
    """An incident after triage, redaction and draft, with what is expected of it."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.input = FOLDER / name / "input"
        self.expected = json.loads((FOLDER / name / "expected.json").read_text())
        incident = Incident.model_validate(tomllib.loads((FOLDER / name / "incident.toml").read_text()))
        document = CaseDocument(
            id=CaseId("esc-20260404-055845-3f9a1c"),
            created_at=datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC),
            tool_version="0.1.0",
            target=PathTarget(path=str(self.input)),
            incident=incident,
        )
        self.case = Case.create(root, document)
        plan(self.case, Wishes(Budget(max_bytes=100_000_000, max_seconds=600)), QuietObserver())
        for stage in ("collect", "triage", "redact", "draft"):
            run_stage(self.case, stage, QuietObserver())
        self.findings = self.case.read(FindingsDocument)
        self.who = self.findings.verdict.answerable_by


@pytest.fixture(scope="module", params=NAMES)
def worked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    return Worked(request.param, tmp_path_factory.mktemp("incident") / "case")


def short_of(worked: Worked) -> list[str]:
    """What the incident's score lacks."""
    right = worked.who == worked.expected["verdict"]["answerable_by"]
    lacks = [] if right else [f"{worked.who}: {worked.findings.verdict.why}"]
    lacks += uncited(worked.expected, worked.findings, worked.input)
    lacks += unasked(worked.expected, worked.case.read(QuestionsDocument).questions)
    return lacks + unlisted(worked.expected, worked.findings)


def test_verdict_citations_questions_and_missing_evidence_are_as_expected(worked: Worked) -> None:
    lacks = short_of(worked)
    if worked.name in NOT_YET:
        assert lacks, f"{worked.name} is right now: take it out of NOT_YET"
    else:
        assert lacks == []


def test_nothing_is_put_to_microsoft_that_is_not_theirs(worked: Worked) -> None:
    asked = worked.case.read(QuestionsDocument).questions
    assert worked.who != "microsoft" or worked.expected["verdict"]["answerable_by"] == "microsoft"
    assert worked.who == "microsoft" or asked == ()


def test_nothing_is_claimed_that_must_not_be(worked: Worked) -> None:
    assert claimed(worked.expected, worked.case, worked.who) == []


def test_what_a_support_engineer_needs_survives_redaction(worked: Worked) -> None:
    assert lost(worked.case) == []


def test_misleading_signs_do_not_drive_the_verdict(worked: Worked) -> None:
    drivers = {finding.rule for finding in worked.findings.findings[:1] if not finding.demoted}
    assert worked.who == "undetermined" or not drivers & set(worked.expected["signatures_demoted"])


def test_a_fault_of_a_region_is_tied_to_no_worker_and_stands_among_the_platform_events(tmp_path: Path) -> None:
    worked = Worked("region-wide-fault-that-microsoft-confirmed", tmp_path / "case")
    (question,) = worked.case.read(QuestionsDocument).questions
    assert question.text.startswith("2022-08-02 17:00-19:30 UTC: Azure records event 8VD9-P88")
    assert question.worker is None
    assert worked.findings.findings[0].instances == ()
    (runbook,) = worked.case.path(Room.DRAFT, "runbook").iterdir()
    assert runbook.name == "q1-recorded-fault.md"
    changed = worked.case.path(Room.DRAFT, "ticket.md").read_text().partition("## 5. What changed")[2]
    assert "8VD9-P88" in changed.partition("## 6.")[0]


def test_a_vanished_worker_is_not_mixed_up_with_the_one_that_took_over(tmp_path: Path) -> None:
    worked = Worked("logs-of-two-apps-break-off-and-a-new-worker-takes-over", tmp_path / "case")
    assert worked.findings.findings[0].instances == ("lw0mdlwk0001XA",)
    events = worked.case.read(TimelineDocument).events
    assert {event.lane for event in events if event.category == "error"} == {"lw0mdlwk0001XA"}
