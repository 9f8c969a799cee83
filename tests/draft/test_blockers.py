"""What stands against filing a ticket, and what is not rendered at all."""

from dataclasses import replace

import pytest

from escalate.draft import stage
from escalate.draft.blockers import blockers
from escalate.draft.claims import LEFT_OUT, plain
from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.model.base import EvidenceId
from escalate.model.exclusion import Exclusion, ExclusionsDocument
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.question import QuestionsDocument
from tests.fakes import triaged_case


def facts_of(pieces, tmp_path) -> Facts:
    return Facts.load(pieces.write(tmp_path / "case"))


@pytest.mark.parametrize("make", [triaged_case.customer, triaged_case.undetermined, triaged_case.microsoft])
def test_a_sound_case_may_be_filed(make, tmp_path):
    assert blockers(facts_of(make(), tmp_path)) == ()


def test_a_question_without_anything_ruled_out_blocks_filing(tmp_path):
    pieces = triaged_case.microsoft()
    asked = tuple(one.model_copy(update={"ruled_out": (" ",)}) for one in pieces.asked.questions)
    found = blockers(facts_of(replace(pieces, asked=QuestionsDocument(questions=asked)), tmp_path))
    assert any("Q1 lists nothing that was ruled out" in one for one in found)


def test_an_empty_ledger_blocks_filing_and_the_ticket_says_so(tmp_path):
    pieces = replace(triaged_case.microsoft(), ledger=ExclusionsDocument(exclusions=()))
    ticket = stage.run(pieces.write(tmp_path / "case"), QuietObserver())
    assert any("ruled out is empty" in one for one in ticket.blockers)


def test_a_verdict_for_microsoft_without_a_question_blocks_filing(tmp_path):
    pieces = replace(triaged_case.microsoft(), asked=QuestionsDocument(questions=()))
    assert any("no question" in one for one in blockers(facts_of(pieces, tmp_path)))


@pytest.mark.parametrize("cited", [(), (EvidenceId("E99"),)])
def test_a_row_that_decides_without_evidence_is_not_rendered(cited, tmp_path):
    row = Exclusion(id="dns", cause="names", state="ruled out", test="dig", result="all answered", evidence=cited)
    pieces = replace(triaged_case.customer(), ledger=ExclusionsDocument(exclusions=(row,)))
    case = pieces.write(tmp_path / "case")
    with pytest.raises(DraftDefect):
        stage.run(case, QuietObserver())
    assert not list((tmp_path / "case" / "draft").glob("*.md"))


@pytest.mark.parametrize("kind", [Kind.KERNEL_LOG, Kind.KERNEL_DUMP, Kind.TEXT])
def test_a_title_may_name_the_kernel_where_a_file_of_a_host_shows_it(kind, tmp_path):
    pieces = triaged_case.customer()
    title = "The kernel of the repro machine panicked in cifs"
    first = pieces.triage.findings[0].model_copy(update={"title": title})
    shown = {item.artifact for item in pieces.triage.evidence if item.id in first.evidence}
    artifacts = tuple(
        one.model_copy(update={"kind": kind}) if one.id in shown else one for one in pieces.collected.artifacts
    )
    changed = replace(
        pieces,
        triage=pieces.triage.model_copy(update={"findings": (first, *pieces.triage.findings[1:])}),
        collected=pieces.collected.model_copy(update={"artifacts": artifacts}),
    )
    speaker = facts_of(changed, tmp_path).speaker
    assert (plain(speaker.say(title)) == title) is (kind is not Kind.TEXT)
    assert speaker.say("The kernel of the worker panicked too") is LEFT_OUT
