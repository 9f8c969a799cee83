"""`escalate redact`: seals or withholds every artifact."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.redaction import RedactionDocument


@click.command("redact")
@options.existing_case
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, output: str) -> int:
    """Seal or withhold every artifact of a case; what cannot be redacted is withheld."""
    case = casework.stage_of(session, case_folder, "redact")
    document = case.read(RedactionDocument)
    withheld = [item for item in document.items if item.state == "withheld"]
    lines = [f"{len(document.items) - len(withheld)} sealed, {len(withheld)} withheld"]
    lines += [f"  {count:>7,} {name}" for name, count in sorted(document.totals.items())]
    lines += [f"  withheld {item.path}: {item.reason}" for item in withheld]
    emit(output, document.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.DONE
