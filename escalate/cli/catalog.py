"""`escalate catalog`: every collector and rule, with why, cost and source."""

from __future__ import annotations

import difflib
from typing import Any

import click

from escalate.cli import options, reference
from escalate.cli.output import emit
from escalate.collect.entries import entries
from escalate.errors import ExitCode, UsageError
from escalate.model.base import CollectorId, Frozen, RuleId
from escalate.triage.rulebook import load_rules


@click.command("catalog")
@click.argument("entry_id", metavar="[ID]", required=False)
@options.rules
@options.output_format
def command(entry_id: str | None, rules: tuple[Any, ...], output: str) -> int:
    """Show all collectors and rules, or the page of one ID."""
    collectors = {entry.id: entry for entry in entries()}
    signatures = {rule.id: rule for rule in load_rules(rules)}
    if entry_id is None:
        lines = ["collectors"]
        lines += [f"  {entry.id:<28} {entry.consent:<7} {entry.title}" for entry in collectors.values()]
        lines += ["", "rules"]
        lines += [f"  {rule.id:<28} {rule.role:<12} {rule.title}" for rule in signatures.values()]
        data = {
            "schema": "escalate.catalog/v1",
            "collectors": [entry.model_dump(mode="json") for entry in collectors.values()],
            "rules": [rule.model_dump(mode="json") for rule in signatures.values()],
        }
        emit(output, data, "\n".join(lines))
        return ExitCode.DONE
    if entry_id in collectors:
        entry = collectors[CollectorId(entry_id)]
        emit(output, _one(entry), reference.collector_page(entry))
        return ExitCode.DONE
    if entry_id in signatures:
        rule = signatures[RuleId(entry_id)]
        emit(output, _one(rule), reference.rule_page(rule))
        return ExitCode.DONE
    close = difflib.get_close_matches(entry_id, [*map(str, collectors), *map(str, signatures)], n=1)
    raise UsageError(
        f"there is no collector or rule {entry_id!r}",
        hint=f"did you mean {close[0]}?" if close else "escalate catalog lists them",
    )


def _one(entry: Frozen) -> dict[str, Any]:
    return {"schema": "escalate.catalog/v1", "entry": entry.model_dump(mode="json")}
