"""`escalate submit`: review, then file; a run that was cut short goes on and files nothing twice."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import click

from escalate.azure.arm import Arm
from escalate.azure.credential import credential_for
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session as AzureSession
from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.case import custody
from escalate.case.store import Case
from escalate.cli import answers as asking
from escalate.cli import casework, contact, options, review
from escalate.cli.filing_result import handed_over, result_of
from escalate.cli.output import emit
from escalate.cli.progress import terminal_observer
from escalate.cli.session import Session
from escalate.collect.sign_in import Access, as_error
from escalate.errors import AccessError, Cancelled, CaseError, ConfigError, ExitCode, TargetError, UsageError
from escalate.model.answers import Answers
from escalate.model.exchange import Exchange
from escalate.model.manifest import BundleDocument
from escalate.model.redaction import RedactionDocument
from escalate.model.submission import SubmissionState, Upload
from escalate.model.target import AzureTarget
from escalate.model.ticket import Ticket
from escalate.submit import machine
from escalate.submit.calls import calls
from escalate.submit.catalogue_cache import Listing, listing
from escalate.submit.checks.check import Check
from escalate.submit.checks.registration import register
from escalate.submit.clues import Clues, read_clues
from escalate.submit.fields.problem import Problem
from escalate.submit.filing import Filing
from escalate.submit.pinned import upload_of
from escalate.submit.preflight import Subject, preflight
from escalate.submit.proposal import Place, Proposal, Whom, drafted_digest, propose, site_of
from escalate.workflow import is_bundled, prove, sayable

DryRun = Literal["offline", "online"]


@dataclass(frozen=True)
class SubmitFlags:
    """How to file, as the command declares it."""

    dry_run: DryRun | None
    yes: bool
    no_input: bool
    allow_duplicate: bool
    register_provider: bool
    partner_tenant: str | None
    no_attachment: bool

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
@click.option("--yes", is_flag=True, help="Do not ask: every answer comes from flags, incident.toml or contact.toml.")
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
def command(session: Session, /, **flags: Any) -> int:
    """Review the ticket of a case, then file it with its kit. Nothing is sent before you say so.

    What you approve is what is sent, byte for byte. A run that was interrupted is given again with the same --case: it
    reads the server and goes on where it stopped. Where the API does not take the ticket (support plan, role, no
    network) it ends with 9, and the portal packet in the case says what to paste where.
    """
    output: str = flags.pop("output")
    case = casework.existing(session, flags.pop("case_folder"))
    people, decided = casework.take(contact.ContactFlags, flags), casework.take(asking.AnswerFlags, flags)
    sign_in, how = casework.take(casework.SignInFlags, flags), casework.take(SubmitFlags, flags)
    casework.check_cloud(case, sign_in)
    with case.locked(), sign_in.access() as access:
        desk = _Desk(case, access, sign_in, how, decided, people)
        data, text, code = desk.dry_run() if how.dry_run else desk.file()
    emit(output, data, text)
    return code


@dataclass
class _Desk:
    """One run of the verb: what is known, and where to ask."""

    case: Case
    access: Access
    sign_in: casework.SignInFlags
    how: SubmitFlags
    decided: asking.AnswerFlags
    people: contact.ContactFlags
