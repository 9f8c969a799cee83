from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from escalate.draft import wording
from escalate.draft.claims import blames
from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.draft.ticket import ESSENTIALS, full_text, make_ticket, start_here, ticket_name
from escalate.draft.wishes import DESCRIPTION
from escalate.model.base import EvidenceId
from escalate.model.incident import Severity
from escalate.model.rule import Role
from tests.fakes.golden import same_as_golden
from tests.fakes.triaged_case import (
    CASES,
    INSTANCE_ID,
    RESOURCE_ID,
    WORKER,
    Pieces,
    customer,
    microsoft,
    undetermined,
)

VERDICTS = ["customer", "undetermined", "microsoft"]
VERBOSE = "a long sentence of an over-eager rule, " * 60


def facts(pieces: Pieces, folder: Path) -> Facts:
    return Facts.load(pieces.write(folder / "case"))


def with_triage(pieces: Pieces, **changes: object) -> Pieces:
    return replace(pieces, triage=pieces.triage.model_copy(update=changes))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_ticket_is_the_one_that_was_looked_at(verdict: str, tmp_path: Path):
    made = facts(CASES[verdict](), tmp_path)
    assert same_as_golden(f"ticket_{verdict}.md", full_text(made))
    assert same_as_golden(f"description_{verdict}.txt", make_ticket(made).description)
    assert same_as_golden(f"start-here_{verdict}.md", start_here(made))


def test_the_title_says_what_was_seen_and_not_what_was_suspected(tmp_path: Path):
    ticket = make_ticket(facts(customer(), tmp_path))
    assert ticket.title == "Every worker waits for one outbound call (10-30-0-103, since 2026-04-04 05:58 UTC)"


def test_consent_and_contact_are_never_filled_in(tmp_path: Path):
    ticket = make_ticket(facts(customer(), tmp_path))
    assert ticket.advanced_diagnostics is None
    assert ticket.contact is None
    assert ticket.severity is Severity.MODERATE
    assert ticket.resource_id == RESOURCE_ID


def test_a_consent_that_was_given_in_advance_is_kept(tmp_path: Path):
    pieces = customer()
    incident = pieces.case.incident
    said_no = incident.model_copy(
        update={"consent": incident.consent.model_copy(update={"advanced_diagnostics": False})}
    )
    given = replace(pieces, case=pieces.case.model_copy(update={"incident": said_no}))
    assert make_ticket(facts(given, tmp_path)).advanced_diagnostics is False


@pytest.mark.parametrize("case_id", ["esc-20260404-060500-3f9a1c", "4711", "ä/b c", "x" * 200])
def test_the_name_fits_the_api_and_is_always_the_same(case_id):
    name = ticket_name(case_id)
    assert name == ticket_name(case_id)
    assert 3 <= len(name) <= 63
    assert name[0].isascii()
    assert name[0].isalpha()


def test_a_case_id_is_its_own_ticket_name():
    assert ticket_name("esc-20260404-060500-3f9a1c") == "esc-20260404-060500-3f9a1c"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_description_fits_and_its_beginning_stands_alone(verdict: str, tmp_path: Path):
    pieces = CASES[verdict]()
    many = tuple(one.model_copy(update={"confidence_why": VERBOSE}) for one in pieces.triage.findings * 40)
    ledger = pieces.ledger.model_copy(
        update={
            "exclusions": tuple(one.model_copy(update={"result": VERBOSE}) for one in pieces.ledger.exclusions * 40)
        }
    )
    questions = tuple(
        question.model_copy(update={"id": f"Q{n}", "text": f"{VERBOSE}?", "ruled_out": (VERBOSE,) * 9})
        for question in pieces.asked.questions
        for n in range(1, 6)
    )
    asked = pieces.asked.model_copy(update={"questions": questions})
    full = replace(with_triage(pieces, findings=many, remedies=(VERBOSE,) * 50), ledger=ledger, asked=asked)
    description = make_ticket(facts(full, tmp_path)).description
    assert len(description) <= DESCRIPTION
    assert description.isprintable() or "\n" in description
    beginning = description[:ESSENTIALS]
    for essential in (WORKER, RESOURCE_ID, "05:55:00", "SEEN:", "IMPACT"):
        assert essential in beginning


