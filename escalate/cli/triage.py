"""`escalate triage`: who can answer, on what grounds."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.finding import FindingsDocument


@click.command("triage")
@options.existing_case
@options.rules
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, rules: tuple[Path, ...], output: str) -> int:
    """Find out who can answer, on what grounds: findings, gates, verdict, questions."""
    case = casework.stage_of(session, case_folder, "triage", rules)
    found = case.read(FindingsDocument)
    verdict = found.verdict
    lines = [f"{verdict.answerable_by} ({verdict.confidence} confidence): {verdict.why}", ""]
    lines += [f"  {gate.id} {gate.state:<8} {gate.sentence}" for gate in verdict.gates]
    lines.append("")
    lines += [
        f"  {finding.rule:<5} {finding.role:<13} {'(demoted) ' if finding.demoted else ''}{finding.title}"
        for finding in found.findings
    ]
    emit(output, found.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.DONE
