"""Filing, reading, listing and changing tickets, by Microsoft's own client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest

from escalate.lab.support.setup import BY_API, PLANS
from tests.fakes.support_lab import LINUX, WINDOWS, SupportLab, ticket_properties
from tests.lab.conftest import Support

DATABASE_TOPIC = "Networking / Connecting to a database"


def file(lab: SupportLab, name: str = "esc-1", **more: Any):
    return lab.client().support_tickets.begin_create(name, {"properties": ticket_properties(lab, **more)}).result()


def code_of(caught: pytest.ExceptionInfo[HttpResponseError]) -> str:
    assert caught.value.error is not None
    return str(caught.value.error.code)


def contact(lab: SupportLab, **more: Any) -> dict[str, Any]:
    fields = {**ticket_properties(lab)["contactDetails"], **more}
    return {name: value for name, value in fields.items() if value is not None}


def classification(lab: SupportLab, name: str, service: str = LINUX) -> str:
    found = lab.client().problem_classifications.list(service.rsplit("/", 1)[-1])
    return next(each.id for each in found if each.display_name == name)


def test_a_ticket_is_accepted_polled_and_read_back(support: Support) -> None:
    lab = support()
    ticket = file(lab)
    assert ticket.status == "Open"
    assert ticket.support_ticket_id.isdigit()
    assert len(ticket.support_ticket_id) == 16
    assert ticket.service_display_name == "Web App (Linux)"
    assert ticket.technical_ticket_details.resource_id == lab.resource_id
    assert ticket.service_level_agreement.sla_minutes == 120
    assert lab.operations() == ["tickets.create", "operations.status", "operations.status", "tickets.get"]


def test_the_202_has_signed_urls_no_body_and_no_retry_after(support: Support) -> None:
    lab = support()
    got: list[Any] = []
    lab.client(raw_response_hook=got.append).support_tickets.begin_create(
        "esc-1", {"properties": ticket_properties(lab)}
    ).result()
    answer = got[0].http_response
    assert answer.status_code == 202
    assert answer.text() == ""
    assert "Retry-After" not in answer.headers
    for header, kind in (("Azure-AsyncOperation", "operationsStatus"), ("Location", "operationResults")):
        assert f"/providers/Microsoft.Support/{kind}/" in answer.headers[header]
        assert 3_500 < len(answer.headers[header]) < 4_500
    recorded = [each.target for each in lab.lab.requests if "operations" in each.target]
    assert recorded
    assert all(each.endswith("?api-version=2024-04-01&_") for each in recorded)


def test_an_operations_url_that_lost_its_tail_is_refused(support: Support) -> None:
    lab = support()
    got: list[Any] = []
    lab.client(raw_response_hook=got.append).support_tickets.begin_create(
        "esc-1", {"properties": ticket_properties(lab)}
    ).result()
    url = got[0].http_response.headers["Azure-AsyncOperation"]
    whole = lab.client()._client.send_request(HttpRequest("GET", url))
    cut = lab.client()._client.send_request(HttpRequest("GET", url[:2000]))
    assert (whole.status_code, whole.json()["status"]) == (200, "Succeeded")
    assert cut.status_code == 403


def test_a_ticket_comes_about_though_nobody_polls(support: Support) -> None:
    lab = support(takes=timedelta(seconds=8), polls=100)
    lab.client(polling_interval=600).support_tickets.begin_create("esc-1", {"properties": ticket_properties(lab)})
    with pytest.raises(ResourceNotFoundError):
        lab.client().support_tickets.get("esc-1")
    lab.advance(timedelta(seconds=9))
    assert lab.client().support_tickets.get("esc-1").status == "Open"


@pytest.mark.parametrize("plan", PLANS)
def test_the_plan_gate_shuts_only_after_the_202(support: Support, plan: str) -> None:
    lab = support(plan=plan)
    if plan in BY_API:
        assert file(lab).support_plan_type == plan
        return
    poller = lab.client().support_tickets.begin_create("esc-1", {"properties": ticket_properties(lab)})
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    kind = "Free" if plan == "none" else plan
    assert caught.value.status_code == 200
    assert code_of(caught) == "InvalidSupportPlan"
    assert f"Your support plan type is {kind}. To create and update support tickets" in caught.value.message
    assert lab.tickets == ()
    with pytest.raises(ResourceNotFoundError):
        lab.client().support_tickets.get("esc-1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, None) for name in ("serviceId", "title", "description", "problemClassificationId", "severity")),
        ("contactDetails", None),
        ("advancedDiagnosticConsent", None),
        ("advancedDiagnosticConsent", "Perhaps"),
        ("severity", "catastrophic"),
        ("severity", "highestcriticalimpact"),
        ("severity", "critical"),
        ("serviceId", WINDOWS),
        ("problemClassificationId", f"{LINUX}/problemClassifications/3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ("supportTicketId", "2402084010005835"),
        ("problemStartTime", "2026-11-30T05:55:00"),
        ("problemStartTime", "2020-01-01T00:00:00Z"),
        ("problemStartTime", (datetime.now(UTC) + timedelta(days=1)).isoformat()),
        ("technicalTicketDetails", {"resourceId": f"/subscriptions/{'1' * 8}-1111/resourceGroups/a/providers/b/c/d"}),
        ("fileWorkspaceName", "not-there"),
        ("secondaryConsent", [{"type": "DatabaseConsent", "userConsent": "Yes"}]),
    ],
)
def test_a_ticket_with_a_wrong_field_is_refused_at_once(support: Support, field: str, value: Any) -> None:
    lab = support()
    sent = {**ticket_properties(lab), field: value}
    sent = {name: each for name, each in sent.items() if each is not None}
    with pytest.raises(HttpResponseError) as caught:
        raw_put(lab, sent)
    assert (caught.value.status_code, code_of(caught)) == (400, "InvalidParameterValue")
    assert not lab.tickets


def raw_put(lab: SupportLab, properties: dict[str, Any]) -> None:
    """As JSON: the client's models would rename or leave out fields that it does not know."""
    body = {"properties": properties}
    lab.client().support_tickets.begin_create("esc-1", _stream(body), content_type="application/json")


