"""`escalate build TARGET`: the whole flow up to the proved zips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from escalate.cli import additions, casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.triage.rulebook import load_rules
from escalate.workflow import build


@click.command("build")
@click.argument("target")
@options.place
@options.instance
@options.new_case
@options.incident
@options.wishes
@options.sign_in
@options.rules
@additions.options
@options.no_input
@options.output_format
@click.pass_obj
def command(
    session: Session,
    /,
    target: str,
    case_folder: Path | None,
    instance: str | None,
    rules: tuple[Path, ...],
    output: str,
    **flags: Any,
) -> int:
    """Plan, collect, triage, redact, draft and bundle TARGET. Stops before filing.

    TARGET is an app in Azure App Service (NAME -g GROUP, the ARM id or portal URL of the app or of a slot), `local`
    (this machine or container), `local:PID` (and one of its processes), or a folder, zip or tar with evidence gathered
    elsewhere. Signing in happens only for an app in Azure.

    A run that was interrupted goes on where it stopped when it is given the same --case; so does a plan that was made
    before with --case.
    """
    wishes = casework.take(casework.CollectionFlags, flags).wishes()
    about = casework.take(casework.IncidentFlags, flags)
    sign_in = casework.take(casework.SignInFlags, flags)
    place = casework.take(casework.PlaceFlags, flags).place(sign_in)
    sources = casework.take(additions.Sources, flags)
    observer = terminal_observer()
    load_rules(rules)  # what cannot work is told before an hour of collecting
    with sign_in.access() as access:
        case, new = casework.open_target(session, target, case_folder, about, place, access)
        observer.note(f"{'new case' if new else 'going on with'} {case.root}")
        build(case, wishes, observer, rules, access, instance, sources.read())
    data, text, code = casework.result_of(case)
    emit(output, data, text)
    return code
