"""`escalate redact`: seals or withholds every artifact."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.redaction import RedactionDocument
from escalate.redact.wishes import RedactionWishes
from escalate.workflow import redact


@click.command("redact")
@options.existing_case
@click.option("--withhold", metavar="PATH", multiple=True, help="Leave this file behind, for good. May be repeated.")
@options.output_format
@click.pass_obj
def command(session: Session, case_folder: Path, withhold: tuple[str, ...], output: str) -> int:
    """Seal or withhold every artifact of a case; what cannot be redacted is withheld.

    PATH is a path of the evidence, as the documents cite it.
    """
    case = casework.existing(session, case_folder)
    redact(case, terminal_observer(), RedactionWishes(withhold=frozenset(withhold)))
    document = case.read(RedactionDocument)
    withheld = [item for item in document.items if item.state == "withheld"]
    lines = [f"{len(document.items) - len(withheld)} sealed, {len(withheld)} withheld"]
    lines += [f"  {count:>7,} {name}" for name, count in sorted(document.totals.items())]
    lines += [f"  withheld {item.path}: {item.reason}" for item in withheld]
    emit(output, document.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.DONE
