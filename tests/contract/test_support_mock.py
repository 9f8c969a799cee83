"""Every request that our client of the Support API makes, to a server that is nothing but Microsoft's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.support import MicrosoftSupport

from escalate.azure.cloud import Cloud
from escalate.azure.session import Session
from escalate.azure.support import Support
from escalate.model.base import CaseId
from escalate.model.incident import Contact, Severity
from escalate.model.submission import Classification, TicketRequest
from escalate.model.ticket_names import workspace_name
from tests.contract.prism import PROGRAM, Prism, mock
from tests.fakes.support_lab import DEPLOYMENT, LINUX, Bearer

pytestmark = [pytest.mark.system, pytest.mark.enable_socket, pytest.mark.timeout(300)]

SPEC = "azure-specs/microsoft-support/bundled/support-2024-04-01.prism-strict.json"
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
CASE = CaseId("esc-20260404-055845-3f9a1c")
RESOURCE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-rg/providers/Microsoft.Web/sites/shop"


@pytest.fixture(scope="module")
def prism() -> Iterator[Prism]:
    spec = Path(__file__).resolve().parents[3] / "shared" / SPEC
    if not PROGRAM.exists():
        pytest.skip("needs Prism: make tests/contract/node_modules/.ready")
    if not spec.exists():
        pytest.skip("needs ../shared beside the checkout")
    with mock(spec) as running:
        yield running


class AnyToken:
    """Prism looks for a token, not into it."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("a-token", int((datetime.now(UTC) + timedelta(hours=1)).timestamp()))


@pytest.fixture
def support(prism: Prism) -> Iterator[Support]:
    """Our client."""
    cloud = Cloud(
        name="mock", arm=prism.url, audience=prism.url, scm_audience=prism.url, logs="", logs_audience="", insights="",
        insights_audience="", authority="", portal="", scheme="http",
    )  # fmt: skip
    with Session(cloud, AnyToken()) as session:
        yield Support(session, SUBSCRIPTION)


def contact(**more: Any) -> Contact:
    fields = {
        "first_name": "Dana",
        "last_name": "Example",
        "method": "email",
        "email": "dana@contoso.example",
        "phone": "+49 30 5550 1234",
        "time_zone": "W. Europe Standard Time",
        "country": "DEU",
        "language": "en-us",
    }
    return Contact(**{**fields, **more})


def request(severity: Severity = Severity.MODERATE, **more: Any) -> TicketRequest:
    fields = {
        "case_id": CASE,
        "cloud": "public",
        "subscription": SUBSCRIPTION,
        "resource_id": RESOURCE,
        "name": CASE,
        "workspace": workspace_name(CASE),
        "title": "Workers of one instance are killed",
        "description": "Workers of one instance are killed; the app holds 96 MiB of 1,910 MiB.",
        "severity": severity,
        "require_24x7": severity in (Severity.CRITICAL, Severity.HIGHEST_CRITICAL_IMPACT),
        "problem_start": datetime.now(UTC) - timedelta(hours=2),
        "classification": Classification(
            service_id=LINUX, service_name="Web App (Linux)", id=DEPLOYMENT, name="Deployment", source="live"
        ),
        "contact": contact(),
        "advanced_diagnostics": True,
        "attachments": (),
    }
    return TicketRequest(**{**fields, **more})


CALLS: dict[str, Callable[[Support], Any]] = {
    "services": lambda support: support.services(),
    "problem types": lambda support: support.problem_types(LINUX),
    "ticket name": lambda support: support.check_ticket_name(CASE),
    "message name": lambda support: support.check_communication_name(CASE, "note-1"),
    "tickets": lambda support: support.tickets("Status eq 'Open' and CreatedDate ge 2026-11-16T00:00:00Z"),
    "ticket": lambda support: support.ticket(CASE),
    "workspace": lambda support: support.workspace("esc-1"),
    "make workspace": lambda support: support.create_workspace("esc-1"),
    "files": lambda support: support.files("esc-1"),
    "declare": lambda support: support.declare_file("esc-1", "kit.zip", size=5, chunk_size=3, chunks=2),
    "messages": lambda support: support.communications(CASE),
    "message": lambda support: support.communication(CASE, "note-1"),
    "close": lambda support: support.update(CASE, status="closed"),
    "rate": lambda support: support.update(CASE, severity="critical"),
    "consent": lambda support: support.update(CASE, advanced_diagnostics=False),
    "contact": lambda support: support.update(CASE, contact=contact(method="phone")),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_request_fits_the_file_and_its_answer_is_read(support: Support, call: str) -> None:
    assert CALLS[call](support)


def test_a_chunk_fits_the_file(support: Support) -> None:
    support.upload_chunk("esc-1", "kit.zip", 1, bytes(range(256)))


@pytest.mark.parametrize("severity", Severity)
def test_a_ticket_fits_the_file(support: Support, severity: Severity) -> None:
    support.begin_ticket(request(severity), "esc-1")
    support.begin_ticket(request(severity), None)


def test_a_message_fits_the_file(support: Support) -> None:
    support.begin_communication(
        CASE, "note-1", subject="A note", body="It began at 05:55 UTC.", sender="d@contoso.example"
    )


def test_a_request_that_does_not_fit_is_refused(prism: Prism) -> None:
    """The check can fail."""
    client = MicrosoftSupport(
        AnyToken(), SUBSCRIPTION, base_url=prism.url, retry_total=0, authentication_policy=Bearer("a-token")
    )
    for change in ({"severity": "catastrophic"}, {"status": "perhaps"}):
        with pytest.raises(HttpResponseError) as caught:
            client.support_tickets.update(CASE, change)
        assert caught.value.status_code == 422
    with pytest.raises(HttpResponseError) as caught:
        client.support_tickets.begin_create(CASE, {"properties": {"title": "no contact"}})
    assert caught.value.status_code == 422
