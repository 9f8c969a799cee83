"""What the verbs of a ticket do: each shows what it would send, hears a yes, and says how it ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from escalate.azure.failure import Why
from escalate.azure.support_failure import NO_PLAN, NOT_REGISTERED, SupportFailure
from escalate.case import custody
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.cli import casework, ticket_text
from escalate.cli.filing_desk import connected
from escalate.cli.progress import terminal_observer
from escalate.errors import (
    AccessError,
    Cancelled,
    CaseError,
    ConfigError,
    EscalateError,
    ExitCode,
    RedactionRefused,
    TargetError,
    UsageError,
)
from escalate.model.incident import Severity
from escalate.model.manifest import BundleDocument
from escalate.model.submission import Upload
from escalate.submit.afterwards import changes, messages, secure_upload, status
from escalate.submit.afterwards.answers import Answered, answers, is_open, reply_text
from escalate.submit.afterwards.deliveries import deliver
from escalate.submit.afterwards.following import Following, filed
from escalate.submit.afterwards.holdings import read_holdings
from escalate.submit.fields import attachments, phone, text
from escalate.submit.fields import severity as severity_rules
from escalate.submit.fields.problem import Problem
from escalate.submit.filing import Filing
from escalate.submit.pinned import upload_of
from escalate.submit.proposal import Place
from escalate.workflow import sayable, verify_archives

Result = tuple[dict[str, Any], str, ExitCode]

_SHOWN = 5
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manner:
    """How a verb that sends something goes about it."""

    yes: bool
    dry_run: bool
    no_input: bool

    def agreed(self, shown: str) -> bool:
        """Show what would be sent, and hear a yes; False: it is a dry run.

        Raises:
            UsageError: there is nobody to ask.
            Cancelled: the answer was no.
        """
        if self.dry_run:
            return False
        if self.yes:
            return True
        if self.no_input or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError("nobody is there to say yes", hint="look with --dry-run, then give --yes")
        click.echo(f"\n{shown}\n", err=True)
        if not click.confirm("Send this?", default=False, err=True):
            raise Cancelled("nothing was sent", hint="give the same command again when it is right")
        return True

    def confirms(self, question: str) -> bool:
        """Whether a person says yes to a question of its own; nobody there is no."""
        there = sys.stdin.isatty() and sys.stderr.isatty() and not (self.yes or self.no_input)
        return there and click.confirm(question, default=False, err=True)


def at_desk(
    case: Case, sign_in: casework.SignInFlags, partner: str | None, do: Callable[[Following], Result]
) -> Result:
    """Do it on the ticket of the case; what may pass is said to be pending.

    Raises:
        AccessError, TargetError: the server refuses for good.
        CaseError: no ticket was filed from the case.
    """
    with _following(case, sign_in, partner) as following:
        try:
            return do(following)
        except SupportFailure as failure:
            if not failure.retryable:
                raise _as_error(failure) from failure
            return _later(case, failure)


@contextmanager
def _following(case: Case, sign_in: casework.SignInFlags, partner: str | None) -> Iterator[Following]:
    request = filed(case).request
    place = Place(request.cloud, sign_in.tenant or request.tenant)
    with (
        case.locked(),
        sign_in.access() as access,
        connected(case, place, request.subscription, access, partner) as (_, support),
    ):
        yield Following(Filing(case, support, terminal_observer()))


def _as_error(failure: SupportFailure) -> EscalateError:
    """Refused for good: no permission and no plan is exit code 4, all else 3."""
    if failure.why in (Why.SIGN_IN, Why.DENIED) or failure.is_code(NO_PLAN, NOT_REGISTERED):
        return AccessError(failure.reason, hint=failure.hint)
    return TargetError(failure.reason, hint=failure.hint)


def _later(case: Case, failure: SupportFailure) -> Result:
    data = {
        "schema": "escalate.ticket-pending/v1",
        "case": str(case.root),
        "reason": failure.reason,
        "hint": failure.hint,
        "exit_code": int(ExitCode.PENDING),
    }
    return data, f"not confirmed: {failure.reason}\nto do     {failure.hint}", ExitCode.PENDING


def show(following: Following) -> Result:
    """Where the ticket stands; reads only."""
    now = datetime.now(UTC)
    ticket = following.ticket()
    letters = following.filing.read(lambda: following.filing.support.communications(following.name))
    holdings = read_holdings(following.case)
    links = dict.fromkeys(link for each in letters for link in secure_upload.fingerprints(each.body))
    seen = ticket_text.Seen(
        case=str(following.case.root),
        standing=status.standing(ticket, letters, now),
        asks=answers(status.open_asks(letters), holdings),
        big=secure_upload.big_files(holdings),
        links=tuple(links),
        record=following.record,
        packet=_packet(following.case),
    )
    code = ExitCode.PENDING if any(ticket_text.pending(seen)) else ExitCode.DONE
    return {**ticket_text.as_data(seen), "exit_code": int(code)}, ticket_text.as_text(seen, now), code


def _packet(case: Case) -> str | None:
    place = case.path(Room.DRAFT, "handoff/secure-upload.md")
    return str(place) if place.is_file() else None


def suggest(following: Following) -> Result:
    """A reply to what is asked, to be finished by a person; sends nothing."""
    answered = _open(following)
    if not answered:
        raise CaseError("no ask is open", hint=f"escalate ticket status --case {following.case.root}")
    said = sayable(following.case, reply_text(answered))
    return ticket_text.suggested(answered, said), said, ExitCode.DONE


def _open(following: Following) -> tuple[Answered, ...]:
    letters = following.filing.read(lambda: following.filing.support.communications(following.name))
    return answers(status.open_asks(letters), read_holdings(following.case))


@dataclass(frozen=True)
class Draft:
    """What is to be said, before redaction."""

    subject: str
    words: str | None
    ask_upload_link: bool = False


def reply(following: Following, manner: Manner, draft: Draft, *, again: bool) -> Result:
    """Send a message."""
    subject, words = draft.subject, draft.words or ""
    if draft.ask_upload_link:
        big = secure_upload.big_files(read_holdings(following.case))
        if not big:
            raise CaseError("nothing is too big for the ticket", hint="send it with: escalate ticket attach")
        subject, words = secure_upload.request_words(big)
    if is_open(words):
        raise UsageError("the reply still holds what you were to answer", hint="finish the text where it says so")
    return _said(following, manner, _message(following, subject, words), again=again)


def _message(following: Following, subject: str, words: str) -> messages.Message:
    """As it may be sent.

    Raises:
        RedactionRefused: a secret is left in it.
        ConfigError: it is empty, too long, or holds control characters.
    """
    message = messages.Message(
        subject=sayable(following.case, " ".join(subject.split())),
        body=sayable(following.case, words.strip() + "\n"),
        sender=filed(following.case).request.contact.email,
    )
    caps = text.DEFAULT_CAPS
    _check(text.line_problems(message.subject, "subject", caps.subject), "the message is not sent")
    _check(text.text_problems(message.body, "message", caps.body), "the message is not sent")
    return message


def _check(problems: Iterator[Problem], what: str) -> None:
    if found := [each for each in problems if each.blocks]:
        raise ConfigError(
            f"{what}: " + "; ".join(each.sentence for each in found), hint="; ".join(each.hint for each in found)
        )


def _said(following: Following, manner: Manner, message: messages.Message, *, again: bool = False) -> Result:
    """Send a message, after a yes."""
    number = filed(following.case).ticket.support_ticket_id or following.name
    shown = f"to        ticket {number}\nsubject   {message.subject}\n\n{message.body.rstrip()}"
    facts = {
        "schema": "escalate.ticket-message/v1",
        "ticket": following.name,
        "subject": message.subject,
        "body": message.body,
    }
    if not manner.agreed(shown):
        return {**facts, "sent": False, "exit_code": 0}, f"{shown}\n\nNothing was sent.", ExitCode.DONE
    posted = messages.post(following, message, again=again)
    code = ExitCode.DONE if posted.is_confirmed else ExitCode.PENDING
    if posted.news and posted.is_confirmed:
        custody.record(following.case, "sent", posted.note.name, posted.note.digest)
    data = {**facts, "sent": posted.is_confirmed, "name": posted.note.name, "news": posted.news, "exit_code": int(code)}
    if not posted.is_confirmed:
        return data, f"taken, and not confirmed yet: give the same command again\n\n{shown}", code
    head = "sent" if posted.news else "the ticket has it already; --again sends it once more"
    return data, f"{head} as {posted.note.name}\n{shown}", code


def attach(following: Following, manner: Manner, archive: Path | None) -> Result:
    """Send a zip that verifies; None: the kit of the case."""
    case = following.case
    place = archive if archive is not None else _kit(case)
    _check(attachments.problems([(place.name, place.stat().st_size)]), f"{place.name} is not sent")
    (proof,) = verify_archives((place,), case, None, terminal_observer()).archives
    if proof.problems:
        first = "; ".join(f"{each.member}: {each.detail}" for each in proof.problems[:_SHOWN])
        raise RedactionRefused(
            f"{place.name} does not verify, and is not sent: {first}", hint=f"see: escalate verify {place}"
        )
    facts = {
        "schema": "escalate.ticket-file/v1",
        "ticket": following.name,
        "name": place.name,
        "size": proof.size,
        "sha256": proof.sha256,
        "exit_code": 0,
    }
    shown = f"attach    {place.name}  {proof.size:,} bytes  sha256 {proof.sha256}\nproof     no secret was found in it"
    if not manner.agreed(shown):
        return {**facts, "sent": False}, f"{shown}\n\nNothing was sent.", ExitCode.DONE
    upload = _kept(case, place, proof.sha256)
    before = {each.upload.sha256 for each in following.record.deliveries if each.sent_at}
    sent = deliver(following, upload)
    if upload.sha256 not in before:
        custody.record(case, "sent", upload.name, upload.sha256)
    lines = [
        f"attached  {sent.name} to ticket {sent.workspace}, {upload.size:,} bytes, sha256 {upload.sha256}",
        f"next      escalate ticket reply --case {case.root} 'Attached: {sent.name}'",
    ]
    return {**facts, "sent": True, "name": sent.name, "workspace": sent.workspace}, "\n".join(lines), ExitCode.DONE


def _kit(case: Case) -> Path:
    kit = next((each for each in case.read(BundleDocument).bundles if each.tier == "kit"), None)
    if kit is None:
        raise CaseError("the case has no kit", hint=f"run: escalate bundle --case {case.root}")
    if kit.sha256 in {each.sha256 for each in filed(case).request.attachments}:
        raise CaseError(
            "the ticket has this kit already: it was filed with it",
            hint="name another zip, or build the case again when there is more evidence",
        )
    return case.root / kit.path


def _kept(case: Case, place: Path, sha256: str) -> Upload:
    """A copy beside the receipts, as an upload of this case.

    Its place is that of its bytes: a bundle that is made again under the same name is another file.

    Raises:
        CaseError: it changed since it was verified.
    """
    relative = f"attached/{sha256[:16]}-{place.name}"
    with place.open("rb") as source, case.new_file(Room.RECEIPTS, relative) as copy:
        while block := source.read(_BLOCK):
            copy.write(block)
    upload = upload_of(case, f"{Room.RECEIPTS}/{relative}", place.name)
    if upload.sha256 != sha256:
        case.path(Room.RECEIPTS, relative).unlink()
        raise CaseError(f"{place} changed while it was verified", hint="give the same command again")
    return upload


@dataclass(frozen=True)
class Rating:
    """A severity that is wanted, and what goes with it."""

    severity: Severity
    why: str
    confirmed: bool
    """Work around the clock, by the user's own word."""
    phone: str | None


