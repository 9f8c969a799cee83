"""A lab whose support service a test files tickets with: the real client for it, and what the service has got."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.support import MicrosoftSupport

from escalate.lab.server import Lab, running
from escalate.lab.support.desk import SupportDesk
from escalate.lab.support.mishaps import Mishaps
from escalate.lab.support.records import Call, StoredFile, Ticket
from escalate.lab.support.setup import SupportSetup
from escalate.lab.world import SUBSCRIPTION, LabApp, LabWorker, World, window_before
from escalate.model.incident import Incident

LINUX = "/providers/Microsoft.Support/services/b452a42b-3779-64de-532c-8a32738357a6"
WINDOWS = "/providers/Microsoft.Support/services/1890289e-747c-7ef6-b4f5-b1dbb0bead28"
DEPLOYMENT = f"{LINUX}/problemClassifications/b14f7fde-14bc-2ff9-d612-697580802224"
"""A classification without secondary consent."""


class Credential:
    """Signs in as the lab's identity."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default") if scopes else self._lab.state.arm
        token, expires = self._lab.state.tokens.issue(audience)
        return AccessToken(token, int(expires.timestamp()))


class Bearer(SansIOHTTPPolicy[Any, Any]):
    """The token on every request, over plain http: for loopback only."""

    def __init__(self, token: str) -> None:
        self._token = token

    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"


@dataclass(frozen=True)
class SupportLab:
    """A running lab, seen from its support service."""

    lab: Lab

    @property
    def base_url(self) -> str:
        """ARM's endpoint; also what `ESCALATE_CLOUD` is set to."""
        return self.lab.state.arm

    @property
    def subscription(self) -> str:
        return SUBSCRIPTION

    @property
    def resource_id(self) -> str:
        return self.lab.resource_id

    @property
    def desk(self) -> SupportDesk:
        return self.lab.support

    @property
    def mishaps(self) -> Mishaps:
        """The switches: `mishaps.add("tickets.create#1=lost")`, `mishaps.add(Watch(...))`, `mishaps.clear()`."""
        return self.lab.support.mishaps

    @property
    def credential(self) -> Credential:
        return Credential(self.lab)

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """Every ticket that ever came about, oldest first: one too many stands here."""
        with self.desk.lock:
            self.desk.settle()
            return tuple(self.desk.filed)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call that reached the service, oldest first."""
        with self.desk.lock:
            return tuple(self.desk.calls)

    def ticket(self, name: str) -> Ticket:
        with self.desk.lock:
            self.desk.settle()
            return self.desk.tickets[name.lower()]

    def files(self, ticket: Ticket) -> dict[str, bytes]:
        """What an engineer finds in a ticket: whole files only, by name."""
        return {each.name: each.content for each in self.stored(ticket) if each.whole}

    def stored(self, ticket: Ticket) -> tuple[StoredFile, ...]:
        """All files of a ticket, broken ones too."""
        with self.desk.lock:
            return self.desk.files_of(ticket)

    def operations(self, *names: str) -> list[str]:
        """The names of the calls that reached the service, of these operations only when some are named."""
        return [call.operation for call in self.calls if not names or call.operation in names]

    def clear(self) -> None:
        """Forget tickets, workspaces, operations, calls and mishaps; plan and registration as at the start."""
        desk = self.desk
        desk.mishaps.clear()
        with desk.lock:
            for kept in (desk.tickets, desk.filed, desk.workspaces, desk.operations, desk.calls, desk.registrations):
                kept.clear()
            desk.plan = desk.setup.plan
            desk.registration = "Registered" if desk.setup.registered else "NotRegistered"

    def advance(self, by: timedelta) -> None:
        """Let time pass at the service."""
        self.desk.clock.advance(by)

    def client(self, base_url: str | None = None, **more: Any) -> MicrosoftSupport:
        """Microsoft's client, as it comes but for the sign-in over http, and for waiting."""
        token, _ = self.lab.state.tokens.issue(self.base_url)
        options = {"polling_interval": 0, "retry_total": 0, "authentication_policy": Bearer(token), **more}
        return MicrosoftSupport(self.credential, SUBSCRIPTION, base_url=base_url or self.base_url, **options)


@contextlib.contextmanager
def support_lab(*mishaps: str, role: str = "Owner", world: World | None = None, **setup: Any) -> Iterator[SupportLab]:
    """A lab with a small world; `setup` are fields of `SupportSetup`, `mishaps` are switched on from the start."""
    chosen = dataclasses.replace(SupportSetup(), **setup)
    with running(world or small_world(), role=role, support=chosen, mishaps=mishaps) as lab:
        yield SupportLab(lab)


def envelope(error: HttpResponseError) -> Any:
    """The body of a refusal, also of one that azure-core does not read."""
    assert error.response is not None
    return json.loads(error.response.text())


def small_world() -> World:
    """One Linux app on one worker."""
    return World(
        name="one-app",
        title="One app",
        platform="linux",
        incident=lambda start: Incident(window=window_before(start)),
        workers=(LabWorker("ab" * 32, "lw0sdlwk000001", "lw0sdlwk000001", container="ab12cd34ef56"),),
        app=LabApp(name="shop", kind="app,linux", runtime="PYTHON|3.11"),
    )


def ticket_properties(lab: SupportLab, **more: Any) -> dict[str, Any]:
    """A ticket that the service takes, as it goes over the wire."""
    contact = {
        "firstName": "Robin",
        "lastName": "Example",
        "preferredContactMethod": "email",
        "primaryEmailAddress": "robin.example@contoso.example",
        "preferredTimeZone": "W. Europe Standard Time",
        "country": "DEU",
        "preferredSupportLanguage": "en-us",
    }
    fields = {
        "serviceId": LINUX,
        "problemClassificationId": DEPLOYMENT,
        "title": "Workers killed with 'Perhaps out of memory?'",
        "description": "Workers of one instance are killed; the app holds 96 MiB of 1,910 MiB.",
        "severity": "moderate",
        "advancedDiagnosticConsent": "Yes",
        "contactDetails": contact,
        "technicalTicketDetails": {"resourceId": lab.resource_id},
        "problemStartTime": (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {name: value for name, value in {**fields, **more}.items() if value is not None}