def test_questions_come_first_when_only_microsoft_can_answer(tmp_path: Path):
    made = facts(microsoft(), tmp_path)
    assert make_ticket(made).description.startswith("Q1: Worker 10-30-0-103, kernel 5.15.0-1113-azure")
    text = full_text(made)
    assert text.index("Asked of Microsoft") < text.index("## 1. Impact")
    assert INSTANCE_ID in text
    assert "Do not restart, scale or reboot 10-30-0-103" in text


def test_a_customer_is_told_that_filing_is_likely_unnecessary_and_what_to_do(tmp_path: Path):
    text = full_text(facts(customer(), tmp_path))
    assert "The evidence points to the application" in text
    assert "Filing is likely unnecessary" in text
    assert text.index("requests.get a timeout") < text.index("## 1. Impact")


def test_an_open_verdict_asks_nothing_that_blames_and_lists_what_is_missing(tmp_path: Path):
    made = facts(undetermined(), tmp_path)
    text = full_text(made)
    assert made.asked.questions
    assert made.questions == ()
    assert "None yet" in text
    assert "`cat /proc/1905/task/*/stack`" in text
    assert "hung task" not in text


@pytest.mark.parametrize("verdict", ["customer", "undetermined"])
def test_the_reporters_theory_is_nowhere_repeated(verdict: str, tmp_path: Path):
    made = facts(CASES[verdict](), tmp_path)
    everything = full_text(made) + make_ticket(made).model_dump_json() + start_here(made)
    assert "OOM killer is killing" not in everything
    assert "must be the platform" not in everything
    assert "The report also named a cause that the evidence does not bear out" in everything


def test_every_planned_step_without_a_result_is_listed_with_its_hint(tmp_path: Path):
    text = full_text(facts(customer(), tmp_path))
    for step in customer().collected.steps[1:]:
        assert step.outcome.hint in text


def test_what_is_held_back_is_named_with_hash_and_the_way_to_it(tmp_path: Path):
    text = full_text(facts(customer(), tmp_path))
    withheld = customer().redaction.items[-1]
    assert withheld.sha256 in text
    assert "transfer link" in text


def test_a_gate_without_evidence_is_said_but_a_finding_without_evidence_is_refused(tmp_path: Path):
    pieces = customer()
    cited = pieces.triage.findings[0].model_copy(update={"evidence": (EvidenceId("E99"),)})
    with pytest.raises(DraftDefect, match="E99"):
        full_text(facts(with_triage(pieces, findings=(cited,)), tmp_path))


def test_a_title_that_would_blame_gives_way_to_the_next_finding(tmp_path: Path):
    pieces = customer()
    first = pieces.triage.findings[1].model_copy(update={"title": "kernel panic on the worker"})
    made = facts(with_triage(pieces, findings=(first, *pieces.triage.findings)), tmp_path)
    assert make_ticket(made).title.startswith("Every worker waits")


def test_nothing_found_is_no_claim_of_health(tmp_path: Path):
    made = facts(
        with_triage(
            undetermined(),
            findings=(),
            evidence=(),
            verdict=undetermined().triage.verdict.model_copy(update={"gates": ()}),
        ),
        tmp_path / "a",
    )
    bare = replace(
        made,
        ledger=made.ledger.model_copy(update={"exclusions": ()}),
        differential=None,
        timeline=made.timeline.model_copy(update={"events": (), "first_bad": None, "last_good": None}),
    )
    assert make_ticket(bare).title.startswith("App Service incident without a known signature in the evidence")
    assert "No record with a time lies in or near the incident window." in full_text(bare)
    assert "is recorded near the window, in: AppServicePlatformLogs. What these sources do not" in full_text(bare)
    blind = replace(bare, redaction=bare.redaction.model_copy(update={"items": ()}))
    assert "Unknown: no source that records deployments" in full_text(blind)


def test_evidence_that_contradicts_is_quoted_even_when_room_is_short(tmp_path: Path):
    pieces = customer()
    cited = tuple(EvidenceId(one) for one in ("E1", "E2", "E6", "E7", "E3"))
    finding = pieces.triage.findings[0].model_copy(update={"evidence": cited})
    made = facts(with_triage(pieces, findings=(finding,)), tmp_path)
    assert [item.id for item in made.telling(cited, 3)] == ["E1", "E2", "E3"]
    assert "contradicts: `some avg10=0.00" in full_text(made)


def test_a_title_that_the_symptom_repeats_is_said_once(tmp_path: Path):
    pieces = microsoft()
    said = {"title": "Files are corrupt", "symptom": "Files are corrupt. Apache serves broken ones."}
    incident = pieces.case.incident.model_copy(update=said)
    made = facts(replace(pieces, case=pieces.case.model_copy(update={"incident": incident})), tmp_path)
    assert full_text(made).count("Files are corrupt") == 1


