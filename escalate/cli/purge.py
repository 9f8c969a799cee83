"""`escalate purge`: deletes what must not outlive the case."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from escalate.case.purge import purge
from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import Cancelled, ExitCode, UsageError


@click.command("purge")
@options.existing_case
@click.option("--all", "everything", is_flag=True, help="Bundles, receipts and the map of pseudonyms as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, everything: bool, yes: bool, output: str) -> int:
    """Delete raw evidence and known secret values; keep bundles, receipts and the map (--all takes these too)."""
    case = casework.existing(session, case_folder)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("purge deletes evidence and there is nobody to ask", hint="add --yes")
        what = "EVERYTHING of this case" if everything else "the raw evidence of this case"
        if not click.confirm(f"delete {what} in {case_folder}?", default=False, err=True):
            raise Cancelled("nothing was deleted", hint="run it again when the case is closed")
    gone = purge(case, everything=everything)
    data = {"schema": "escalate.purge/v1", "case": str(case_folder), "deleted": list(gone)}
    emit(output, data, "\n".join(f"deleted {name}" for name in gone) or "nothing to delete")
    return ExitCode.DONE
