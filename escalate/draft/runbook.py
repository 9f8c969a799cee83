"""draft/runbook/*.md: for each question to Microsoft, how to look for the answer on a machine of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from escalate.draft import environment
from escalate.draft.claims import lint, plain, zone
from escalate.draft.facts import Facts
from escalate.draft.runbook_data import PLACES, Row, Step, rows
from escalate.model.question import Question

FOLDER = "runbook"
MACHINES: Mapping[str, str] = MappingProxyType(
    {
        "linux-vm": "On a Linux VM",
        "windows-vm": "On a Windows VM",
        "aks": "On AKS",
    }
)


def runbooks(facts: Facts) -> Mapping[str, str]:
    """File name below draft/ to Markdown: one a question and class; none where nothing is asked.

    Raises:
        DraftDefect: the text would claim more than the evidence shows, or the matrix is damaged.
    """
    markdown = environment.markdown(facts)
    markdown.filters["verbatim"] = lambda command: environment.Raw(zone(command, environment.LONGEST))
    template = markdown.get_template("runbook/runbook.md.j2")
    pages = {}
    for question in facts.questions:
        for row in _rows_of(question, facts):
            words = template.render(
                facts=facts,
                question=question,
                row=row,
                places=PLACES,
                machines=[(title, steps) for name, title in MACHINES.items() if (steps := _steps(row, name, facts))],
            )
            name = f"{FOLDER}/{question.id.lower()}-{row.id}.md"
            lint(words, facts.answerable_by, where=name)
            pages[name] = plain(words)
    return pages


def _rows_of(question: Question, facts: Facts) -> Iterator[Row]:
    """Classes of the signatures that rest on the same evidence as the question."""
    asked = set(question.evidence)
    about = {finding.rule for finding in facts.findings if asked & set(finding.evidence) and not finding.demoted}
    exact = {finding.rule for finding in facts.findings if asked == set(finding.evidence)}
    for row in rows():
        if row.step and (exact or about) & set(row.rules):
            yield row


def _steps(row: Row, machine: str, facts: Facts) -> tuple[Step, ...]:
    """Steps for a kind of machine; those of the other system are left out where the app's is known."""
    system = (facts.case.incident.target.os or "").partition("-")[0]
    if machine.endswith("-vm") and system and not machine.startswith(system):
        return ()
    return tuple(step for step in row.step if step.on == machine)
