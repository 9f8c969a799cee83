"""Why a ticket must not be filed as it is: what would make it an accusation without grounds."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts


def blockers(facts: Facts) -> tuple[str, ...]:
    """Sentences; empty when nothing stands against filing."""
    return tuple(_blockers(facts))


def _blockers(facts: Facts) -> Iterator[str]:
    if facts.answerable_by != "microsoft":
        return
    if not facts.questions:
        yield "The verdict is that only Microsoft can answer, and there is no question for them."
    for question in facts.questions:
        if not any(words.strip() for words in question.ruled_out):
            yield f"{question.id} lists nothing that was ruled out before asking."
    if not any(row.state == "ruled out" and row.evidence for row in facts.ledger.exclusions):
        yield "No cause on the app's side was ruled out with evidence: the list of what was ruled out is empty."


def check_evidence(facts: Facts) -> None:
    """Refuse to render statements about facts that point at nothing.

    Raises:
        DraftDefect: a row of the ledger decides without evidence, or cites what findings.json does not hold.
    """
    for row in facts.ledger.exclusions:
        if row.state != "could not test" and not row.evidence:
            raise DraftDefect(
                f"the ledger says {row.state!r} of {row.cause!r} without evidence",
                hint="run escalate triage again; if it stays, it is a defect of a measurement: report it",
            )
        facts.cited(row.evidence)
    for gate in facts.triage.verdict.gates:
        facts.cited(gate.evidence)
