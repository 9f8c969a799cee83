"""`escalate redact`: seals or withholds every artifact, or shows what that would do."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from escalate.case.store import Case
from escalate.cli import additions, casework, options
from escalate.cli.executors import opened
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.errors import ExitCode, UsageError
from escalate.model.redaction import RedactionDocument
from escalate.redact.preview import Preview
from escalate.redact.selftest import selftest
from escalate.redact.wishes import RedactionWishes
from escalate.workflow import redact

_SHOWN = 3
"""Hits of each family that `--show-context` shows."""


@dataclass(frozen=True)
class Flags:
    """Options that say how to redact."""

    withhold: tuple[str, ...]
    as_it_is: tuple[str, ...]
    heap: Literal["blank", "keep-values"]
    workers: int | None
    national_ids: bool

    def wishes(self) -> RedactionWishes:
        """As the stage takes them."""
        return RedactionWishes(
            frozenset(self.withhold), frozenset(self.as_it_is), self.workers, self.heap, self.national_ids
        )


@dataclass(frozen=True)
class Modes:
    """Options that ask for something else than redaction."""

    dry_run: bool
    show_context: bool
    selftest: bool


@click.command("redact")
@click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="The case folder to work on; only --selftest needs none.",
)
@click.option("--withhold", metavar="PATH", multiple=True, help="Leave this file behind, for good. May be repeated.")
@click.option(
    "--as-it-is",
    metavar="PATH",
    multiple=True,
    help="Let a file go that nobody can redact, if nothing is found in it as text. May be repeated.",
)
@click.option(
    "--heap",
    type=click.Choice(["blank", "keep-values"]),
    default="blank",
    show_default=True,
    help="Values in a Java heap dump: all blanked, or only secrets masked.",
)
@click.option("--national-ids", is_flag=True, help="Mask US, UK and German national ids, too.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes to use. Default: one a core.")
@click.option("--executor", metavar="dask://HOST:PORT", help="Let the workers of a Dask cluster do it.")
@additions.options
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would go, and what would stay behind.")
@click.option("--show-context", is_flag=True, help="With --dry-run on a terminal: show some of it, secrets and all.")
@click.option("--selftest", is_flag=True, help="Run the vectors of redaction on this machine.")
@options.output_format
@click.pass_obj
def command(session: Session, /, case_folder: Path | None, executor: str | None, output: str, **flags: Any) -> int:
    """Seal or withhold every artifact of a case; what cannot be redacted is withheld.

    PATH is a path of the evidence, as the documents cite it. What you add with --secrets-from, --words and --own-rules
    stays with the case. A file let go with --as-it-is leaves with all that it holds in packed or encoded form:
    recordings hold URLs, SQL, messages and command lines; pictures what was on the screen; a kernel dump everything.
    """
    modes = casework.take(Modes, flags)
    if modes.selftest:
        return _selftest(output)
    if case_folder is None:
        raise UsageError("no case is named", hint="name one with --case DIR")
    case = casework.existing(session, case_folder)
    if modes.dry_run or modes.show_context:
        return _dry_run(case, modes, output)
    added = casework.take(additions.Sources, flags).read()
    with opened(executor) as pool:
        redact(case, terminal_observer(), casework.take(Flags, flags).wishes(), added, pool)
    document = case.read(RedactionDocument)
    withheld = [item for item in document.items if item.state == "withheld"]
    lines = [f"{len(document.items) - len(withheld)} sealed, {len(withheld)} withheld"]
    lines += [f"  {count:>7,} {name}" for name, count in sorted(document.totals.items())]
    lines += [f"  withheld {item.path}: {item.reason}" for item in withheld]
    emit(output, document.model_dump(mode="json", by_alias=True), "\n".join(lines))
    return ExitCode.DONE


def _dry_run(case: Case, modes: Modes, output: str) -> int:
    if modes.show_context and not (modes.dry_run and sys.stdout.isatty() and output == "text"):
        raise UsageError(
            "--show-context prints secrets, so it needs --dry-run and a terminal",
            hint="leave it out, or do not redirect the output",
        )
    observer = terminal_observer()
    with case.locked():
        preview = Preview(case, observer)
        items = list(preview.items(observer))
        shown = list(preview.contexts(_SHOWN)) if modes.show_context else []
    totals: Counter[str] = Counter()
    for item in items:
        totals.update(item.counts)
    stays = [item for item in items if item.withheld is not None]
    lines = [f"would seal {len(items) - len(stays)}, withhold {len(stays)}; nothing was written"]
    lines += [f"  {count:>7,} {name}" for name, count in sorted(totals.items())]
    lines += [f"  would withhold {item.path}: {item.withheld}" for item in stays]
    lines += [f"  {one.label} in {one.path}: {one.before}>>>{one.value}<<<{one.after}" for one in shown]
    items_data = [{"path": item.path, "counts": item.counts, "withheld": item.withheld} for item in items]
    emit(output, {"totals": dict(sorted(totals.items())), "items": items_data}, "\n".join(lines))
    return ExitCode.DONE


def _selftest(output: str) -> int:
    checks = list(selftest())
    failed = [check for check in checks if check.failed]
    total = sum(check.vectors for check in checks)
    lines = [f"  {'failed' if check.failed else 'ok':<7}{check.vectors:>5}  {check.name}" for check in checks]
    lines += [f"  {check.name}: {reason}" for check in failed for reason in check.failed]
    lines.append(f"{total} vectors, {sum(len(check.failed) for check in failed)} failed")
    rows = [{"name": check.name, "vectors": check.vectors, "failed": list(check.failed)} for check in checks]
    emit(output, {"vectors": total, "checks": rows}, "\n".join(lines))
    return ExitCode.REDACTION_REFUSED if failed else ExitCode.DONE