def test_noise_and_what_was_demoted_are_set_aside_with_the_reason(tmp_path: Path):
    pieces = customer()
    noise = pieces.triage.findings[0].model_copy(update={"role": Role.NOISE, "title": "get mounts warning"})
    made = facts(with_triage(pieces, findings=(*pieces.triage.findings, noise)), tmp_path)
    text = full_text(made)
    assert [one.rule for one in made.findings] == ["L51", "L38"]
    aside = text[text.index("Looked at and set aside") :]
    assert "LastErrorTimestamp 05:46:15 is before the window" in aside
    assert "Get mounts warning" in aside


@pytest.mark.parametrize("verdict", ["customer", "undetermined"])
def test_whatever_triage_says_the_draft_stands_and_claims_nothing(verdict: str, tmp_path: Path):
    claim = "The kernel panicked and the driver broke"
    made = facts(blaming(CASES[verdict](), claim), tmp_path)
    for text in (full_text(made), start_here(made), make_ticket(made).description):
        assert "its wording is left out" in text or "Signature L" in text
    assert not blames(make_ticket(made).title)


def blaming(pieces: Pieces, claim: str) -> Pieces:
    """The claim in every field that triage writes in words."""
    triage = pieces.triage
    verdict = triage.verdict.model_copy(
        update={
            "why": claim,
            "layer": claim,
            "gates": tuple(
                gate.model_copy(update={"title": claim, "sentence": claim}) for gate in triage.verdict.gates
            ),
        }
    )
    findings = tuple(
        one.model_copy(update={"title": claim, "layer": claim, "confidence_why": claim, "demoted_because": claim})
        for one in triage.findings
    )
    missing = tuple(
        one.model_copy(update={"what": claim, "why": claim, "command": claim}) for one in triage.missing_evidence
    )
    cited = tuple(one.model_copy(update={"excerpt": claim, "path": "kernel/panic.log"}) for one in triage.evidence)
    ledger = tuple(
        one.model_copy(update={"cause": claim, "result": claim, "test": claim}) for one in pieces.ledger.exclusions
    )
    events = tuple(one.model_copy(update={"title": claim, "lane": "kernel"}) for one in pieces.timeline.events)
    items = tuple(
        one.model_copy(update={"path": "kernel/driver.log", "origin": claim})
        if one.state == "sealed"
        else one.model_copy(update={"reason": claim, "how_to_get": claim, "path": "kernel.dmp"})
        for one in pieces.redaction.items
    )
    incident = pieces.case.incident.model_copy(update={"title": claim, "symptom": claim, "impact": claim})
    return replace(
        pieces,
        case=pieces.case.model_copy(update={"incident": incident}),
        triage=triage.model_copy(
            update={
                "verdict": verdict,
                "findings": findings,
                "missing_evidence": missing,
                "evidence": cited,
                "remedies": (claim,),
            }
        ),
        ledger=pieces.ledger.model_copy(update={"exclusions": ledger}),
        timeline=pieces.timeline.model_copy(update={"events": events}),
        redaction=pieces.redaction.model_copy(update={"items": items}),
    )


def test_no_field_of_the_portal_gets_what_a_page_would_take_for_a_tag(tmp_path: Path):
    pieces = customer()
    excerpt = "<script>alert(1)</script> <b>60 % used… “so”"
    cited = tuple(one.model_copy(update={"excerpt": excerpt}) for one in pieces.triage.evidence)
    words = make_ticket(facts(with_triage(pieces, evidence=cited), tmp_path)).description
    assert '< script>alert(1)< /script> < b>60 % used... "so"' in words


def test_what_the_question_says_is_not_said_twice(tmp_path: Path):
    made = facts(microsoft(), tmp_path)
    words = make_ticket(made).description
    assert words.count(made.questions[0].text) == 1
    assert "MORE ON EACH QUESTION" in words


def test_the_verdict_does_not_repeat_the_headline(tmp_path: Path):
    pieces = customer()
    why = f"{pieces.triage.findings[1].title}. Memory was free. Confidence high: three sources."
    verdict = pieces.triage.verdict.model_copy(update={"why": why})
    made = facts(with_triage(pieces, verdict=verdict), tmp_path)
    assert wording.reason(made) == "Memory was free."
