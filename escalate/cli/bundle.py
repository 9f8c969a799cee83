"""`escalate bundle`: zips what was sealed and proves it clean."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.manifest import BundleDocument


@click.command("bundle")
@options.existing_case
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, output: str) -> int:
    """Zip what was sealed, then reopen the zip and prove that no secret is in it.

    A hit deletes the zip and ends with exit code 6.
    """
    case = casework.stage_of(session, case_folder, "bundle")
    made = case.read(BundleDocument)
    lines = [
        f"{entry.tier:<5} {case.root / entry.path}  {entry.size:,} bytes  {entry.sha256}" for entry in made.bundles
    ]
    emit(output, made.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.DONE
