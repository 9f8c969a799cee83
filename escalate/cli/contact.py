"""The contact of a ticket: from flags, a file, incident.toml, or asked for on a terminal; kept out of every case."""

from __future__ import annotations

import json
import locale
import os
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
import platformdirs
from pydantic import ValidationError

from escalate.errors import ConfigError
from escalate.model.base import Frozen
from escalate.model.incident import Contact, Severity
from escalate.submit.fields import email, language, time_zone
from escalate.submit.fields.contact import REQUIRED, problems, wire_form
from escalate.submit.fields.problem import Problem

F = TypeVar("F", bound=Callable[..., Any])

_QUESTIONS = {
    "first_name": "First name",
    "last_name": "Last name",
    "method": "How should support reach you (email, phone)",
    "email": "E-mail address",
    "phone": "Phone number, with country code",
    "time_zone": "Time zone (such as Europe/Berlin)",
    "country": "Country (such as DEU or Germany)",
    "language": f"Language of support ({', '.join(language.LANGUAGES)})",
}


class ContactFile(Contact):
    """contact.toml, or its table [contact]: a contact, and who gets copies."""

    copies_to: tuple[str, ...] = ()


class _Wrapped(Frozen):
    contact: ContactFile


@dataclass(frozen=True)
class ContactFlags:
    """The flags of a contact, as `options` declares them."""

    contact_file: Path | None
    first_name: str | None
    last_name: str | None
    contact_method: Literal["email", "phone"] | None
    email: str | None
    phone: str | None
    time_zone: str | None
    country: str | None
    language: str | None
    copies_to: tuple[str, ...]


@dataclass(frozen=True)
class People:
    """Whom support talks to, in the form of the API, and who gets copies."""

    contact: Contact
    copies_to: tuple[str, ...] = ()


def options(function: F) -> F:
    """The group of flags."""
    group: Sequence[Callable[[F], F]] = (
        click.option(
            "--contact",
            "contact_file",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="TOML with first_name, last_name, method, email, ... Default: escalate/contact.toml in your"
            " configuration folder, ~/.config on Linux.",
        ),
        click.option("--first-name", metavar="NAME", help="Of the contact."),
        click.option("--last-name", metavar="NAME", help="Of the contact."),
        click.option("--contact-method", type=click.Choice(["email", "phone"]), help="How support should answer."),
        click.option("--email", metavar="ADDRESS", help="Of the contact."),
        click.option("--phone", metavar="NUMBER", help="Needed for calls, and for severity A."),
        click.option("--time-zone", metavar="ZONE", help="IANA (Europe/Berlin) or Windows name."),
        click.option("--country", metavar="COUNTRY", help="DEU, DE or Germany."),
        click.option("--language", metavar="CODE", help=f"One of {', '.join(language.LANGUAGES)}."),
        click.option(
            "--copy-to", "copies_to", metavar="ADDRESS", multiple=True, help="Gets each mail. May be repeated."
        ),
    )
    for decorator in reversed(group):
        function = decorator(function)
    return function


def default_place() -> Path:
    """Where a contact is looked for when no file is named."""
    return platformdirs.user_config_path("escalate") / "contact.toml"


def read_file(place: Path) -> ContactFile:
    """Read a contact file.

    Raises:
        ConfigError: not TOML, or fields that do not fit. The message never quotes a value.
    """
    hint = f"it holds {', '.join(_QUESTIONS)} and copies_to, at its top or in a table [contact]"
    try:
        data = tomllib.loads(place.read_bytes().decode("utf-8"))
        return _Wrapped.model_validate(data).contact if "contact" in data else ContactFile.model_validate(data)
    except OSError as error:
        raise ConfigError(f"{place}: {error.strerror}", hint=hint) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place} is not TOML: {error}", hint=hint) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{place}: {where}: {first['msg']}", hint=hint) from None


