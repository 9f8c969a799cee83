"""Puts the ticket of a case on the table: draft, answers, contact, kit; and what is read of Azure for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

import click

from escalate.azure.arm import Arm
from escalate.azure.credential import partner_credentials
from escalate.azure.session import Session as AzureSession
from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.case.store import Case
from escalate.cli import answers as asking
from escalate.cli import contact
from escalate.collect.sign_in import Access
from escalate.errors import CaseError, ConfigError
from escalate.model.answers import Answers
from escalate.model.exchange import Exchange
from escalate.model.manifest import BundleDocument
from escalate.model.submission import Upload
from escalate.model.target import AzureTarget
from escalate.model.ticket import Ticket
from escalate.submit.catalogue_cache import Listing, listing
from escalate.submit.checks.check import Check
from escalate.submit.classification import Offer
from escalate.submit.clues import Clues, read_clues
from escalate.submit.fields.problem import Problem
from escalate.submit.filing import NAME
from escalate.submit.pinned import upload_of
from escalate.submit.preflight import Subject, preflight
from escalate.submit.proposal import Place, Proposal, Whom, drafted_digest, propose, site_of
from escalate.workflow import is_bundled, sayable


@dataclass(frozen=True)
class Wanted:
    """What the command line says of the ticket itself."""

    decided: asking.AnswerFlags
    people: contact.ContactFlags
    attach: bool
    cloud: str | None
    tenant: str | None


class Table:
    """One ticket-to-be. Its answers are saved as soon as they are given: nothing is asked twice."""

    def __init__(self, case: Case, wanted: Wanted, now: datetime) -> None:
        """Read everything a ticket is made of.

        Raises:
            CaseError: draft or kit are missing, or older than what they are made of; or the draft must not be filed.
            TargetError: nobody says which app it is about.
        """
        self.case = case
        self.now = now
        self.ticket = case.read(Ticket)
        if self.ticket.blockers:
            raise CaseError(
                "this ticket must not be filed as it is: " + "; ".join(self.ticket.blockers),
                hint="ticket.md and the report say what is missing; mend it, then run: escalate build",
            )
        if not is_bundled(case):
            raise CaseError(
                "the zips do not stand over what the case holds now", hint=f"run: escalate bundle --case {case.root}"
            )
        self._wanted = wanted
        self.place = _place(case, wanted)
        self.clues: Clues = read_clues(case)
        saved = case.read(Answers) if case.has(Answers) else Answers()
        self.answers = asking.merged(wanted.decided, saved, self.ticket)
        self.site = site_of(case, self.answers.resource_id)
        self.uploads = _uploads(case) if wanted.attach else ()
        self.whom = Whom(case.incident.contact)
        self._offers: Sequence[Offer] = ()
        if wanted.decided.title is not None:
            self.retitle(wanted.decided.title)
        if wanted.decided.text_file is not None:
            self.reword(wanted.decided.text_file.read_text(encoding="utf-8", errors="replace"))

    def decide(self, listed: Listing | None, *, ask: bool) -> None:
        """Bring the answers together; with `ask` what is open is asked for.

        Raises:
            UsageError: something that was named does not exist.
        """
        self._offers = listed.offers if listed else ()
        kind = asking.chosen(self._wanted.decided, self.answers.classification, listed, self.clues, ask=ask)
        self.answers = asking.fitting(self.answers.model_copy(update={"classification": kind}), self._wanted.decided)
        if ask:
            self.answers = asking.asked(self.answers, self.ticket)
        self.save()
        self.answers = asking.configured(self.answers, self.ticket)  # not saved: on a terminal it is asked all the same
        self.whom = self._people(ask=ask)

    def proposal(self) -> Proposal:
        """As it stands now."""
        found = propose(self.case, self.place, self.ticket, self.answers, self.whom, self.uploads, self.now)
        return replace(found, unanswered=tuple(self._with_offers(each) for each in found.unanswered))

    def retitle(self, words: str) -> Proposal:
        """Another title; names in it become pseudonyms, secrets are refused."""
        return self._reworded(title=sayable(self.case, " ".join(words.split())))

    def reword(self, words: str) -> Proposal:
        """Another text; names in it become pseudonyms, secrets are refused."""
        return self._reworded(description=sayable(self.case, words.strip() + "\n"))

    def save(self) -> None:
        """Keep the answers for the next run."""
        self.case.write(self.answers)

    def listing(self, support: Support | None) -> Listing | None:
        """Service and problem types: live where `support` is given, else as they were saved.

        A server that refuses them is no reason to stop here: filing says the same, with what to do.
        """
        try:
            return listing(self.clues, self.place.cloud, self.now, lister=support, service=self._wanted.decided.service)
        except SupportFailure as failure:
            click.echo(f"the problem types could not be listed: {failure.reason}", err=True)
            return None

    def looks(self, arm: Arm, support: Support, *, allow_duplicate: bool) -> tuple[Check, ...]:
        """Everything that is looked at before filing; reads only."""
        request = self.proposal().request
        subject = Subject(
            name=request.name,
            subscription=request.subscription,
            resource_id=request.resource_id,
            title=request.title,
            problem_start=request.problem_start,
        )
        return preflight(arm, support, subject, self.now, allow_duplicate=allow_duplicate)

    def _with_offers(self, problem: Problem) -> Problem:
        """Where the problem type is open, the best of what the server lists."""
        if problem.field != "classification" or not self._offers:
            return problem
        return replace(problem, hint="--classification with one of: " + "; ".join(map(asking.offered, self._offers)))

    def _people(self, *, ask: bool) -> Whom:
        severity = self.answers.severity or self.ticket.severity
        try:
            found = contact.people(self._wanted.people, self.case.incident.contact, severity, ask=ask)
        except ConfigError as error:
            missing = Problem("contact", error.message, _CONTACT_FLAGS)
            return Whom(self.case.incident.contact, missing=(missing,))
        return Whom(found.contact, found.copies_to)

    def _reworded(self, **words: str) -> Proposal:
        changed = {"drafted": drafted_digest(self.ticket), **words}
        self.answers = self.answers.model_copy(update=changed)
        self.save()
        return self.proposal()


@contextmanager
def connected(
    case: Case, place: Place, subscription: str, access: Access, partner_tenant: str | None
) -> Iterator[tuple[Arm, Support]]:
    """ARM and the Support API of a subscription; every call is noted in the journal, without bodies.

    Raises:
        AccessError, TargetError: see `Access.session`.
        AzureFailure: settings of the partner's sign-in are missing.
    """

    def note(exchange: Exchange) -> None:
        facts = exchange.model_dump(mode="json", include={"method", "url", "status", "seconds", "request_id", "error"})
        case.journal.note(NAME, "call", **facts)

    session: AzureSession = access.session(place.cloud, place.tenant)
    partners = partner_credentials(
        access.sign_in, partner_tenant, session.cloud, lambda text: click.echo(text, err=True)
    )
    yield Arm(session.channel(note)), Support(session, subscription, partners=partners, note=note)


_CONTACT_FLAGS = "--contact FILE, or --first-name, --last-name, --contact-method, --email, --phone, --country, ..."


def _place(case: Case, wanted: Wanted) -> Place:
    """That of the app; where the evidence was gathered elsewhere, what the command line says."""
    target = case.document.target
    if isinstance(target, AzureTarget):
        return Place(target.cloud, wanted.tenant or target.tenant)
    return Place(wanted.cloud or "public", wanted.tenant)


def _uploads(case: Case) -> tuple[Upload, ...]:
    """The kit, as it was proved.

    Raises:
        CaseError: there is none, or it changed since.
    """
    kits = [each for each in case.read(BundleDocument).bundles if each.tier == "kit"]
    found = tuple(upload_of(case, each.path, PurePosixPath(each.path).name) for each in kits)
    for kit, upload in zip(kits, found, strict=True):
        if upload.sha256 != kit.sha256:
            raise CaseError(
                f"{kit.path} is not what was proved", hint=f"run: escalate bundle --case {case.root}, then submit"
            )
    return found
