"""Properties of the rules: conversions are stable, names of ours always pass, nothing raises on any text."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from escalate.case.store import new_case_id
from escalate.draft.ticket import ticket_name
from escalate.model.base import CaseId
from escalate.model.incident import Contact, Severity
from escalate.model.submission import Classification, ConsentAsked, SecondaryConsent, TicketRequest, Upload
from escalate.model.ticket_names import communication_name, file_name, workspace_name
from escalate.submit.fields import contact, country, language, names, phone, problems, time_zone
from escalate.submit.fields.classification import classification_guids, classification_id, service_id

NOW = datetime(2026, 4, 4, 6, 30, tzinfo=UTC)
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SERVICE = "b452a42b-3779-64de-532c-8a32738357a6"
PROBLEM = "b14f7fde-14bc-2ff9-d612-697580802224"

GOOD = TicketRequest(
    case_id=CaseId("esc-20260404-055845-3f9a1c"),
    subscription=SUBSCRIPTION,
    resource_id=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites/shop",
    name="esc-20260404-055845-3f9a1c",
    workspace="esc-20260404-055845-3f9a1c-files",
    title="Workers killed while a dependency is slow",
    description="Workers are killed.\nSee the kit.",
    severity=Severity.MODERATE,
    require_24x7=False,
    problem_start=NOW,
    classification=Classification(
        service_id=service_id(SERVICE),
        service_name="Web App (Linux)",
        id=classification_id(SERVICE, PROBLEM),
        name="Application Code Deployment / Application issues post deployment",
        source="live",
        asks=(ConsentAsked(type="look"),),
    ),
    contact=Contact(
        first_name="Kim",
        last_name="Larsen",
        method="email",
        email="kim@contoso.com",
        time_zone="Romance Standard Time",
        country="DNK",
        language="en-us",
    ),
    advanced_diagnostics=False,
    secondary_consents=(SecondaryConsent(type="Look", given=True),),
    attachments=(Upload(path="bundle/kit.zip", name="kit.zip", size=5_000_000, sha256="0" * 64),),
)

_ANY = st.text(max_size=300)
_MAYBE = st.none() | st.text(max_size=40)
_CONTACTS = st.builds(
    Contact,
    first_name=_MAYBE,
    last_name=_MAYBE,
    method=st.sampled_from([None, "email", "phone"]),
    email=_MAYBE | st.emails(),
    phone=_MAYBE | st.from_regex(r"\A(\+|00)?[0-9 ()./-]{4,24}\Z"),
    time_zone=_MAYBE | st.sampled_from(["Europe/Berlin", "utc", "Tokyo Standard Time"]),
    country=_MAYBE | st.sampled_from(["de", "USA", "Japan", "276"]),
    language=_MAYBE | st.sampled_from(["EN-US", "de", "zh_TW"]),
)


def test_a_good_request_has_no_problem():
    assert problems(GOOD, NOW) == ()


@given(_ANY)
def test_what_was_converted_once_is_not_changed_by_a_second_conversion(text: str):
    for convert in (time_zone.windows_zone, country.alpha3, language.language_code):
        once = convert(text)
        assert once is None or convert(once) == once
    assert phone.normal(phone.normal(text)) == phone.normal(text)


@given(_CONTACTS)
def test_the_wire_form_of_a_contact_is_final_and_has_no_more_problems_than_the_contact(given_: Contact):
    wired = contact.wire_form(given_)
    assert contact.wire_form(wired) == wired
    assert not list(contact.wire_problems(wired))
    before = {problem.field for problem in contact.problems(given_, Severity.MINIMAL)}
    assert {problem.field for problem in contact.problems(wired, Severity.MINIMAL)} <= before


@given(st.datetimes(timezones=st.just(UTC)), _ANY, st.integers(1, 999), st.integers(1, 9))
def test_every_name_we_derive_passes_the_rules(now: datetime, text: str, number: int, attempt: int):
    case = new_case_id(now)
    assert not list(names.ticket_problems(ticket_name(case)))
    assert not list(names.ticket_problems(communication_name(number, text)))
    assert not list(names.workspace_problems(workspace_name(case, attempt)))
    assert not list(names.file_problems(file_name(f"{case}-kit.zip", attempt)))


@given(_ANY)
def test_a_name_that_passes_holds_nothing_of_what_the_server_forbids(name: str):
    if not list(names.ticket_problems(name)):
        assert not set(name) & set("<>%&:\\?/")
        assert name.isprintable()
        assert not name.isdigit()
        assert not name.lower().startswith("tmp-")
        assert 0 < len(name) <= 255


@given(_ANY)
def test_a_file_name_that_passes_is_short_has_an_allowed_extension_and_no_folder(name: str):
    if not list(names.file_problems(name)):
        assert len(name) <= 110
        assert "/" not in name
        assert "\\" not in name
        assert "." + name.rpartition(".")[2].casefold() not in names.DENIED


@given(st.uuids(), st.uuids())
def test_ids_of_classifications_survive_the_round_trip(service: object, problem: object):
    assert classification_guids(classification_id(str(service), str(problem))) == (str(service), str(problem))


@given(
    title=_ANY,
    description=_ANY,
    name=_ANY,
    workspace=_ANY,
    subscription=_ANY,
    resource=_ANY,
    severity=st.sampled_from(Severity),
    around=st.booleans(),
    start=st.datetimes(timezones=st.just(UTC)),
    contact_=_CONTACTS,
    copies=st.lists(_MAYBE.filter(bool), max_size=3),
    files=st.lists(st.tuples(_ANY, st.integers(0, 9_000_000)), max_size=3),
)
def test_no_request_makes_the_rules_raise_and_each_problem_says_what_to_do(
    title, description, name, workspace, subscription, resource, severity, around, start, contact_, copies, files
):
    request = GOOD.model_copy(
        update={
            "title": title,
            "description": description,
            "name": name,
            "workspace": workspace,
            "subscription": subscription,
            "resource_id": resource,
            "severity": severity,
            "require_24x7": around,
            "problem_start": start,
            "contact": contact_,
            "copies_to": tuple(copies),
            "attachments": tuple(Upload(path="x", name=name, size=size, sha256="0" * 64) for name, size in files),
        }
    )
    for problem in problems(request, NOW):
        assert problem.field
        assert problem.sentence
        assert problem.hint


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_title_is_too_long_exactly_beyond_its_cap(length: int, cap: int):
    from escalate.submit.fields.text import line_problems

    long = [one for one in line_problems("t" * length, "title", cap) if "are allowed" in one.sentence]
    assert bool(long) == (length > cap)