def _stream(body: Any) -> Any:
    import io
    import json

    return io.BytesIO(json.dumps(body).encode())


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in ("firstName", "lastName", "preferredContactMethod", "primaryEmailAddress")),
        *({name: None} for name in ("preferredTimeZone", "country", "preferredSupportLanguage")),
        {"country": "DE"},
        {"preferredTimeZone": "Europe/Berlin"},
        {"preferredSupportLanguage": "nl-nl"},
        {"preferredContactMethod": "pigeon"},
        {"preferredContactMethod": "phone"},
        {"primaryEmailAddress": "robin"},
    ],
)
def test_a_contact_that_cannot_be_reached_is_refused(support: Support, change: dict[str, Any]) -> None:
    lab = support()
    with pytest.raises(HttpResponseError) as caught:
        raw_put(lab, ticket_properties(lab, contactDetails=contact(lab, **change)))
    assert code_of(caught) == "InvalidParameterValue"
    assert "contactDetails." in caught.value.message


def test_round_the_clock_is_not_for_minimal(support: Support) -> None:
    lab = support()
    with pytest.raises(HttpResponseError):
        file(lab, severity="minimal", require24X7Response=True)
    reachable = contact(lab, phoneNumber="+49 30 1234567")
    ticket = file(lab, severity="Critical", require24X7Response=True, contactDetails=reachable)
    assert ticket.require24_x7_response
    assert ticket.service_level_agreement.sla_minutes == 60


def test_the_emergency_severity_needs_premier_or_unified(support: Support) -> None:
    lab = support(plan="Unified")
    reachable = contact(lab, phoneNumber="+49 30 1234567")
    assert file(lab, severity="highestcriticalimpact", contactDetails=reachable).severity == "HighestCriticalImpact"


def test_secondary_consent_must_cover_what_the_classification_asks(support: Support) -> None:
    lab = support()
    asks = classification(lab, DATABASE_TOPIC)
    with pytest.raises(HttpResponseError) as caught:
        file(lab, problemClassificationId=asks)
    assert "secondaryConsent" in caught.value.message
    given = [{"type": "DatabaseConsent", "userConsent": "No"}]
    assert file(lab, problemClassificationId=asks, secondaryConsent=given).secondary_consent[0].user_consent == "No"


def test_answers_spell_enums_as_recorded_or_as_the_file_does(support: Support) -> None:
    recorded, described = file(support()), file(support(real_casing=False))
    assert (recorded.severity, recorded.contact_details.preferred_contact_method) == ("Moderate", "Email")
    assert (described.severity, described.contact_details.preferred_contact_method) == ("moderate", "email")