def people(
    flags: ContactFlags, incident: Contact, severity: Severity, *, ask: bool, place: Path | None = None
) -> People:
    """The contact: each field from the first that has it of flags, `--contact`, incident.toml and the default file.

    With `ask` what is missing or wrong is asked for. `place` is where the default file stands.

    Raises:
        ConfigError: something is missing or wrong, and nobody may be asked; the message lists it all.
    """
    usual = place or default_place()
    given = _merged(flags, incident, usual)
    if ask and _wrong(given, severity):
        given = _asked(given, severity)
        if click.confirm(f"  Keep this in {usual} for the next ticket?", default=False, err=True):
            save(given, usual)
    wrong = _wrong(given, severity)
    if wrong:
        raise ConfigError(
            "the contact is not complete: " + "; ".join(f"{each.field}: {each.sentence}" for each in wrong),
            hint="; ".join(dict.fromkeys(each.hint for each in wrong)),
        )
    return replace(given, contact=wire_form(given.contact))


def save(contact: People, place: Path) -> None:
    """Write the contact where the next ticket finds it, readable for its owner only."""
    place.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in contact.contact if value]
    if contact.copies_to:
        lines.append(f"copies_to = {json.dumps(list(contact.copies_to))}")
    handle, temporary = tempfile.mkstemp(dir=place.parent, suffix=".part")  # 0600, whatever stood there before
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    Path(temporary).replace(place)


def _merged(flags: ContactFlags, incident: Contact, place: Path) -> People:
    said = {
        "first_name": flags.first_name,
        "last_name": flags.last_name,
        "method": flags.contact_method,
        "email": flags.email,
        "phone": flags.phone,
        "time_zone": flags.time_zone,
        "country": flags.country,
        "language": flags.language,
    }
    named = read_file(flags.contact_file) if flags.contact_file else None
    usual = read_file(place) if place.is_file() else None
    merged = dict[str, Any]()
    for source in (usual, incident, named):
        merged |= {name: getattr(source, name) for name in said if source is not None and getattr(source, name)}
    merged |= {name: value for name, value in said.items() if value}
    copies = flags.copies_to or next((each.copies_to for each in (named, usual) if each and each.copies_to), ())
    return People(Contact(**merged), tuple(copies))


def _wrong(given: People, severity: Severity) -> list[Problem]:
    found = list(problems(given.contact, severity))
    for address in given.copies_to:
        found += email.problems(address, "copies_to")
    return [each for each in found if each.blocks]


def _asked(given: People, severity: Severity) -> People:
    """Ask for one field after the other until each is right; what is right already is not asked for."""
    click.echo("\nWhom does support talk to? It goes into the ticket only, into no draft, bundle or record.", err=True)
    contact = given.contact
    while field := _first_asked(contact, severity):
        name = field.field.removeprefix("contact.")
        if getattr(contact, name):
            click.echo(f"  {field.sentence}: {field.hint}", err=True)
        answer = click.prompt(f"  {_QUESTIONS[name]}", default=_usual(name), err=True, type=str).strip()
        if name == "method":
            word = answer.casefold().replace("-", "")
            contact = contact.model_copy(update={name: word if word in ("email", "phone") else None})
        else:
            contact = contact.model_copy(update={name: answer or None})
    return replace(given, contact=contact)


def _first_asked(contact: Contact, severity: Severity) -> Problem | None:
    """In the order of the form."""
    order = [*REQUIRED[:4], "phone", *REQUIRED[4:]]
    found = {each.field.removeprefix("contact."): each for each in problems(contact, severity) if each.blocks}
    return next((found[name] for name in order if name in found), None)


def _usual(name: str) -> str | None:
    """What this machine says of its user."""
    if name == "method":
        return "email"
    if name == "time_zone":
        return time_zone.zone_of_this_machine()
    if name == "language":
        spoken = locale.getlocale()[0] or ""
        return language.language_code(spoken) or "en-us"
    return None
