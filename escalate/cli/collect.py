"""`escalate collect`: carries out the plan of a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.outcome import Gap
from escalate.model.survey import Worker
from escalate.workflow import run_stage


@click.command("collect")
@options.existing_case
@options.sign_in
@options.output_format
@click.pass_obj
def command(session: Session, /, case_folder: Path, output: str, **flags: Any) -> int:
    """Carry out the plan of a case: everything that touches the target happens here.

    A run that was interrupted goes on where it stopped. The plan says on which workers; make it anew to change that.
    """
    case = casework.existing(session, case_folder)
    sign_in = casework.take(casework.SignInFlags, flags)
    casework.check_cloud(case, sign_in)
    with sign_in.access() as access:
        run_stage(case, "collect", terminal_observer(), access=access)
    evidence = case.read(EvidenceDocument)
    emit(output, evidence.model_dump(mode="json", by_alias=True), _text(evidence))
    return casework.code_for(evidence)


def _text(evidence: EvidenceDocument) -> str:
    lines = [line for step in evidence.steps for line in _step(step)]
    lines.append(f"{len(evidence.artifacts)} artifacts, {sum(item.size for item in evidence.artifacts):,} bytes")
    footprints = dict.fromkeys(text for step in evidence.steps for text in step.footprints)
    if footprints:
        lines += ["", "What we changed or set off:", *(f"  {text}" for text in footprints)]
    if evidence.workers:
        lines += ["", *_workers(evidence.workers)]
    return "\n".join(lines)


def _step(step: StepRecord) -> list[str]:
    lines = [f"{step.outcome.state:<10} {step.title}"]
    if isinstance(step.outcome, Gap) and step.outcome.state not in ("empty", "skipped"):
        lines += [f"{'':<10}   {step.outcome.reason}", f"{'':<10}   to get it: {step.outcome.hint}"]
    return lines


def _workers(workers: Sequence[Worker]) -> list[str]:
    """Every name of every worker, one row each."""
    rows = [("worker", "instance id", "state", "computer", "metric", "in log names", "containers")]
    rows += [
        (
            worker.label,
            worker.arm_id[:12],
            worker.state or "-",
            worker.computer or "-",
            worker.metric or "-",
            ", ".join(worker.infixes) or "-",
            ", ".join(each[:12] for each in worker.containers) or "-",
        )
        for worker in workers
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
