"""The person support talks to."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.model.incident import Contact, Severity
from escalate.submit.fields import country, email, language, phone, time_zone
from escalate.submit.fields.problem import Problem

REQUIRED = ("first_name", "last_name", "method", "email", "time_zone", "country", "language")
"""By the API, 2024-04-01; the phone depends on method and severity."""

_HINTS = {
    "method": "email or phone",
    "time_zone": "such as Europe/Berlin",
    "country": "such as DEU or Germany",
    "language": f"one of {', '.join(language.LANGUAGES)}",
}
_NAME_LENGTH = 100


def wire_form(contact: Contact) -> Contact:
    """The same contact as the API wants it: Windows zone, alpha-3 country, listed language, no blanks around.

    What cannot be converted stays as it is; `problems` says what is wrong with it.
    """
    clean = {name: value.strip() or None for name, value in contact if isinstance(value, str)}
    zone, land, tongue, number = (clean.get(name) for name in ("time_zone", "country", "language", "phone"))
    if zone:
        clean["time_zone"] = time_zone.windows_zone(zone) or zone
    if land:
        clean["country"] = country.alpha3(land) or land
    if tongue:
        clean["language"] = language.language_code(tongue) or tongue
    if number:
        clean["phone"] = phone.normal(number) or None
    return contact.model_copy(update=clean)


def problems(contact: Contact, severity: Severity) -> Iterator[Problem]:
    """What is missing or wrong; people's forms (IANA names, alpha-2) are taken, see `wire_form`."""
    for name in REQUIRED:
        value = getattr(contact, name)
        if not value or not value.strip():
            hint = _HINTS.get(name, "give it as a flag, in --contact FILE, or in [contact] of incident.toml")
            yield Problem(f"contact.{name}", f"the contact's {name.replace('_', ' ')} is missing", hint)
    for name in ("first_name", "last_name"):
        yield from _name_problems(name, getattr(contact, name) or "")
    if contact.email and contact.email.strip():
        yield from email.problems(contact.email)
    if contact.time_zone and contact.time_zone.strip():
        yield from time_zone.problems(contact.time_zone)
    if contact.country and contact.country.strip():
        yield from country.problems(contact.country)
    if contact.language and contact.language.strip():
        yield from language.problems(contact.language)
    yield from phone.problems(contact.phone, contact.method, severity)


def wire_problems(contact: Contact) -> Iterator[Problem]:
    """Fields that could be converted and were not."""
    for name, value in wire_form(contact):
        if getattr(contact, name) != value:
            yield Problem(f"contact.{name}", "this is not in the form of the API", "convert it before it is approved")


def _name_problems(name: str, value: str) -> Iterator[Problem]:
    if any(not char.isprintable() for char in value) or len(value) > _NAME_LENGTH:
        yield Problem(
            f"contact.{name}",
            f"the contact's {name.replace('_', ' ')} holds control characters, or more than {_NAME_LENGTH} characters",
            "write it on one line",
        )
