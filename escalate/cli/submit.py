"""`escalate submit`: review, then file; a run that was cut short goes on and files nothing twice."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import click

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.case import custody
from escalate.case.store import Case
from escalate.cli import answers as asking
from escalate.cli import casework, contact, options, review
from escalate.cli.filing_desk import Table, Wanted, connected
from escalate.cli.filing_result import Result, handed_over, result_of
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.collect.sign_in import SIGN_IN_HINT, Access
from escalate.errors import AccessError, Cancelled, ExitCode, TargetError, UsageError
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import BundleDocument
from escalate.model.redaction import RedactionDocument
from escalate.model.submission import Phase, Stop, SubmissionState
from escalate.model.ticket import Receipt
from escalate.submit import machine
from escalate.submit.calls import calls
from escalate.submit.checks.check import Check
from escalate.submit.checks.registration import register
from escalate.submit.filing import Filing
from escalate.submit.proposal import Place, Proposal
from escalate.workflow import prove

DryRun = Literal["offline", "online"]


@dataclass(frozen=True)
class Manner:
    """How to file, as the command declares it."""

    dry_run: DryRun | None
    yes: bool
    no_input: bool
    allow_duplicate: bool
    register_provider: bool
    partner_tenant: str | None

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask."""
        return not (self.yes or self.no_input) and sys.stdin.isatty() and sys.stderr.isatty()


@click.command("submit")
@options.existing_case
@click.option(
    "--dry-run",
    is_flag=False,
    flag_value="offline",
    type=click.Choice(["offline", "online"]),
    help="Show the request and the calls; contact nothing, or (--dry-run=online) only read.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: every answer comes from flags, incident.toml or contact.toml.")
@options.no_input
@asking.options
@contact.options
@click.option("--no-attachment", is_flag=True, help="File without the kit.")
@click.option("--allow-duplicate", is_flag=True, help="File although another open ticket is about this app.")
@click.option("--register-provider", is_flag=True, help="Register Microsoft.Support on the subscription if need be.")
@click.option("--partner-tenant", metavar="ID", help="Tenant of the cloud solution provider who files for a customer.")
@options.sign_in
@options.output_format
@click.pass_obj
def command(session: Session, /, output: str, no_attachment: bool, **flags: Any) -> int:
    """Review the ticket of a case, then file it with its kit. Nothing is sent before you say so.

    What you approve is what is sent, byte for byte. A run that was interrupted is given again with the same --case: it
    reads the server and goes on where it stopped. Where the API does not take the ticket (support plan, role, no
    network) it ends with 9, and the portal packet of the case says what to paste where.
    """
    case = casework.existing(session, flags.pop("case_folder"))
    people, decided = casework.take(contact.ContactFlags, flags), casework.take(asking.AnswerFlags, flags)
    sign_in, manner = casework.take(casework.SignInFlags, flags), casework.take(Manner, flags)
    casework.check_cloud(case, sign_in)
    wanted = Wanted(
        decided, people, attach=not no_attachment, cloud=casework.cloud_name(sign_in.cloud), tenant=sign_in.tenant
    )
    with case.locked(), sign_in.access() as access:
        under_way = case.read(SubmissionState) if case.has(SubmissionState) else None
        if under_way is not None and machine.is_under_way(under_way):
            data, text, code = _go_on(case, under_way, manner, access)
        elif manner.dry_run:
            data, text, code = _dry_run(Table(case, wanted, datetime.now(UTC)), manner, access)
        else:
            data, text, code = _file(Table(case, wanted, datetime.now(UTC)), manner, access)
    emit(output, data, text)
    return code


def _dry_run(table: Table, manner: Manner, access: Access) -> Result:
    """The request and the calls; online also what Azure says, by reads only."""
    checks: tuple[Check, ...] = ()
    if manner.dry_run == "online":
        try:
            with _azure_of(table, manner, access) as (arm, support):
                checks = table.looks(arm, support, allow_duplicate=manner.allow_duplicate)
                table.decide(table.listing(support), ask=False)
        except AzureFailure as failure:
            return _unreachable(table.case, failure)
    else:
        table.decide(table.listing(None), ask=False)
    proposal = table.proposal()
    stops = [each for each in checks if each.state == "stop"]
    code = _code_of(stops) if stops else ExitCode.DONE
    data = {
        "schema": "escalate.dry-run/v1",
        "request": proposal.wire(),
        "digest": proposal.request.digest(),
        "calls": list(calls(proposal.request)),
        "unanswered": [_said(each.field, each.sentence, each.hint) for each in proposal.unanswered],
        "problems": [_said(each.field, each.sentence, each.hint) for each in proposal.wrong if each.blocks],
        "checks": [{"name": each.name, "state": each.state, "text": each.text, "hint": each.hint} for each in checks],
        "exit_code": int(code),
    }
    text = "\n".join(
        [
            review.as_text(proposal, _around(table.case, checks)),
            "\nrequest:",
            review.as_json(proposal),
            "\ncalls:",
            *calls(proposal.request),
            "\nNothing was sent" + ("." if manner.dry_run == "online" else ", and nothing was asked."),
        ]
    )
    return data, text, code


