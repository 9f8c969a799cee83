"""Messages, the engineer, the registration and roles, by Microsoft's own client."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline import policies
from azure.mgmt.core.policies import ARMHttpLoggingPolicy

from escalate.lab.support import engineer
from tests.fakes.support_lab import Bearer, SupportLab, envelope, ticket_properties
from tests.lab.conftest import Support, Wire

NOTE = {"properties": {"subject": "A note", "body": "It began at 05:55 UTC.", "sender": "robin@contoso.example"}}
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def file(lab: SupportLab, name: str = "esc-1") -> Any:
    return lab.client().support_tickets.begin_create(name, {"properties": ticket_properties(lab)}).result()


def test_a_message_is_accepted_polled_and_read_back(support: Support) -> None:
    lab = support()
    file(lab)
    note = lab.client().communications.begin_create("esc-1", "note-1", NOTE).result()
    assert (note.subject, note.communication_type, note.communication_direction) == ("A note", "Web", "Inbound")
    assert [each.name for each in lab.client().communications.list("esc-1")] == ["note-1"]


def test_a_message_needs_a_ticket_a_sender_and_a_name_that_is_no_guid(support: Support) -> None:
    lab = support()
    client = lab.client()
    with pytest.raises(ResourceNotFoundError):
        client.communications.begin_create("esc-1", "note-1", NOTE)
    file(lab)
    for field in ("subject", "body", "sender"):
        with pytest.raises(HttpResponseError, match=f"{field} cannot be empty"):
            client.communications.begin_create("esc-1", "note-1", {"properties": {**NOTE["properties"], field: ""}})
    with pytest.raises(HttpResponseError) as caught:
        client.communications.begin_create("esc-1", GUID, NOTE)
    assert envelope(caught.value)["Error"] == {
        "Code": "InvalidData",
        "Message": "Communication resource name is invalid. Please provide a valid name.",
        "Target": None,
        "InnerError": None,
        "Details": [],
    }
    with pytest.raises(ResourceNotFoundError):
        client.communications.get("esc-1", "note-1")


def test_messages_are_listed_by_tens_newest_first_and_filtered(support: Support) -> None:
    lab = support()
    file(lab)
    for number in range(12):
        engineer.ask(lab.desk, lab.ticket("esc-1"), f"Question {number}")
    client = lab.client()
    assert [each.body for each in client.communications.list("esc-1")][:2] == ["Question 11", "Question 10"]
    assert lab.operations("communications.list") == ["communications.list"] * 2
    text = "communicationType eq 'web' and createdDate ge 2020-01-01T00:00:00Z"
    assert len(list(client.communications.list("esc-1", filter=text))) == 12
    assert list(client.communications.list("esc-1", filter="communicationType eq 'phone'")) == []
    with pytest.raises(HttpResponseError):
        list(client.communications.list("esc-1", top=11))


def test_a_plan_below_prodirect_neither_writes_nor_changes(support: Support) -> None:
    lab = support(plan="none", open_ticket=True)
    client = lab.client()
    with pytest.raises(HttpResponseError) as caught:
        client.communications.begin_create("colleagues-ticket", "note-1", NOTE).result()
    assert caught.value.error is not None
    assert caught.value.error.code == "InvalidSupportPlan"
    with pytest.raises(HttpResponseError, match="high tier-support plans"):
        client.support_tickets.update("colleagues-ticket", {"severity": "minimal"})
    assert client.support_tickets.get("colleagues-ticket").status == "Open"


def test_an_engineer_takes_the_ticket_asks_and_holds_its_severity(support: Support) -> None:
    lab = support()
    file(lab)
    tickets = lab.client().support_tickets
    assert tickets.get("esc-1").support_engineer.email_address is None
    engineer.take(lab.desk, lab.ticket("esc-1"))
    asked = engineer.ask(lab.desk, lab.ticket("esc-1"))
    worker = lab.lab.state.world.workers[0]
    assert worker.machine in asked.body
    assert worker.arm_id in asked.body
    got = lab.client().communications.get("esc-1", asked.name)
    assert (got.communication_direction, got.sender) == ("Outbound", engineer.EMAIL)
    assert tickets.get("esc-1").support_engineer.email_address == engineer.EMAIL
    with pytest.raises(HttpResponseError) as caught:
        tickets.update("esc-1", {"severity": "minimal"})
    assert caught.value.error is not None
    assert caught.value.error.code == "UpdateOperationDenied"
    engineer.rate(lab.desk, lab.ticket("esc-1"), "minimal")
    assert tickets.get("esc-1").severity == "Minimal"
    engineer.close(lab.desk, lab.ticket("esc-1"))
    assert tickets.get("esc-1").status == "Closed"


def test_an_engineer_comes_by_himself_after_a_while(support: Support) -> None:
    lab = support(engineer_after=timedelta(minutes=30))
    file(lab)
    assert list(lab.client().communications.list("esc-1")) == []
    lab.advance(timedelta(minutes=31))
    (asked,) = lab.client().communications.list("esc-1")
    assert "memory dump" in asked.body
    assert len(list(lab.client().communications.list("esc-1"))) == 1


def test_a_reader_is_told_what_is_missing_and_where(support: Support) -> None:
    lab = support(role="Reader", open_ticket=True)
    client = lab.client()
    assert client.support_tickets.get("colleagues-ticket").status == "Open"
    assert list(client.services.list())
    writes = {
        "supportTickets/write": lambda: file(lab),
        "fileWorkspaces/write": lambda: client.file_workspaces.create("esc-1"),
        "checkNameAvailability/action": lambda: client.support_tickets.check_name_availability(
            {"name": "esc-1", "type": "Microsoft.Support/supportTickets"}
        ),
    }
    for action, write in writes.items():
        with pytest.raises(HttpResponseError) as caught:
            write()
        assert (caught.value.status_code, caught.value.error.code) == (403, "AuthorizationFailed")
        assert f"perform action 'Microsoft.Support/{action}' over scope '/subscriptions/" in caught.value.message
    assert len(lab.tickets) == 1


def test_the_support_role_files_and_its_permissions_say_so(support: Support) -> None:
    lab = support(role="Support Request Contributor")
    assert file(lab).status == "Open"
    got = Wire(lab.lab).get(f"/subscriptions/{lab.subscription}/providers/Microsoft.Authorization/permissions")
    assert "Microsoft.Support/*" in got.json["value"][0]["actions"]
    assert Wire(lab.lab).ask("POST", "~/config/appsettings/list").status == 403


def test_an_unregistered_subscription_is_refused_and_services_are_still_told(support: Support) -> None:
    lab = support(registered=False)
    client = without_registering(lab)
    assert list(client.services.list())
    with pytest.raises(ResourceExistsError) as caught:
        client.support_tickets.begin_create("esc-1", {"properties": ticket_properties(lab)})
    assert (caught.value.status_code, caught.value.error.code) == (409, "MissingSubscriptionRegistration")
    with pytest.raises(ResourceExistsError):
        client.file_workspaces.create("esc-1")
    assert lab.desk.registrations == []


def without_registering(lab: SupportLab) -> Any:
    """The client without its habit of registering the subscription for its user."""
    token, _ = lab.lab.state.tokens.issue(lab.base_url)
    chain = [policies.RequestIdPolicy(), policies.HeadersPolicy(), policies.ContentDecodePolicy(), Bearer(token)]
    return lab.client(policies=[*chain, ARMHttpLoggingPolicy()])


def test_the_client_as_it_comes_registers_silently_and_that_is_noted(
    support: Support, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azure.mgmt.core.policies._base.time.sleep", lambda _: None)
    lab = support(registered=False)
    assert file(lab).status == "Open"
    assert len(lab.desk.registrations) == 1
    assert "provider.register" in lab.operations()


def test_the_state_of_the_registration_can_be_read(support: Support) -> None:
    lab = support(registered=False)
    wire = Wire(lab.lab)
    path = f"/subscriptions/{lab.subscription}/providers/Microsoft.Support"

    def state() -> str:
        return str(wire.get(path).json["registrationState"])

    assert state() == "NotRegistered"
    assert wire.ask("POST", f"{path}/register").json["registrationState"] == "Registering"
    assert [state(), state()] == ["Registering", "Registered"]
    assert support(role="Reader").client is not None
    assert Wire(support(role="Reader").lab).ask("POST", f"{path}/register").status == 403


def test_an_incident_of_the_service_is_active_when_the_lab_is_set_up_with_one(support: Support) -> None:
    lab = support(service_incident=True)
    wire = Wire(lab.lab)
    path = f"/subscriptions/{lab.subscription}/providers/Microsoft.ResourceHealth/events"
    (event,) = wire.get(path).json["value"]
    assert event["properties"]["status"] == "Active"
    assert "impactMitigationTime" not in event["properties"]
    assert wire.get(f"{path}/{event['name']}/impactedResources").json["value"]
    assert Wire(support().lab).get(path).json["value"] == []
