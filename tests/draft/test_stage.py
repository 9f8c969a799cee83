from __future__ import annotations

from pathlib import Path

import pytest

from escalate.case.layout import Room
from escalate.draft import stage
from escalate.draft.handoff import PACKETS
from escalate.errors import CaseError
from escalate.model.observer import QuietObserver
from escalate.model.ticket import Ticket
from tests.fakes.triaged_case import CASES, customer, microsoft, triaged_case

FILES = [
    *(f"handoff/{name}.md" for name, one in sorted(PACKETS.items()) if not one.of_dependency),
    "report-in-zip.html",
    "report.html",
    "start-here.md",
    "ticket.json",
    "ticket.md",
]


RUNBOOKS = {"microsoft": ["runbook/q1-content-share.md", "runbook/q1-host-image.md"]}


def written(folder: Path) -> dict[str, bytes]:
    root = folder / "draft"
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("verdict", list(CASES))
def test_the_same_case_gives_the_same_bytes(verdict: str, tmp_path: Path):
    for name in ("one", "two"):
        stage.run(triaged_case(tmp_path / name, verdict), QuietObserver())
    one = written(tmp_path / "one")
    assert sorted(one) == sorted([*FILES, *RUNBOOKS.get(verdict, [])])
    assert one == written(tmp_path / "two")


def test_the_ticket_on_disk_is_the_one_returned_and_the_stage_is_done(tmp_path: Path):
    case = triaged_case(tmp_path / "case")
    ticket = stage.run(case, QuietObserver())
    assert case.read(Ticket) == ticket
    assert case.journal.is_done(stage.NAME, stage.inputs(case))


def test_only_redacted_documents_are_read(tmp_path: Path):
    case = triaged_case(tmp_path / "case")
    for name in ("plan.json", "evidence.json", "triage/findings.json", "triage/questions.json", "triage/timeline.json"):
        (case.root / name).write_text("not to be read")
    stage.run(case, QuietObserver())
    assert sorted(written(tmp_path / "case")) == FILES


def test_a_changed_redacted_document_makes_the_draft_stale(tmp_path: Path):
    case = triaged_case(tmp_path / "case")
    before = stage.inputs(case)
    place = case.path(Room.REDACTED, "triage/findings.json")
    place.write_bytes(place.read_bytes().replace(b"L38", b"L39"))
    assert stage.inputs(case) != before


def test_before_redaction_there_is_nothing_to_draft_from(make_case):
    with pytest.raises(CaseError) as caught:
        stage.run(make_case(), QuietObserver())
    assert "redact" in caught.value.hint or "build" in caught.value.hint


def test_what_an_earlier_draft_left_behind_goes(tmp_path: Path):
    case = triaged_case(tmp_path / "case")
    with case.new_file(Room.DRAFT, "handoff/old.md") as handle:
        handle.write(b"old")
    stage.run(case, QuietObserver())
    assert sorted(written(tmp_path / "case")) == FILES


def test_a_draft_that_would_claim_too_much_writes_nothing(tmp_path: Path):
    pieces = customer()
    broken = pieces.triage.findings[0].model_copy(update={"evidence": ("E404",)})
    case = triaged_case(tmp_path / "ok")
    place = case.path(Room.REDACTED, "triage/findings.json")
    place.write_bytes(pieces.triage.model_copy(update={"findings": (broken,)}).to_json())
    with pytest.raises(Exception, match="E404"):
        stage.run(case, QuietObserver())
    assert not (tmp_path / "ok" / "draft").exists()


def test_the_verdict_may_change_between_runs(tmp_path: Path):
    case = triaged_case(tmp_path / "case")
    first = stage.run(case, QuietObserver())
    pieces = microsoft()
    for name, document in {"triage/findings.json": pieces.triage, "triage/questions.json": pieces.asked}.items():
        case.path(Room.REDACTED, name).write_bytes(document.to_json())
    assert stage.run(case, QuietObserver()).title != first.title
