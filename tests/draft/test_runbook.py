"""Runbooks follow from the questions; the matrix is whole, and every question that a rule can ask has a class in it."""

import pytest

from escalate.draft.facts import Facts
from escalate.draft.runbook import runbooks
from escalate.draft.runbook_data import PLACES, rows
from escalate.triage.rulebook import load_rules
from tests.fakes import triaged_case

ROWS = {row.id: row for row in rows()}
ASKING = [rule.id for rule in load_rules() if rule.microsoft.question]


def facts_of(pieces, tmp_path) -> Facts:
    return Facts.load(pieces.write(tmp_path / "case"))


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_every_class_of_questions_says_who_can_answer_in_every_environment(row):
    assert set(row.where) == {name for name, _ in PLACES}
    if not row.rules:
        return
    assert {step.on for step in row.step}
    for step in row.step:
        for command in step.commands:
            assert command.isascii()
            assert "\n" not in command


@pytest.mark.parametrize("rule", ASKING)
def test_every_signature_that_can_ask_microsoft_has_a_runbook(rule):
    assert any(rule in row.rules and row.step for row in ROWS.values())


def test_the_matrix_names_no_rule_that_does_not_exist():
    known = {rule.id for rule in load_rules()}
    assert {rule for row in ROWS.values() for rule in row.rules} <= known


def test_what_stops_a_machine_says_so_beside_the_command():
    dangerous = ("notmyfault", "send nmi", "sysctl -w kernel", "CrashDumpEnabled", "docker pause")
    for row in ROWS.values():
        for step in row.step:
            if any(word in command for word in dangerous for command in step.commands):
                assert step.caution, f"{row.id}: {step.title}"


def test_a_question_gets_its_runbook_with_its_evidence(tmp_path):
    facts = facts_of(triaged_case.microsoft(), tmp_path)
    pages = runbooks(facts)
    assert list(pages) == ["runbook/q1-content-share.md", "runbook/q1-host-image.md"]
    page = pages["runbook/q1-content-share.md"]
    assert facts.questions[0].text[:60].replace("_", "") in page.replace("\\", "").replace("_", "")
    assert facts.cited(facts.questions[0].evidence)[0].path in page
    assert "It cannot show" in page
    assert "On a Linux VM" in page
    assert "On a Windows VM" not in page
    assert "    sudo mount -t cifs" in page


@pytest.mark.parametrize("make", [triaged_case.customer, triaged_case.undetermined])
def test_without_a_question_there_is_no_runbook(make, tmp_path):
    assert runbooks(facts_of(make(), tmp_path)) == {}
