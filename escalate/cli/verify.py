"""`escalate verify ZIP`: proves a finished bundle, anywhere, offline."""

from __future__ import annotations

from pathlib import Path

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode
from escalate.model.manifest import Problem, VerificationDocument
from escalate.workflow import verify_archives


@click.command("verify")
@click.argument(
    "archives",
    metavar="ZIP...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Its case folder, if you have it: the known secret values are then looked for as well.",
)
@click.option(
    "--identity",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Your key, for files that end in .age: one that age-keygen wrote, or an SSH private key.",
)
@options.output_format
@click.pass_obj
def command(
    session: Session, archives: tuple[Path, ...], case_folder: Path | None, identity: Path | None, output: str
) -> int:
    """Prove a finished bundle: hashes, schema, layout, portability, secrets. No network.

    Works on any bundle, or on parts of a split one, without the case. A SHA256SUMS beside a file is compared with it.
    Exit code 6 when a secret is found, 3 when a zip is damaged or not what it says it is.
    """
    case = casework.existing(session, case_folder) if case_folder else None
    found = verify_archives(archives, case, identity, terminal_observer())
    lines = [line for result in found.archives for line in _told(result)]
    lines += [_problem(problem) for problem in found.problems]
    single = len(found.archives) == 1
    document = found.archives[0] if single else found
    emit(output, document.model_dump(mode="json", by_alias=True), "\n".join(lines))
    problems = [*found.problems, *(problem for result in found.archives for problem in result.problems)]
    if any(problem.check in ("secret", "known value") for problem in problems):
        return ExitCode.REDACTION_REFUSED
    return ExitCode.CONFIG if problems else ExitCode.DONE


def _told(result: VerificationDocument) -> list[str]:
    part = f", part {result.part} of {result.parts}" if result.parts else ""
    return [
        f"{result.archive}: {result.members} members, {result.bytes_scanned:,} bytes read{part}",
        f"sha256 {result.sha256}",
        *(f"  looked at: {check}" for check in result.checks),
        *(_problem(problem) for problem in result.problems),
        f"{len(result.problems)} problems" if result.problems else "clean",
    ]


def _problem(problem: Problem) -> str:
    line = f":{problem.line}" if problem.line else ""
    return f"  PROBLEM {problem.check}: {problem.member}{line}: {problem.detail}"
