"""`escalate verify ZIP`: proves a finished bundle, anywhere, offline."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.workflow import verify_archive


@click.command("verify")
@click.argument("archive", metavar="ZIP", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Its case folder, if you have it: the known secret values are then looked for as well.",
)
@options.output_format
@click.pass_obj
def command(session: Session, archive: Path, case_folder: Path | None, output: str) -> int:
    """Prove a finished bundle: hashes, schema, layout, portability, secrets. No network.

    Exit code 6 when a secret is found, 3 when the zip is damaged or not what it says it is.
    """
    case = casework.existing(session, case_folder) if case_folder else None
    result = verify_archive(archive, case, terminal_observer())
    lines = [f"{archive}: {result.members} members, {result.bytes_scanned:,} bytes read", f"sha256 {result.sha256}"]
    lines += [f"  looked at: {check}" for check in result.checks]
    lines += [
        f"  PROBLEM {problem.check}: {problem.member}{f':{problem.line}' if problem.line else ''}: {problem.detail}"
        for problem in result.problems
    ]
    lines.append(f"{len(result.problems)} problems" if result.problems else "clean")
    emit(output, result.model_dump(mode="json", by_alias=True), "\n".join(lines))
    if any(problem.check in ("secret", "known value") for problem in result.problems):
        return ExitCode.REDACTION_REFUSED
    return ExitCode.CONFIG if result.problems else ExitCode.DONE
