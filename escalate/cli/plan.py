"""`escalate plan`: what would be collected, where, at what cost, and what more could be had."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from escalate.cli import casework, options
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.collect.entries import entries
from escalate.collect.plan_summary import Summary, summary_of
from escalate.errors import ExitCode, UsageError
from escalate.model.plan import Plan, Run
from escalate.model.target import AzureTarget
from escalate.workflow import plan

_SHOWN = 4


@click.command("plan")
@click.argument("target", required=False)
@options.place
@options.instance
@options.new_case
@options.incident
@options.wishes
@options.sign_in
@options.no_input
@options.output_format
@click.pass_obj
def command(
    session: Session, /, target: str | None, case_folder: Path | None, instance: str | None, output: str, **flags: Any
) -> int:
    """Show what would be collected from TARGET, where, at what cost; touches nothing.

    Of an app in Azure only ARM is read: neither the app nor its SCM site (Kudu) is asked or woken. For any other
    target nothing is contacted.

    With TARGET a case is opened (or continued); without it the plan of --case DIR is made anew with these flags.
    """
    wishes = casework.take(casework.CollectionFlags, flags).wishes()
    about = casework.take(casework.IncidentFlags, flags)
    sign_in = casework.take(casework.SignInFlags, flags)
    place = casework.take(casework.PlaceFlags, flags).place(sign_in)
    with sign_in.access() as access:
        if target is not None:
            case, _ = casework.open_target(session, target, case_folder, about, place, access)
        elif case_folder is not None:
            case = casework.existing(session, case_folder)
            casework.check_cloud(case, sign_in)
        else:
            raise UsageError(
                "neither TARGET nor --case is given", hint="escalate plan TARGET, or escalate plan --case DIR"
            )
        made = plan(case, wishes, terminal_observer(), access, instance)
    summary = summary_of(made, entries())
    document = made.model_dump(mode="json", by_alias=True, exclude={"schema_"})
    data = {"schema": "escalate.plan-view/v1", "case": str(case.root), **document, "summary": _json(summary)}
    emit(output, data, _text(made, summary, case.root, target))
    return ExitCode.DONE


def _json(summary: Summary) -> dict[str, Any]:
    return {**asdict(summary), "over_time": summary.over_time}


def _text(made: Plan, summary: Summary, root: Path, target: str | None) -> str:
    lines = [f"case {root}", *_about(made), "", f"{summary.steps} steps, in this order:"]
    for number, run in enumerate((step for step in made.steps if isinstance(step, Run)), 1):
        size = _size(run.max_bytes)
        lines.append(f"{number:>4} {run.id:<40} {run.seconds:>5.0f} s {size:>9}  {run.title} [{run.effects}]")
    lines += ["", *_totals(summary), *_where(summary), *_gains(summary), *_left_out(summary)]
    if summary.notes:
        lines += ["", "Could not be found out:", *(f"  {note}" for note in summary.notes)]
    named = made.target.resource_id if isinstance(made.target, AzureTarget) else target or "TARGET"
    go_on = f"escalate build {named} --case {root}"
    return "\n".join([*lines, "", f"go on with: {go_on}, or escalate collect --case {root}"])


def _about(made: Plan) -> list[str]:
    survey = made.survey
    if survey is None:
        return []
    plan_ = (survey.plan_id or "unknown plan").rpartition("/")[2]
    where = f"{plan_} ({survey.sku or '?'}, {survey.tier or 'tier unknown'}), {survey.region}"
    window = f"{survey.window.start:%Y-%m-%dT%H:%M:%SZ} to {survey.window.end:%Y-%m-%dT%H:%M:%SZ}"
    return [
        f"app  {survey.name}: {survey.platform} {survey.runtime}".rstrip() + f", {survey.state or 'state unknown'}",
        f"plan {where}; {len(survey.workers)} workers, {len(survey.siblings)} sibling apps and slots",
        f"window {window}",
    ]


def _totals(summary: Summary) -> list[str]:
    time = f"time  about {summary.seconds:.0f} s of at most {summary.longest_s:.0f} s (--max-time)"
    if summary.over_time:
        time += ": what comes last will be cut"
    size = f"size  at most {_size(min(summary.most_bytes, summary.budget_bytes))}"
    size += f"; the limit is {_size(summary.budget_bytes)} (--max-size)"
    if summary.most_bytes > summary.budget_bytes:
        size += f", the steps together may bring {_size(summary.most_bytes)}"
    return [time, size]


def _where(summary: Summary) -> list[str]:
    lines = []
    if summary.worker is not None:
        what = ", ".join(summary.intrusive) or "none agreed to"
        lines += ["", f"What pauses or burdens the app: {what}"]
        lines.append(f"  only on {summary.worker}, one step at a time ({summary.worker_why}; another: --instance NAME)")
    lines += ["", "Side effects:"]
    if summary.wakes_scm:
        lines.append("  the SCM site (Kudu) of the app is woken, if it sleeps; that shows in the app's platform log")
    if summary.reads_only:
        lines.append(f"  {summary.reads_only:>3} x none: only Azure's own services are asked")
    lines += [f"  {number:>3} x {effect}" for effect, number in summary.effects.items()]
    return lines


def _gains(summary: Summary) -> list[str]:
    lines: list[str] = []
    if summary.consents:
        lines += ["", "Left out until you agree:"]
        for gain in summary.consents:
            lines += [f"  {gain.what:<24} {_few(gain.steps)}", f"  {'':<24} what it does: {gain.how}"]
    if summary.roles:
        lines += ["", "Left out because the signed-in identity may not:"]
        lines += [f"  {gain.what:<44} {gain.how} unlocks {_few(gain.steps)}" for gain in summary.roles]
    return lines


def _left_out(summary: Summary) -> list[str]:
    if not summary.left_out:
        return []
    lines = ["", "Left out for other reasons:"]
    for group in summary.left_out:
        lines.append(f"  {_few(group.steps)}: {group.reason} ({group.hint})")
    return lines


def _few(steps: tuple[str, ...]) -> str:
    more = len(steps) - _SHOWN
    return ", ".join(steps[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.1f} MB"
