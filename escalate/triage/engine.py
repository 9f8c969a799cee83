"""From evidence to verdict: one pass, then rules, gates, verdict, questions, exclusions and timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import Finding, FindingsDocument, Verdict
from escalate.model.observer import Observer
from escalate.model.question import QuestionsDocument
from escalate.model.rule import Rule
from escalate.model.timeline import TimelineDocument
from escalate.triage.cite import EvidenceBook
from escalate.triage.differential.compare import differential
from escalate.triage.evaluate import Match, evaluate
from escalate.triage.index import Index
from escalate.triage.known import known_values
from escalate.triage.ledger.judge import exclusions
from escalate.triage.missing import missing
from escalate.triage.questions import questions
from escalate.triage.scan import scan
from escalate.triage.timeline import timeline
from escalate.triage.verdict import Decision, decide

MAX_INSTANCES = 20
MAX_REMEDIES = 6


@dataclass(frozen=True)
class Outcome:
    """The documents of triage."""

    findings: FindingsDocument
    questions: QuestionsDocument
    exclusions: ExclusionsDocument
    differential: DifferentialDocument
    timeline: TimelineDocument


def triage(case: Case, evidence: EvidenceDocument, rules: Sequence[Rule], observer: Observer) -> Outcome:
    """Judge all evidence of a case; equal input gives equal documents."""
    index = scan(case, evidence, rules, observer)
    matches = evaluate(rules, index)
    decision = decide(matches, index)
    return _documents(decision, _in_order(matches, decision), index, evidence, case.document.created_at)


def _in_order(matches: Sequence[Match], decision: Decision) -> list[Match]:
    """What decided first, then what counts, then what does not; each in rule order."""
    rest = [match for match in matches if match not in decision.drivers]
    return [*decision.drivers, *(m for m in rest if m.active), *(m for m in rest if not m.active)]


def _documents(
    decision: Decision, matches: Sequence[Match], index: Index, evidence: EvidenceDocument, asked_at: datetime
) -> Outcome:
    book = EvidenceBook()
    findings = tuple(_finding(match, book) for match in matches)
    gates = tuple(gate.model(book.cite_all(gate.cites)) for gate in decision.gates)
    ledger = exclusions(matches, index, book)
    asked = questions(decision, index, ledger, book)
    compared = differential(decision, index, book)
    events = timeline(decision.drivers, matches, index, evidence, book)
    main = decision.drivers[0] if decision.drivers else None
    return Outcome(
        findings=FindingsDocument(
            verdict=Verdict(
                answerable_by=decision.who,
                layer=decision.layer,
                confidence=decision.confidence,
                why=decision.why,
                gates=gates,
            ),
            findings=findings,
            evidence=book.entries,
            missing_evidence=missing(decision, index, known_values(index, main), asked_at),
            remedies=_remedies(decision),
        ),
        questions=QuestionsDocument(questions=asked),
        exclusions=ExclusionsDocument(exclusions=ledger),
        differential=compared,
        timeline=events,
    )


def _finding(match: Match, book: EvidenceBook) -> Finding:
    confidence, why = match.confidence
    return Finding(
        rule=match.rule.id,
        title=match.title,
        layer=match.layer,
        role=match.rule.role,
        severity=match.rule.severity,
        demoted=not match.active,
        demoted_because=match.demoted_because or match.refuted,
        confidence=confidence,
        confidence_why=why,
        evidence=book.cite_all(match.cites),
        hits=match.count,
        instances=match.instances[:MAX_INSTANCES],
        first_utc=match.first,
        last_utc=match.last,
    )


def _remedies(decision: Decision) -> tuple[str, ...]:
    told = [remedy for match in decision.drivers for remedy in match.rule.remedy]
    return tuple(dict.fromkeys(told))[:MAX_REMEDIES]
