"""`escalate draft`: renders ticket and report."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.case.layout import Room
from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.ticket import Ticket


@click.command("draft")
@options.existing_case
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, output: str) -> int:
    """Render the ticket and the report from what was sealed; sends nothing."""
    case = casework.stage_of(session, case_folder, "draft")
    ticket = case.read(Ticket)
    text = case.path(Room.DRAFT, "ticket.md").read_text(encoding="utf-8")
    emit(output, ticket.model_dump(mode="json", by_alias=True), text)
    return ExitCode.DONE
