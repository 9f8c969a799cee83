"""What the user has to decide about a ticket: from flags, from an earlier run, or asked for on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from escalate.cli.options import Moment
from escalate.errors import UsageError
from escalate.model.answers import Answers
from escalate.model.incident import Severity
from escalate.model.submission import Classification, SecondaryConsent
from escalate.model.ticket import Ticket
from escalate.submit.catalogue_cache import Listing
from escalate.submit.classification import Offer, named, recorded
from escalate.submit.clues import Clues
from escalate.submit.fields.classification import classification_guids
from escalate.submit.fields.consents import WHAT_IT_PERMITS
from escalate.submit.fields.phone import URGENT
from escalate.submit.proposal import drafted_digest, secondary_unanswered

F = TypeVar("F", bound=Callable[..., Any])

AROUND_THE_CLOCK = (
    "this severity means that somebody of yours answers Microsoft at any hour until it is solved; else support may"
    " lower it to B"
)


@dataclass(frozen=True)
class AnswerFlags:
    """The flags of the answers, as `options` declares them."""

    severity: str | None
    confirm_24x7: bool
    advanced_diagnostics: Literal["yes", "no"] | None
    classification: str | None
    service: str | None
    consents: tuple[str, ...]
    title: str | None
    text_file: Path | None
    problem_start: datetime | None
    resource_id: str | None


def options(function: F) -> F:
    """The group of flags."""
    group = (
        click.option("--severity", type=click.Choice([str(each) for each in Severity]), help="Default: the draft's."),
        click.option("--confirm-24x7", is_flag=True, help=f"For critical and up: {AROUND_THE_CLOCK}."),
        click.option(
            "--advanced-diagnostics",
            type=click.Choice(["yes", "no"]),
            help=f"Never assumed. {WHAT_IT_PERMITS}",
        ),
        click.option("--classification", metavar="NAME", help="Problem type: display name, id or GUID."),
        click.option("--service", metavar="NAME", help="Service: display name, id or GUID. Default: that of the app."),
        click.option(
            "--consent",
            "consents",
            metavar="TYPE=yes|no",
            multiple=True,
            help="Further consents that the type asks for.",
        ),
        click.option("--title", metavar="TEXT", help="Instead of the drafted title."),
        click.option(
            "--text",
            "text_file",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="FILE",
            help="Instead of the drafted text; it is searched for secrets first.",
        ),
        click.option("--problem-start", type=Moment(), help="When it began, UTC. Default: the draft's."),
        click.option("--resource-id", metavar="ID", help="Of the app, where the case does not say it."),
    )
    for decorator in reversed(group):
        function = decorator(function)
    return function


def merged(flags: AnswerFlags, saved: Answers, ticket: Ticket) -> Answers:
    """Flags before what an earlier run was told; an edit of another draft is not used.

    Raises:
        UsageError: a consent in another form.
    """
    if saved.drafted not in (None, drafted_digest(ticket)):
        saved = saved.model_copy(update={"title": None, "description": None, "drafted": None})
    said: dict[str, Any] = {
        "severity": Severity(flags.severity) if flags.severity else None,
        "confirmed_24x7": flags.confirm_24x7 or None,
        "advanced_diagnostics": None if flags.advanced_diagnostics is None else flags.advanced_diagnostics == "yes",
        "problem_start": flags.problem_start,
        "resource_id": flags.resource_id,
    }
    given = saved.model_copy(update={name: value for name, value in said.items() if value is not None})
    if flags.severity and saved.severity != given.severity and not flags.confirm_24x7:
        given = given.model_copy(update={"confirmed_24x7": False})
    consents = {each.type.casefold(): each for each in (*saved.secondary_consents, *map(_consent, flags.consents))}
    return given.model_copy(update={"secondary_consents": tuple(consents.values())})


def chosen(
    flags: AnswerFlags, saved: Classification | None, listing: Listing | None, clues: Clues, *, ask: bool
) -> Classification | None:
    """The problem type: named by flag, chosen before, or asked for among the best three; None: nobody says.

    Raises:
        UsageError: what was named does not exist, or fits several.
    """
    services = listing.services if listing else ()
    types = listing.types if listing else ()
    if flags.classification and listing is None and classification_guids(flags.classification) is None:
        return None  # a name, and no list to find it in: online it is looked up
    if flags.classification:
        return named(flags.classification, clues, services, types, listing.read_at if listing else None)
    if saved is not None:
        return saved
    if listing is None or listing.chosen is None or not ask:
        return None
    click.echo(f"\nProblem type ({listing.chosen.service.name}: {listing.chosen.why})", err=True)
    for number, offer in enumerate(listing.offers, start=1):
        click.echo(f"  {number}  {offered(offer)}", err=True)
    click.echo("  or type a part of another one's name; ? lists all", err=True)
    while True:
        text = click.prompt("  which", err=True, type=str).strip()
        if text == "?":
            click.echo("\n".join(f"     {each.name}" for each in types), err=True)
            continue
        if text.isdigit() and 1 <= int(text) <= len(listing.offers):
            offer = listing.offers[int(text) - 1]
            return recorded(listing.chosen.service, offer.type, listing.source, listing.read_at, offer.reasons)
        try:
            return named(text, clues, services, types, listing.read_at)
        except UsageError as error:
            click.echo(f"  {error.message}; {error.hint}", err=True)


def offered(offer: Offer) -> str:
    """A problem type by its name, with what in the case points to it."""
    return f"{offer.type.name!r} [{'; '.join(offer.reasons) or 'nothing in the case points to it'}]"


def asked(answers: Answers, ticket: Ticket) -> Answers:
    """Ask for what is still open, on a terminal."""
    severity = answers.severity or ticket.severity
    if severity in URGENT and not answers.confirmed_24x7:
        click.echo(f"\nSeverity {severity}: {AROUND_THE_CLOCK}.", err=True)
        if click.confirm("  agreed?", default=None, err=True):
            answers = answers.model_copy(update={"confirmed_24x7": True})
        else:
            answers = answers.model_copy(update={"severity": Severity.MODERATE})
            click.echo("  then it goes out as moderate (B)", err=True)
    if answers.advanced_diagnostics is None:
        click.echo(f"\nConsent to advanced diagnostics. {WHAT_IT_PERMITS}", err=True)
        if ticket.advanced_diagnostics is not None:
            click.echo(f"  incident.toml says {'yes' if ticket.advanced_diagnostics else 'no'}.", err=True)
        given = click.confirm("  do you consent?", default=ticket.advanced_diagnostics, err=True)
        answers = answers.model_copy(update={"advanced_diagnostics": given})
    return _secondary(answers)


def fitting(answers: Answers, flags: AnswerFlags) -> Answers:
    """Without answers, given for another problem type, to consents that this one does not ask for."""
    if answers.classification is None:
        return answers
    asked_for = {each.type.casefold() for each in answers.classification.asks}
    wanted = asked_for | {_consent(each).type.casefold() for each in flags.consents}
    kept = tuple(each for each in answers.secondary_consents if each.type.casefold() in wanted)
    return answers.model_copy(update={"secondary_consents": kept})


def configured(answers: Answers, ticket: Ticket) -> Answers:
    """Where nobody can be asked, what incident.toml says of advanced diagnostics is the answer."""
    if answers.advanced_diagnostics is not None or ticket.advanced_diagnostics is None:
        return answers
    return answers.model_copy(update={"advanced_diagnostics": ticket.advanced_diagnostics})


def _secondary(answers: Answers) -> Answers:
    if answers.classification is None:
        return answers
    given: Mapping[str, bool] = {each.type: each.given for each in answers.secondary_consents}
    added = []
    for kind in secondary_unanswered(answers.classification, given):
        about = next(each.description for each in answers.classification.asks if each.type == kind)
        click.echo(f"\nThis problem type asks for another consent: {about or kind}", err=True)
        added.append(SecondaryConsent(type=kind, given=click.confirm("  do you consent?", default=None, err=True)))
    return answers.model_copy(update={"secondary_consents": (*answers.secondary_consents, *added)})


def _consent(text: str) -> SecondaryConsent:
    kind, _, word = text.rpartition("=")
    if not kind or word.casefold() not in ("yes", "no"):
        raise UsageError(f"--consent {text!r} is not TYPE=yes or TYPE=no", hint="such as --consent VirtualMachine=no")
    return SecondaryConsent(type=kind, given=word.casefold() == "yes")