def test_a_second_put_of_a_name_makes_a_second_ticket(support: Support) -> None:
    """Nothing says what the live service does; this is the worst, and what a client has to make impossible."""
    lab = support()
    file(lab)
    file(lab)
    assert [each.name for each in lab.tickets] == ["esc-1", "esc-1"]
    assert len({each.ticket_id for each in lab.tickets}) == 2


def test_fields_are_changed_at_the_root(support: Support) -> None:
    lab = support()
    file(lab)
    tickets = lab.client().support_tickets
    changed = tickets.update(
        "esc-1", {"severity": "minimal", "advancedDiagnosticConsent": "No", "contactDetails": {"firstName": "Kim"}}
    )
    assert (changed.severity, changed.advanced_diagnostic_consent) == ("Minimal", "No")
    assert (changed.contact_details.first_name, changed.contact_details.last_name) == ("Kim", "Example")
    assert changed.modified_date >= changed.created_date


@pytest.mark.parametrize(
    "body", [{"properties": {"severity": "minimal"}}, {}, {"title": "another"}, {"contactDetails": "Kim"}]
)
def test_any_other_shape_of_a_change_is_refused(support: Support, body: dict[str, Any]) -> None:
    lab = support()
    file(lab)
    with pytest.raises(HttpResponseError) as caught:
        lab.client().support_tickets.update("esc-1", _stream(body), content_type="application/json")
    assert (caught.value.status_code, code_of(caught)) == (400, "JsonDeserializationError")


def test_a_closed_ticket_takes_no_change_but_a_message_opens_it_again(support: Support) -> None:
    lab = support()
    file(lab)
    client = lab.client()
    assert client.support_tickets.update("esc-1", {"status": "closed"}).status == "Closed"
    for change in ({"severity": "minimal"}, {"status": "open"}):
        with pytest.raises(HttpResponseError) as caught:
            client.support_tickets.update("esc-1", change)
        assert code_of(caught) == "UpdateOperationDenied"
    message = {"properties": {"subject": "Again", "body": "It is back.", "sender": "robin@contoso.example"}}
    client.communications.begin_create("esc-1", "note-1", message).result()
    assert client.support_tickets.get("esc-1").status == "Open"


def test_lists_are_filtered(support: Support) -> None:
    lab = support(open_ticket=True)
    file(lab)
    client = lab.client()
    client.support_tickets.update("esc-1", {"status": "closed"})

    def names(text: str | None = None) -> list[str]:
        return [each.name for each in client.support_tickets.list(filter=text)]

    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert names() == ["esc-1", "colleagues-ticket"]
    assert names("Status eq 'Open'") == ["colleagues-ticket"]
    assert names("status eq 'open' and createdDate ge 2020-01-01T00:00:00Z") == ["colleagues-ticket"]
    assert names(f"CreatedDate ge {hour_ago}") == ["esc-1"]
    assert names(f"ServiceId eq '{LINUX.rsplit('/', 1)[-1]}'") == ["esc-1", "colleagues-ticket"]
    assert names(f"ServiceId eq '{WINDOWS.rsplit('/', 1)[-1]}'") == []
    for wrong in (
        "Status ne 'Open'",
        "Title eq 'x'",
        "Status",
        "CreatedDate ge yesterday",
        "CreatedDate eq 2026-01-01",
    ):
        with pytest.raises(HttpResponseError):
            names(wrong)


def test_lists_have_pages(support: Support) -> None:
    lab = support()
    for number in range(7):
        lab.desk.file(f"esc-{number}", ticket_properties(lab))
    client = lab.client()
    assert len(list(client.support_tickets.list(top=3))) == 7
    assert lab.operations("tickets.list") == ["tickets.list"] * 3
    for wrong in (0, 101):
        with pytest.raises(HttpResponseError):
            list(client.support_tickets.list(top=wrong))


def test_a_colleagues_open_ticket_is_about_the_same_app(support: Support) -> None:
    lab = support(open_ticket=True)
    (found,) = lab.client().support_tickets.list(filter="Status eq 'Open'")
    assert found.technical_ticket_details.resource_id == lab.resource_id
    assert found.contact_details.first_name == "Sam"


def test_chats_are_empty(support: Support) -> None:
    lab = support()
    file(lab)
    assert list(lab.client().chat_transcripts.list("esc-1")) == []
