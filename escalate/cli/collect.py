"""`escalate collect`: carries out the plan of a case."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.model.artifact import EvidenceDocument


@click.command("collect")
@options.existing_case
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, output: str) -> int:
    """Carry out the plan of a case: everything that touches the target happens here."""
    case = casework.stage_of(session, case_folder, "collect")
    evidence = case.read(EvidenceDocument)
    lines = [f"{step.outcome.state:<10} {step.title}" for step in evidence.steps]
    lines.append(f"{len(evidence.artifacts)} artifacts, {sum(item.size for item in evidence.artifacts):,} bytes")
    emit(output, evidence.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return casework.code_for(evidence)
