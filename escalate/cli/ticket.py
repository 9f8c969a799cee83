"""`escalate ticket`: the life of a ticket after it was filed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click

from escalate.cli import casework, options, ticket_desk
from escalate.cli.output import emit
from escalate.cli.session import Session
from escalate.cli.ticket_desk import Draft, Manner, Rating, Result
from escalate.errors import UsageError
from escalate.submit.afterwards.following import Following
from escalate.submit.fields.severity import severity_of

SUBJECT = "More on this case"


def _shared(function: Callable[..., int]) -> Callable[..., int]:
    """What every verb of a ticket takes."""
    partner = click.option("--partner-tenant", metavar="ID", help="Tenant of the cloud solution provider who filed it.")
    for option in (click.pass_obj, options.output_format, options.sign_in, partner, options.existing_case):
        function = option(function)
    return function


def _sending(function: Callable[..., int]) -> Callable[..., int]:
    """What every verb that sends something takes."""
    for option in (
        options.no_input,
        click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing."),
        click.option("--yes", is_flag=True, help="Do not ask."),
    ):
        function = option(function)
    return function


@click.group("ticket")
def command() -> None:
    """Follow up the ticket of a case: status, reply, attach, severity, close, reopen.

    Every verb has its own --case and --format. What sends something shows it first and needs a yes (or --yes).
    """


@command.command("status")
@_shared
def show(session: Session, /, output: str, **flags: Any) -> int:
    """Show where the ticket stands: whose turn it is, who waited how long, what is asked, and what would answer it.

    Reads only. Asks are recognised by their words; what is not recognised is shown as it stands. What is cited is
    redacted evidence, with the line that triage cites and its hash.
    """
    return _run(session, output, flags, ticket_desk.show)


@command.command("reply")
@_shared
@_sending
@click.argument("words", metavar="[TEXT]", required=False)
@click.option("--file", "source", type=click.File(encoding="utf-8", errors="replace"), help="The text; - is stdin.")
@click.option("--subject", default=SUBJECT, show_default=True, help="Of the message.")
@click.option("--suggest", is_flag=True, help="Print a reply to the open asks, to be finished by you; sends nothing.")
@click.option("--ask-upload-link", is_flag=True, help="Ask for a link for files that are too big for the ticket.")
@click.option("--again", is_flag=True, help="Send words that were sent before once more.")
def reply(
    session: Session,
    /,
    output: str,
    words: str | None,
    source: TextIO | None,
    subject: str,
    suggest: bool,
    ask_upload_link: bool,
    again: bool,
    **flags: Any,
) -> int:
    """Send a message to the engineer.

    Names in TEXT become the pseudonyms of the case, secrets are masked, and a second engine looks at what is left.
    What is shown is what is sent. The same words are never sent twice by a retry.
    """
    given = [bool(words), source is not None, suggest, ask_upload_link]
    if sum(given) != 1:
        raise UsageError(
            "give exactly one of TEXT, --file, --suggest and --ask-upload-link",
            hint='escalate ticket reply --case DIR --suggest > reply.txt, then --file reply.txt; or "TEXT"',
        )
    said = source.read() if source is not None else words
    manner = casework.take(Manner, flags)
    if suggest:
        return _run(session, output, flags, ticket_desk.suggest)
    return _run(
        session,
        output,
        flags,
        lambda following: ticket_desk.reply(following, manner, Draft(subject, said, ask_upload_link), again=again),
    )


@command.command("attach")
@_shared
@_sending
@click.argument(
    "archive", metavar="[ZIP]", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
def attach(session: Session, /, output: str, archive: Path | None, **flags: Any) -> int:
    """Send a bundle to the ticket: ZIP, or the kit of the case as it is now.

    The zip is verified first: a bundle with a problem is not sent. It may come from another case, such as one that was
    made to answer an ask. The same bytes are not sent twice.
    """
    manner = casework.take(Manner, flags)
    return _run(session, output, flags, lambda following: ticket_desk.attach(following, manner, archive))


@command.command("severity")
@_shared
@_sending
@click.argument("level", metavar="LEVEL")
@click.option("--why", default="", help="Reason, for the engineer.")
@click.option("--confirm-24x7", is_flag=True, help="For A: somebody answers at any hour until it is solved.")
@click.option("--phone", metavar="NUMBER", help="Of the contact; A needs one.")
def rate(
    session: Session, /, output: str, level: str, why: str, confirm_24x7: bool, phone: str | None, **flags: Any
) -> int:
    """Change the severity to LEVEL: C (minimal), B (moderate), A (critical), Emergency (highestcriticalimpact).

    While an engineer works on the case only he can change it: then a message that asks for it is offered.
    """
    wanted = severity_of(level)
    if wanted is None:
        raise UsageError(f"{level!r} is no severity", hint="C, B, A or Emergency; or minimal, moderate, critical, ...")
    manner = casework.take(Manner, flags)
    rating = Rating(wanted, why, confirm_24x7, phone)
    return _run(session, output, flags, lambda following: ticket_desk.rate(following, manner, rating))


@command.command("close")
@_shared
@_sending
@click.option("--why", default="", help="Reason, for the engineer.")
def close(session: Session, /, output: str, why: str, **flags: Any) -> int:
    """Close the ticket; where only the engineer can, a message that asks for it is offered."""
    manner = casework.take(Manner, flags)
    return _run(session, output, flags, lambda following: ticket_desk.close(following, manner, why))


@command.command("reopen")
@_shared
@_sending
@click.option("--why", required=True, help="Reason, for the engineer.")
def reopen(session: Session, /, output: str, why: str, **flags: Any) -> int:
    """Open a closed ticket again, by a message."""
    manner = casework.take(Manner, flags)
    return _run(session, output, flags, lambda following: ticket_desk.reopen(following, manner, why))


def _run(session: Session, output: str, flags: dict[str, Any], do: Callable[[Following], Result]) -> int:
    """Do it on the ticket of the case, and print how it ended."""
    case = casework.existing(session, flags.pop("case_folder"))
    sign_in = casework.take(casework.SignInFlags, flags)
    casework.check_cloud(case, sign_in)
    data, said, code = ticket_desk.at_desk(case, sign_in, flags.pop("partner_tenant"), do)
    emit(output, data, said)
    return code
