"""`escalate diff A B`: what changed between two cases or bundles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from escalate.bundle.diff import compare
from escalate.cli import options
from escalate.cli.output import emit
from escalate.errors import ExitCode
from escalate.model.diff import DiffDocument

_SIGNS = {"new": "+", "removed": "-", "gone": "-", "changed": "~"}
MOST = 40
"""Files listed as text; JSON has all."""


@click.command("diff")
@click.argument("before", metavar="A", type=click.Path(path_type=Path, exists=True))
@click.argument("after", metavar="B", type=click.Path(path_type=Path, exists=True))
@options.output_format
def command(before: Path, after: Path, output: str) -> int:
    """Show what changed from A to B: each a case folder or a finished zip.

    New, removed and changed evidence, changed configuration, gates and exclusions that moved, findings and questions
    that came or went. Reads only what was redacted.
    """
    found = compare(before, after)
    emit(output, found.model_dump(mode="json", by_alias=True), "\n".join(_told(found)))
    return ExitCode.DONE


def _told(found: DiffDocument) -> Iterator[str]:
    yield f"A  {found.before.name}  ({found.before.case_id})"
    yield f"B  {found.after.name}  ({found.after.case_id})"
    if found.verdict is not None:
        yield from ("", "Verdict", f"  {found.verdict.before}  ->  {found.verdict.after}", f"  {found.verdict.why}")
    else:
        yield from ("", "Verdict: the same")
    moved = [*found.gates, *found.exclusions]
    if moved:
        yield from ("", "Gates and exclusions")
        for each in moved:
            yield f"  {each.id} {each.title}: {each.before or 'not there'} -> {each.after or 'not there'}"
    if found.findings:
        yield from ("", "Findings")
        for finding in found.findings:
            yield f"  {_SIGNS[finding.change]} {finding.rule} {finding.title}{_arrow(finding.before, finding.after)}"
    if found.questions:
        yield from ("", "Questions")
        for question in found.questions:
            yield f"  {_SIGNS[question.change]} {question.text}{_arrow(question.before, question.after)}"
    if found.settings or found.settings_masked:
        yield from ("", "Configuration")
        for setting in found.settings:
            yield f"  {setting.path} {setting.setting}: {_value(setting.before)} -> {_value(setting.after)}"
        if found.settings_masked:
            yield f"  {found.settings_masked} masked settings cannot be compared between two cases"
    new, removed, changed = (
        sum(each.change == change for each in found.evidence) for change in ("new", "removed", "changed")
    )
    yield from ("", f"Evidence: {new} new, {removed} removed, {changed} changed, {found.evidence_same} the same")
    for item in found.evidence[:MOST]:
        size = item.size_after if item.size_after is not None else item.size_before
        yield f"  {_SIGNS[item.change]} {item.path}  {size or 0:,} bytes{'  (withheld)' if item.withheld else ''}"
    if len(found.evidence) > MOST:
        yield f"  and {len(found.evidence) - MOST} more; --format json lists all"
    for note in found.notes:
        yield f"note: {note}"


def _arrow(before: str | None, after: str | None) -> str:
    return f" ({before} -> {after})" if before and after else ""


def _value(value: str | None) -> str:
    return "not there" if value is None else repr(value)
