"""`escalate build TARGET`: the whole flow up to the proved zips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.workflow import build


@click.command("build")
@click.argument("target")
@options.new_case
@options.incident
@options.wishes
@options.rules
@options.no_input
@options.output_format
@click.pass_obj
def command(
    session: Session, /, target: str, case_folder: Path | None, rules: tuple[Path, ...], output: str, **flags: Any
) -> int:
    """Plan, collect, triage, redact, draft and bundle TARGET. Stops before filing.

    TARGET is `local` (this machine or container), `local:PID` (and one of its processes), or a folder, zip or tar
    with evidence gathered elsewhere.

    A run that was interrupted goes on where it stopped when it is given the same --case.
    """
    wishes = casework.take(casework.CollectionFlags, flags).wishes()
    case, new = casework.open_target(session, target, case_folder, casework.take(casework.IncidentFlags, flags))
    observer = terminal_observer()
    observer.note(f"{'new case' if new else 'going on with'} {case.root}")
    build(case, wishes, observer, rules)
    data, text, code = casework.result_of(case)
    emit(output, data, text)
    return code
