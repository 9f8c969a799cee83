"""`escalate plan`: what would be collected, at what cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode, UsageError
from escalate.model.plan import Plan, Run, Skip
from escalate.workflow import plan


@click.command("plan")
@click.argument("target", required=False)
@options.new_case
@options.incident
@options.wishes
@options.no_input
@options.output_format
@click.pass_obj
def command(session: Session, /, target: str | None, case_folder: Path | None, output: str, **flags: Any) -> int:
    """Show what would be collected from TARGET, at what cost; touches nothing.

    With TARGET a case is opened (or continued); without it the plan of --case DIR is made anew with these flags.
    """
    wishes = casework.take(casework.CollectionFlags, flags).wishes()
    about = casework.take(casework.IncidentFlags, flags)
    if target is not None:
        case, _ = casework.open_target(session, target, case_folder, about)
    elif case_folder is not None:
        case = casework.existing(session, case_folder)
    else:
        raise UsageError("neither TARGET nor --case is given", hint="escalate plan TARGET, or escalate plan --case DIR")
    made = plan(case, wishes, terminal_observer())
    emit(output, made.model_dump(mode="json", by_alias=True), _text(made, case.root))
    return ExitCode.DONE


def _text(made: Plan, root: Path) -> str:
    runs = [step for step in made.steps if isinstance(step, Run)]
    skips = [step for step in made.steps if isinstance(step, Skip)]
    lines = [f"case {root}", "", f"{len(runs)} steps, about {sum(run.seconds for run in runs):.0f} s:"]
    lines += [f"  {run.id:<34} {run.seconds:>5.0f} s  {run.title} [{run.effects}]" for run in runs]
    lines += ["", f"{len(skips)} steps left out:"]
    lines += [f"  {skip.id:<34}          {skip.title}: {skip.reason} ({skip.hint})" for skip in skips]
    return "\n".join([*lines, "", f"go on with: escalate build TARGET --case {root}"])
