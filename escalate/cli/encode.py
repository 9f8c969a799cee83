"""`escalate encode`: translates a text with the private map of the case."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.redact.translate import encode


@click.command("encode")
@click.argument("text", metavar="FILE", type=click.File(encoding="utf-8", errors="replace"), default="-")
@options.existing_case
@options.output_format
@click.pass_obj
def command(session: Session, text: TextIO, case_folder: Path, output: str) -> int:
    """Turn names in a text into the pseudonyms of the case and mask secrets in it.

    FILE is what you are about to send; without it, standard input is read.
    """
    result = encode(casework.existing(session, case_folder), text.read())
    emit(output, {"schema": "escalate.text/v1", "text": result}, result)
    return ExitCode.DONE
