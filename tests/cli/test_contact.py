"""The contact of a ticket: where it comes from, what goes before what, and what is asked for."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from escalate.cli import contact
from escalate.cli.contact import ContactFlags, People, people
from escalate.errors import ConfigError
from escalate.model.incident import Contact, Severity
from escalate.submit.fields import time_zone

KIM = """
first_name = "Kim"
last_name = "Larsen"
method = "email"
email = "kim@contoso.com"
time_zone = "Europe/Copenhagen"
country = "DK"
language = "en-US"
copies_to = ["ops@contoso.com"]
"""


def flags(**given: object) -> ContactFlags:
    names = (
        "contact_file",
        "first_name",
        "last_name",
        "contact_method",
        "email",
        "phone",
        "time_zone",
        "country",
        "language",
    )
    values = {**dict.fromkeys(names), "copies_to": (), **given}
    return ContactFlags(**values)


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    place = tmp_path / "contact.toml"
    place.write_text(KIM)
    return place


def test_the_usual_file_is_enough_and_is_converted(usual: Path):
    found = people(flags(), Contact(), Severity.MINIMAL, ask=False, place=usual)
    assert found.contact.time_zone == "Romance Standard Time"
    assert found.contact.country == "DNK"
    assert found.contact.language == "en-us"
    assert found.copies_to == ("ops@contoso.com",)


def test_a_flag_goes_before_a_named_file_before_the_incident_before_the_usual_file(usual: Path, tmp_path: Path):
    named = tmp_path / "other.toml"
    named.write_text('[contact]\nlast_name = "Named"\nemail = "named@contoso.com"\n')
    incident = Contact(last_name="Incident", email="incident@contoso.com", country="Sweden")
    given = flags(contact_file=named, last_name="Flag")
    found = people(given, incident, Severity.MINIMAL, ask=False, place=usual).contact
    assert (found.last_name, found.email, found.country, found.first_name) == (
        "Flag",
        "named@contoso.com",
        "SWE",
        "Kim",
    )


def test_everything_that_is_missing_is_said_at_once_and_without_values(tmp_path: Path):
    given = flags(first_name="Kim", email="kim#contoso")
    with pytest.raises(ConfigError) as caught:
        people(given, Contact(), Severity.CRITICAL, ask=False, place=tmp_path / "none")
    for field in ("last_name", "method", "email", "phone", "time_zone", "country", "language"):
        assert f"contact.{field}" in caught.value.message
    assert "kim#" not in caught.value.message


@pytest.mark.parametrize(
    "text", ["first_name = ", "nickname = 'K'", "first_name = 7", "method = 'pigeon-kim'", "[contact]\nx = 1", "\xff"]
)
def test_a_file_that_cannot_be_meant_is_refused_without_quoting_it(tmp_path: Path, text: str):
    place = tmp_path / "contact.toml"
    place.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        people(flags(), Contact(), Severity.MINIMAL, ask=False, place=place)
    assert "pigeon-kim" not in caught.value.message


def test_what_is_missing_or_wrong_is_asked_for_until_it_is_right(usual: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_zone, "get_localzone_name", lambda: "Europe/Oslo")
    usual.write_text('first_name = "Kim"\nlast_name = "Larsen"\nemail = "kim"\ncountry = "Atlantis"\n')
    seen: list[People] = []

    @click.command()
    def ask() -> None:
        seen.append(people(flags(), Contact(), Severity.CRITICAL, ask=True, place=usual))

    answers = ["phone", "kim@", "kim@contoso.com", "call me", "+47 22 12 34 56", "", "Norway", "", "y"]
    ran = CliRunner().invoke(ask, input="\n".join(answers) + "\n")
    assert ran.exit_code == 0, ran.output
    (found,) = seen
    assert contact.read_file(usual).phone == "+47 22 12 34 56"
    assert usual.stat().st_mode & 0o077 == 0
    assert found.contact == Contact(
        first_name="Kim",
        last_name="Larsen",
        method="phone",
        email="kim@contoso.com",
        phone="+47 22 12 34 56",
        time_zone="W. Europe Standard Time",
        country="NOR",
        language=found.contact.language,
    )
    assert found.contact.language in ("en-us", "de-de", "fr-fr")
    assert "First name" not in ran.output


def test_a_saved_contact_is_read_again_and_private(tmp_path: Path):
    kim = Contact(first_name='Kim "K"', last_name="Łarsen", method="email", email="kim@contoso.com")
    place = tmp_path / "deep" / "contact.toml"
    contact.save(People(kim, ("ops@contoso.com",)), place)
    assert place.stat().st_mode & 0o077 == 0
    again = contact.read_file(place)
    assert again.model_dump(exclude={"copies_to"}) == kim.model_dump()
    assert again.copies_to == ("ops@contoso.com",)