def rate(following: Following, manner: Manner, rating: Rating) -> Result:
    """Change the severity, or ask the engineer for it."""
    request, wanted, confirmed = filed(following.case).request, rating.severity, rating.confirmed
    contact = request.contact
    if rating.phone:
        contact = contact.model_copy(update={"phone": phone.normal(rating.phone)})
    if wanted in phone.URGENT and not (confirmed or request.confirmed_24x7):
        confirmed = manner.confirms("Does somebody of yours answer Microsoft at any hour until it is solved?")
    confirmed = confirmed or request.confirmed_24x7
    _check(severity_rules.problems(wanted, wanted in phone.URGENT and confirmed, confirmed), "the severity stays")
    _check(phone.problems(contact.phone, contact.method, wanted), "the severity stays (give --phone)")
    shown = f"severity  {severity_rules.LETTERS[wanted]} ({wanted}) for ticket {following.name}"
    if not manner.agreed(shown):
        return _unsent(following, shown)
    changed = changes.set_severity(following, wanted, contact if rating.phone else None)
    if changed.state == "ask":
        words = changes.severity_words(changed.ticket.severity, wanted, rating.why)
        return _ask_instead(following, manner, words, changed.why)
    return _done(following, f"severity is {severity_rules.LETTERS[wanted]} ({wanted})", changed.state)


