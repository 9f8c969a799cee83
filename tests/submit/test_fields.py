"""Each rule of the ticket API by its own examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from escalate.model.incident import Contact, Severity
from escalate.submit.fields import (
    attachments,
    classification,
    consents,
    contact,
    country,
    email,
    language,
    names,
    phone,
    resource,
    severity,
    start,
    text,
    time_zone,
)

NOW = datetime(2026, 4, 4, 6, 30, tzinfo=UTC)
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SITE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites/shop"


def _fields(problems):
    return [problem.field for problem in problems]


@pytest.mark.parametrize(
    ("text_", "zone"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("europe/berlin", "W. Europe Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("America/New York", "Eastern Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("Asia/Tokyo", "Tokyo Standard Time"),
        ("US/Pacific", "Pacific Standard Time"),
        ("Etc/UTC", "UTC"),
        ("UTC", "UTC"),
        ("GMT", "UTC"),
        ("pacific standard time", "Pacific Standard Time"),
        (" W. Europe Standard Time ", "W. Europe Standard Time"),
    ],
)
def test_a_time_zone_becomes_the_name_that_windows_uses(text_: str, zone: str):
    assert time_zone.windows_zone(text_) == zone
    assert not list(time_zone.problems(text_))


def test_an_unknown_time_zone_is_refused_with_what_it_may_have_meant():
    assert time_zone.windows_zone("CET+1") is None
    (problem,) = time_zone.problems("Europe/Berlim")
    assert "Europe/Berlin" in problem.hint


def test_every_zone_that_this_python_knows_has_a_windows_name_but_those_without_land():
    from zoneinfo import available_timezones

    left = {name for name in available_timezones() if time_zone.windows_zone(name) is None}
    assert left <= {"Antarctica/Troll", "Factory", "localtime"}


def test_the_zone_of_this_machine_is_a_windows_name_or_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time_zone, "get_localzone_name", lambda: "Europe/Paris")
    assert time_zone.zone_of_this_machine() == "Romance Standard Time"
    monkeypatch.setattr(time_zone, "get_localzone_name", lambda: None)
    assert time_zone.zone_of_this_machine() is None


@pytest.mark.parametrize(
    ("text_", "code"),
    [
        ("DE", "DEU"),
        ("deu", "DEU"),
        ("Germany", "DEU"),
        ("276", "DEU"),
        ("UK", "GBR"),
        ("United Kingdom", "GBR"),
        ("usa", "USA"),
        ("United States", "USA"),
        ("United States of America", "USA"),
        ("South Korea", "KOR"),
        ("Taiwan", "TWN"),
        ("czech republic", "CZE"),
        ("Türkiye", "TUR"),
    ],
)
def test_a_country_becomes_its_three_letters(text_: str, code: str):
    assert country.alpha3(text_) == code
    assert not list(country.problems(text_))


@pytest.mark.parametrize("text_", ["ZZ", "XYZ", "", "Atlantis", "000", "ßß"])
def test_no_country_is_refused(text_: str):
    assert country.alpha3(text_) is None
    assert _fields(country.problems(text_)) == ["contact.country"]


def test_a_misspelt_country_is_recognised_in_the_hint():
    (problem,) = country.problems("Germny")
    assert "DEU" in problem.hint


@pytest.mark.parametrize(
    ("text_", "code"),
    [
        ("en-US", "en-us"),
        ("DE", "de-de"),
        ("pt_BR", "pt-br"),
        ("de_DE.UTF-8", "de-de"),
        ("zh-Hans", "zh-hans"),
        ("zh", None),
        ("nl-nl", None),
        ("en-gb", None),
        ("", None),
    ],
)
def test_a_language_is_one_of_a_closed_list(text_: str, code: str | None):
    assert language.language_code(text_) == code
    assert bool(list(language.problems(text_))) == (code is None)


@pytest.mark.parametrize(
    "text_", ["+49 30 1234567", "0049 30 1234567", "(206) 555-0100", "030/1234567", "030.1234.567"]
)
def test_a_plausible_phone_number_is_taken(text_: str):
    assert phone.is_phone(text_)


@pytest.mark.parametrize(
    "text_", ["call me", "12345", "+49 30 1234567 ext. 12", "++49301234567", "- - - - - -", "1" * 25]
)
def test_what_is_no_phone_number_is_refused(text_: str):
    assert _fields(phone.problems(text_, "email", Severity.MINIMAL)) == ["contact.phone"]


@pytest.mark.parametrize(
    ("number", "method", "level", "fine"),
    [
        (None, "email", Severity.MINIMAL, True),
        (None, "email", Severity.MODERATE, True),
        (None, "phone", Severity.MINIMAL, False),
        (None, "email", Severity.CRITICAL, False),
        (" ", "email", Severity.HIGHEST_CRITICAL_IMPACT, False),
        ("+49 30 1234567", "phone", Severity.CRITICAL, True),
    ],
)
def test_a_phone_number_is_needed_for_calls_and_for_severity_a(number, method, level, fine):
    assert (not list(phone.problems(number, method, level))) == fine


def test_the_text_of_a_problem_never_repeats_personal_data():
    said = [*phone.problems("12 call Kim", "phone", Severity.MINIMAL), *email.problems("kim.larsen#contoso")]
    assert said
    assert not any("Kim" in str(problem) or "kim" in problem.sentence for problem in said)


@pytest.mark.parametrize("text_", ["kim@contoso.com", "k.l+azure@mail.contoso.co.uk", "x_y@bücher.example"])
def test_an_address_is_taken(text_: str):
    assert email.is_address(text_)


@pytest.mark.parametrize(
    "text_", ["kim", "kim@", "@contoso.com", "kim@contoso", "a b@contoso.com", "kim@@contoso.com", ".k@c.com",
              "k..l@c.com",
              "kim@-contoso.com", "kim@contoso.com\nBcc: x@y.zz", "k" * 65 + "@contoso.com"]
)  # fmt: skip
def test_what_is_no_address_is_refused(text_: str):
    assert not email.is_address(text_)


@pytest.mark.parametrize(
    ("level", "around", "confirmed", "blocks", "says"),
    [
        (Severity.MINIMAL, False, False, 0, ""),
        (Severity.MINIMAL, True, True, 1, "no 24x7"),
        (Severity.MODERATE, False, False, 0, ""),
        (Severity.MODERATE, True, False, 0, ""),
        (Severity.CRITICAL, False, False, 1, "24x7"),
        (Severity.CRITICAL, True, False, 1, "nobody confirmed"),
        (Severity.CRITICAL, True, True, 0, ""),
        (Severity.HIGHEST_CRITICAL_IMPACT, True, True, 0, "Premier"),
    ],
)
def test_severity_a_is_a_promise_that_somebody_confirmed(level, around, confirmed, blocks, says):
    found = list(severity.problems(level, around, confirmed))
    assert sum(problem.blocks for problem in found) == blocks
    assert says in " ".join(problem.sentence for problem in found)


def test_a_severity_is_known_by_name_and_by_letter():
    assert severity.severity_of("b") is Severity.MODERATE
    assert severity.severity_of(" Critical ") is Severity.CRITICAL
    assert severity.severity_of("D") is None


@pytest.mark.parametrize(
    "name",
    ["", "12345", "tmp-shop", "TMP-shop", "a/b", "a?b", "a<b", "a%b", "a:b", "a\\b", "a\tb", "x" * 256,
     "1890289e-747c-7ef6-b4f5-b1dbb0bead28"],
)  # fmt: skip
def test_a_ticket_name_that_the_server_refuses_is_refused_here(name: str):
    assert list(names.ticket_problems(name))


@pytest.mark.parametrize("name", ["esc-20260404-055845-3f9a1c", "x" * 255, "note-1-1a2b3c4d"])
def test_a_good_ticket_name_is_taken(name: str):
    assert not list(names.ticket_problems(name))


def test_the_workspace_of_a_ticket_may_be_all_digits():
    assert not list(names.workspace_problems("2402084010005835"))
    assert list(names.workspace_problems("a*b"))
    assert list(names.workspace_problems(""))


@pytest.mark.parametrize(
    "name",
    ["kit", "kit.", ".zip", "report.HTML", "x.ps1", "x.bin", "a" * 107 + ".zip", "a/b.zip", "a\x00.zip", "q?.zip"],
)
def test_a_file_name_that_is_refused(name: str):
    assert list(names.file_problems(name))


@pytest.mark.parametrize("name", ["kit.zip", "esc-1.tar.gz", "a" * 106 + ".zip", "Übersicht.txt"])
def test_a_file_name_that_is_taken(name: str):
    assert not list(names.file_problems(name))


def test_a_title_that_is_too_long_is_a_problem_and_is_not_cut():
    (problem,) = text.line_problems("x" * 251, "title", text.DEFAULT_CAPS.title)
    assert "251 characters, 250 are allowed" in problem.sentence
    assert not list(text.line_problems("x" * 251, "title", 300))


@pytest.mark.parametrize("title", ["", "   ", "shop slow", "two\nlines of a title", "bell \x07 in a title"])
def test_a_title_is_one_line_that_says_something(title: str):
    assert list(text.line_problems(title, "title", 250, text.SHORTEST_TITLE))


def test_a_text_may_have_lines_but_no_control_characters():
    assert not list(text.text_problems("one\n\ttwo\r\nthree", "description", 100))
    assert list(text.text_problems("esc \x1b[31m", "description", 100))
    assert list(text.text_problems("half \ud800 a pair", "description", 100))
    assert list(text.text_problems(" \n", "description", 100))


def test_a_consent_is_never_assumed():
    (problem,) = consents.advanced_problems(None)
    assert consents.WHAT_IT_PERMITS in problem.hint
    assert not list(consents.advanced_problems(False))


def test_secondary_consents_cover_what_the_classification_asks():
    asked = {"virtualmachinerdp": "May Microsoft look?"}
    assert _fields(consents.secondary_problems(asked, {})) == ["consent.virtualmachinerdp"]
    assert not list(consents.secondary_problems(asked, {"VirtualMachineRdp": False}))
    assert _fields(consents.secondary_problems({}, {"other": True})) == ["consent.other"]


def test_the_app_stands_in_the_subscription_of_the_ticket():
    assert not list(resource.problems(SITE, SUBSCRIPTION.upper()))
    (problem,) = resource.problems(SITE, "99999999-2222-3333-4444-555555555555")
    assert SUBSCRIPTION in problem.hint


@pytest.mark.parametrize(
    "id_", [None, "", "shop", SITE.replace("Microsoft.Web/sites", "Microsoft.Sql/servers"), f"{SITE}/slots/blue"]
)
def test_only_the_id_of_a_site_is_taken(id_: str | None):
    assert _fields(resource.problems(id_, SUBSCRIPTION)) == ["resource_id"]


def test_the_site_of_a_slot():
    assert resource.site_of(f"{SITE}/slots/blue") == SITE


@pytest.mark.parametrize(
    ("began", "fine"),
    [
        (NOW, True),
        (NOW + timedelta(minutes=5), True),
        (NOW + timedelta(minutes=6), False),
        (NOW - timedelta(days=540), True),
        (NOW - timedelta(days=560), False),
        (None, False),
        (NOW.replace(tzinfo=None), False),
    ],
)
def test_the_problem_began_in_a_sane_window(began: datetime | None, fine: bool):
    assert (not list(start.problems(began, NOW))) == fine


def test_attachments_are_neither_empty_nor_too_big_nor_twice_there():
    assert not list(attachments.problems([("kit.zip", 1), ("delta.zip", 5_000_000)]))
    assert len(list(attachments.problems([("kit.zip", 0), ("big.zip", 5_000_001), ("KIT.zip", 1)]))) == 3


SERVICE = "b452a42b-3779-64de-532c-8a32738357a6"
PROBLEM = "b14f7fde-14bc-2ff9-d612-697580802224"


def test_ids_of_classifications_are_read_in_every_form():
    whole = classification.classification_id(SERVICE, PROBLEM)
    assert classification.classification_guids(whole.upper()) == (SERVICE, PROBLEM)
    assert classification.classification_guids(PROBLEM.upper()) == (None, PROBLEM)
    assert classification.classification_guids("C:/Program Files/Git" + whole) is None
    assert classification.service_guid(classification.service_id(SERVICE)) == SERVICE


def test_a_classification_belongs_to_its_service_and_the_service_is_technical():
    whole = classification.classification_id(SERVICE, PROBLEM)
    assert not list(classification.problems(classification.service_id(SERVICE), whole))
    assert list(classification.problems(classification.service_id("1890289e-747c-7ef6-b4f5-b1dbb0bead28"), whole))
    billing = "517f2da6-78fd-0498-4e22-ad26996b1dfc"
    (problem,) = classification.problems(
        classification.service_id(billing), classification.classification_id(billing, PROBLEM)
    )
    assert "billing" in problem.sentence


KIM = Contact(
    first_name="Kim",
    last_name="Larsen",
    method="email",
    email=" kim@contoso.com ",
    phone="0045 33 12 34 56",
    time_zone="Europe/Copenhagen",
    country="Denmark",
    language="EN-us",
)


def test_a_contact_takes_the_form_of_the_wire():
    wired = contact.wire_form(KIM)
    assert wired == KIM.model_copy(
        update={
            "email": "kim@contoso.com",
            "phone": "+45 33 12 34 56",
            "time_zone": "Romance Standard Time",
            "country": "DNK",
            "language": "en-us",
        }
    )
    assert not list(contact.problems(wired, Severity.CRITICAL))
    assert not list(contact.wire_problems(wired))
    assert _fields(contact.wire_problems(KIM)) == [
        "contact.email", "contact.phone", "contact.time_zone", "contact.country", "contact.language",
    ]  # fmt: skip


def test_an_empty_contact_is_told_everything_that_is_missing():
    assert _fields(contact.problems(Contact(), Severity.MINIMAL)) == [f"contact.{name}" for name in contact.REQUIRED]
