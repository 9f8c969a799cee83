"""Services, classifications and name checks, asked by Microsoft's own client."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.support import MicrosoftSupport

from tests.fakes.support_lab import envelope, ticket_properties
from tests.lab.conftest import Support

APP_SERVICE = {
    "Web App (Windows)": "1890289e-747c-7ef6-b4f5-b1dbb0bead28",
    "Web App (Linux)": "b452a42b-3779-64de-532c-8a32738357a6",
    "Web App for Containers": "d40f17bb-8b19-117c-f69a-d1be4187f657",
    "Function App": "5ce8de69-abba-65a0-e0e4-a684bcbc7931",
}
RULE = (
    "Name {} is invalid. The name cannot include: '<', '>', '%', '&', ':', '\\', '?', '/' or any control characters. "
    "It cannot be all digits and cannot start with 'tmp-'. The max length is 255 characters."
)
TICKET, COMMUNICATION = "Microsoft.Support/supportTickets", "Microsoft.Support/communications"
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def check(client: MicrosoftSupport, name: str, kind: str = TICKET):
    return client.support_tickets.check_name_availability({"name": name, "type": kind})


def test_every_service_of_app_service_is_there_under_its_guid(support: Support) -> None:
    client = support().client()
    found = {each.display_name: each for each in client.services.list()}
    assert {name: found[name].name for name in APP_SERVICE} == APP_SERVICE
    linux = client.services.get(APP_SERVICE["Web App (Linux)"].upper())
    assert linux.id == f"/providers/Microsoft.Support/services/{APP_SERVICE['Web App (Linux)']}"
    assert "MICROSOFT.WEB/SITES" in linux.resource_types


@pytest.mark.parametrize("service", APP_SERVICE.values(), ids=APP_SERVICE)
def test_classifications_have_a_category_a_topic_and_an_id_of_their_own(support: Support, service: str) -> None:
    client = support().client()
    found = list(client.problem_classifications.list(service))
    names = [each.display_name for each in found]
    assert len(names) == len(set(names)) == len({each.name for each in found}) > 10
    assert all(len(name.split(" / ")) == 2 for name in names)
    assert any(name.endswith("High memory usage") for name in names)
    assert [each.display_name for each in found if each.secondary_consent_enabled] == [
        "Networking / Connecting to a database"
    ]
    one = client.problem_classifications.get(service, found[0].name)
    assert one.id == f"/providers/Microsoft.Support/services/{service}/problemClassifications/{found[0].name}"


def test_the_guids_that_public_sources_name_are_used(support: Support) -> None:
    found = {
        each.name: each.display_name
        for each in support().client().problem_classifications.list(APP_SERVICE["Web App (Linux)"])
    }
    assert found["b14f7fde-14bc-2ff9-d612-697580802224"].startswith("Application Code Deployment / ")
    assert found["6baa322b-ef6b-f235-c0c0-82ff512602c4"] == "Networking / Outbound connectivity"


def test_what_is_not_there_is_404(support: Support) -> None:
    client = support().client()
    with pytest.raises(ResourceNotFoundError):
        client.services.get(GUID)
    with pytest.raises(ResourceNotFoundError):
        client.problem_classifications.get(APP_SERVICE["Web App (Linux)"], GUID)


@pytest.mark.parametrize(
    "name", ["12345", "tmp-case", "TMP-case", *(f"a{each}b" for each in "<>%&:\\?/\x07"), "a" * 256], ids=ascii
)
def test_a_bad_ticket_name_is_told_with_200_in_the_services_own_words(support: Support, name: str) -> None:
    told = check(support().client(), name)
    assert (told.name_available, told.reason) == (False, "Invalid")
    assert told.message == RULE.format(name)


def test_a_name_is_free_until_a_ticket_has_it(support: Support) -> None:
    lab = support()
    client = lab.client()
    assert check(client, "esc-shop-1").name_available
    client.support_tickets.begin_create("esc-shop-1", {"properties": ticket_properties(lab)}).result()
    told = check(client, "ESC-shop-1")
    assert (told.name_available, told.reason) == (False, "Name is already in use")


def test_names_of_workspaces_can_be_checked_though_the_file_does_not_know_it(support: Support) -> None:
    client = support().client()
    kind = "Microsoft.Support/fileWorkspaces"
    assert check(client, "esc-1", kind).name_available
    client.file_workspaces.create("esc-1")
    assert not check(client, "esc-1", kind).name_available
    assert not check(client, "esc*1", kind).name_available
    with pytest.raises(HttpResponseError):
        check(client, "esc-1", "Microsoft.Support/chatTranscripts")


def test_names_of_communications_are_checked_on_their_ticket(support: Support) -> None:
    lab = support()
    client = lab.client()
    client.support_tickets.begin_create("esc-1", {"properties": ticket_properties(lab)}).result()

    def told(name: str) -> bool:
        asked = {"name": name, "type": COMMUNICATION}
        return bool(client.communications.check_name_availability("esc-1", asked).name_available)

    assert told("note-1")
    assert not told(GUID)


@pytest.mark.parametrize("name", ["12345", "tmp-x", "a:b"])
def test_a_put_with_a_bad_name_answers_in_an_envelope_that_the_client_cannot_read(support: Support, name: str) -> None:
    lab = support()
    with pytest.raises(HttpResponseError) as caught:
        lab.client().support_tickets.begin_create(name, {"properties": ticket_properties(lab)})
    assert caught.value.status_code == 400
    assert caught.value.error is None
    told = envelope(caught.value)["Error"]
    assert (told["Code"], told["Message"], told["InnerError"]) == ("InvalidData", RULE.format(name), None)
    assert not lab.tickets