def close(following: Following, manner: Manner, why: str) -> Result:
    """Close the ticket, or ask the engineer for it."""
    shown = f"close     ticket {following.name}"
    if not manner.agreed(shown):
        return _unsent(following, shown)
    changed = changes.close(following)
    if changed.state == "ask":
        return _ask_instead(following, manner, changes.closing_words(why), changed.why)
    return _done(following, "the ticket is closed", changed.state)


def reopen(following: Following, manner: Manner, why: str) -> Result:
    """Open a closed ticket again, by a message."""
    if following.ticket().status != "closed":
        raise CaseError("the ticket is not closed", hint="escalate ticket reply sends a message")
    return _said(following, manner, _message(following, *changes.reopening_words(why)), again=True)


def _ask_instead(following: Following, manner: Manner, words: tuple[str, str], why: str) -> Result:
    """The server leaves it to the engineer: offer the message that asks for it."""
    said = why.partition(" answered ")[2] or why
    click.echo(f"the server does not change it: {said}\na message can ask the engineer for it:", err=True)
    return _said(following, manner, _message(following, *words))


def _unsent(following: Following, shown: str) -> Result:
    data = {"schema": "escalate.ticket-change/v1", "ticket": following.name, "changed": False, "exit_code": 0}
    return data, f"{shown}\n\nNothing was sent.", ExitCode.DONE


def _done(following: Following, said: str, state: str) -> Result:
    data = {
        "schema": "escalate.ticket-change/v1",
        "ticket": following.name,
        "changed": state == "changed",
        "state": said,
        "exit_code": 0,
    }
    return data, said if state == "changed" else f"{said} already", ExitCode.DONE