def _go_on(case: Case, state: SubmissionState, manner: Manner, access: Access) -> Result:
    """What was approved is under way: it is followed up as it is, whatever the case holds by now."""
    request = state.request
    if manner.dry_run or (state.phase is Phase.OPEN and case.has(Receipt)):
        return result_of(case, state)
    place = Place(request.cloud, request.tenant)
    try:
        with connected(case, place, request.subscription, access, manner.partner_tenant) as (_, support):
            return result_of(case, _run(case, support))
    except AzureFailure as failure:
        return _unreachable(case, failure)


def _azure_of(table: Table, manner: Manner, access: Access) -> contextlib.AbstractContextManager[tuple[Arm, Support]]:
    return connected(table.case, table.place, table.site.subscription, access, manner.partner_tenant)


def _run(case: Case, support: Support) -> SubmissionState:
    state = machine.run(Filing(case, support, terminal_observer()))
    if state.phase is Phase.OPEN:
        custody.record(case, "sent", state.request.name, state.approval.digest)
    return state


def _file(table: Table, manner: Manner, access: Access) -> Result:
    case = table.case
    try:
        with _azure_of(table, manner, access) as (arm, support):
            checks = _looked(table, manner, arm, support)
            table.decide(table.listing(support), ask=manner.asks)
            proposal = _approved(table, manner, checks)
            prove(case, proposal.request.title, proposal.request.description)
            machine.approve(case, proposal.request, datetime.now(UTC))
            custody.record(case, "approved", proposal.request.name, proposal.request.digest())
            return result_of(case, _run(case, support))
    except AzureFailure as failure:
        return _unreachable(case, failure)


def _looked(table: Table, manner: Manner, arm: Arm, support: Support) -> tuple[Check, ...]:
    """What Azure says before filing; the provider is registered where the user said so.

    Raises:
        AzureFailure: it stands against filing.
        TargetError: so does something that the user can change or overrule.
    """
    checks = table.looks(arm, support, allow_duplicate=manner.allow_duplicate)
    stops = {each.code: each for each in checks if each.state == "stop"}
    if "not-registered" in stops and manner.register_provider:
        register(arm, table.site.subscription)
        checks = table.looks(arm, support, allow_duplicate=manner.allow_duplicate)
        stops = {each.code: each for each in checks if each.state == "stop"}
    if (role := stops.get("no-role")) is not None:
        raise SupportFailure(Why.DENIED, role.text)
    for stop in stops.values():
        raise TargetError(f"not filed: {stop.text}", hint=stop.hint)
    return checks


def _approved(table: Table, manner: Manner, checks: Sequence[Check]) -> Proposal:
    """What a person, or the command line, said yes to.

    Raises:
        UsageError: nobody can be asked, and answers are missing, or it was not said that nobody is to be asked.
        Cancelled: the person said no, or not yet.
    """
    proposal = table.proposal()
    if manner.asks:
        word, proposal = review.loop(proposal, _around(table.case, checks), review.Editing(table.retitle, table.reword))
        table.save()
        if word == "submit":
            return proposal
        kept = "saved; nothing was sent" if word == "save" else "cancelled; nothing was sent"
        raise Cancelled(kept, hint=f"go on with: escalate submit --case {table.case.root}")
    if not proposal.may_be_sent:
        lines = review.objections(proposal)
        raise UsageError(
            "answers are missing:\n" + "\n".join(lines), hint="give the flags named, or run it on a terminal"
        )
    if not manner.yes:
        raise UsageError("nobody is there to approve the ticket", hint="give --yes, or run it on a terminal")
    return proposal


def _unreachable(case: Case, failure: AzureFailure) -> Result:
    """Refused or unreachable before anything was sent; without a sign-in nobody can say what the API would do."""
    if failure.why is Why.SIGN_IN:
        raise AccessError(f"not filed: {failure.reason}", hint=SIGN_IN_HINT) from failure
    known = failure if isinstance(failure, SupportFailure) else SupportFailure.of(failure)
    return handed_over(case, Stop(code=known.code, reason=known.reason, hint=known.hint, retryable=known.retryable))


def _code_of(stops: Sequence[Check]) -> ExitCode:
    return ExitCode.PORTAL_PACKET if any(each.code == "no-role" for each in stops) else ExitCode.CONFIG


def _around(case: Case, checks: Sequence[Check]) -> review.Surroundings:
    verdict = case.read_sealed(FindingsDocument).verdict
    return review.Surroundings(verdict, case.read(RedactionDocument), case.read(BundleDocument), checks)


def _said(field: str, sentence: str, hint: str) -> dict[str, str]:
    return {"field": field, "text": sentence, "hint": hint}
