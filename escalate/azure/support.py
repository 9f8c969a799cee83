"""The Support API of one subscription: thin, typed, over azure-mgmt-support; decides nothing, retries nothing."""

from __future__ import annotations

import base64
import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, DeserializationError, HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import HttpRequest
from azure.mgmt.support import MicrosoftSupport, models

from escalate.azure import support_wire as wire
from escalate.azure.breakage import failure_of_error
from escalate.azure.cloud import may_carry_secrets, same_origin
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.refusal import error_of, failure_of_answer
from escalate.azure.retry_after import retry_after_s
from escalate.azure.safe import safe_text, safe_url
from escalate.azure.session import Session
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_policies import policies
from escalate.azure.support_values import (
    Begun,
    Communication,
    NameCheck,
    OperationState,
    ProblemType,
    RemoteFile,
    SupportService,
    SupportTicket,
    Workspace,
)
from escalate.model.exchange import Exchange
from escalate.model.incident import Contact
from escalate.model.submission import TicketRequest

T = TypeVar("T")

TICKETS = "Microsoft.Support/supportTickets"
COMMUNICATIONS = "Microsoft.Support/communications"
CONNECT_S = 10.0
READ_S = 120.0
MOST_LISTED = 400
"""Tickets or messages that are read of one list."""
_PAGE_OF_TICKETS = 100
_PAGE_OF_COMMUNICATIONS = 10


class Support:
    """Every method raises SupportFailure when the call is refused or its answer is lost."""

    def __init__(
        self,
        session: Session,
        subscription: str,
        *,
        partners: Sequence[TokenCredential] = (),
        note: Callable[[Exchange], None] | None = None,
        read_s: float = READ_S,
    ) -> None:
        """`partners`: credentials in the tenant of a cloud solution provider who files for its customer.

        Raises:
            SupportFailure: tokens would go over the wire in plain text.
        """
        cloud = session.cloud
        if not may_carry_secrets(cloud.arm):
            raise SupportFailure(Why.INVALID, f"{safe_url(cloud.arm)} is not asked: a request goes over https")
        scope = f"{cloud.audience.rstrip('/')}/.default"
        self.subscription = subscription
        self._arm = cloud.arm
        self._read_s = read_s

        def made() -> list[Any]:
            return policies(cloud.arm, session.credential, scope, partners, note or _forget)

        self._client = MicrosoftSupport(
            session.credential,
            subscription,
            base_url=cloud.arm,
            credential_scopes=[scope],
            policies=made(),
            transport=session.transport,
        )
        self._links: PipelineClient[Any, Any] = PipelineClient(cloud.arm, policies=made(), transport=session.transport)

    def services(self) -> tuple[SupportService, ...]:
        """All services tickets can be filed under."""
        with self._failing():
            return tuple(wire.service(each) for each in self._client.services.list(**self._options()))

    def problem_types(self, service_id: str) -> tuple[ProblemType, ...]:
        """The classifications of a service, by its id or bare GUID."""
        name = service_id.rstrip("/").rpartition("/")[2]
        with self._failing():
            found = self._client.problem_classifications.list(name, **self._options())
            return tuple(wire.problem_type(each) for each in found)

    def check_ticket_name(self, name: str) -> NameCheck:
        """Whether a ticket may be called so."""
        asked = models.CheckNameAvailabilityInput(name=name, type=TICKETS)
        with self._failing():
            return _name_check(self._client.support_tickets.check_name_availability(asked, **self._options()))

    def check_communication_name(self, ticket: str, name: str) -> NameCheck:
        """Whether a message of that ticket may be called so."""
        asked = models.CheckNameAvailabilityInput(name=name, type=COMMUNICATIONS)
        with self._failing():
            return _name_check(self._client.communications.check_name_availability(ticket, asked, **self._options()))

    def tickets(self, filter_: str | None = None) -> tuple[SupportTicket, ...]:
        """At most 400, as the server orders them; `filter_` such as `Status eq 'Open' and CreatedDate ge ...Z`."""
        with self._failing():
            found = self._client.support_tickets.list(top=_PAGE_OF_TICKETS, filter=filter_, **self._options())
            return tuple(wire.ticket(each) for each in islice(found, MOST_LISTED))

    def ticket(self, name: str) -> SupportTicket | None:
        """None: there is none of that name."""
        return self._found(lambda: wire.ticket(self._client.support_tickets.get(name, **self._options())))

    def begin_ticket(self, request: TicketRequest, workspace: str | None) -> Begun:
        """PUT once. Never call it for a name that `ticket` answers: what the server does then is written nowhere."""
        return self._begun(
            self._client.support_tickets.begin_create, request.name, wire.ticket_model(request, workspace)
        )

    def operation(self, url: str) -> OperationState:
        """Ask once how far an operation is."""
        if not same_origin(self._arm, url):
            raise SupportFailure(Why.INVALID, f"an operation stands on another host: {safe_url(url)}")
        with self._failing():
            response = self._links.send_request(HttpRequest("GET", url), **self._options())
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = response.content
            if response.status_code not in (200, 202):
                raise self._refused(response.status_code, headers, body, safe_url(url))
            code, message = error_of(body)
            return OperationState(
                status=_status(response),
                code=code or None,
                message=safe_text(message),
                retry_after_s=retry_after_s(headers),
            )

    def update(
        self,
        name: str,
        *,
        severity: str | None = None,
        status: str | None = None,
        advanced_diagnostics: bool | None = None,
        contact: Contact | None = None,
    ) -> SupportTicket:
        """PATCH what is given; `status` is `open` or `closed`."""
        change = wire.update_model(
            severity=severity, status=status, advanced_diagnostics=advanced_diagnostics, contact=contact
        )
        with self._failing():
            return wire.ticket(self._client.support_tickets.update(name, change, **self._options()))

    def workspace(self, name: str) -> Workspace | None:
        """None: there is none of that name."""
        return self._found(lambda: wire.workspace(self._client.file_workspaces.get(name, **self._options())))

    def create_workspace(self, name: str) -> Workspace:
        """A workspace that lives for about a day; synchronous."""
        with self._failing():
            return wire.workspace(self._client.file_workspaces.create(name, **self._options()))

    def files(self, workspace: str) -> tuple[RemoteFile, ...]:
        """The files declared in a workspace."""
        with self._failing():
            return tuple(wire.remote_file(each) for each in self._client.files.list(workspace, **self._options()))

    def declare_file(self, workspace: str, name: str, *, size: int, chunk_size: int, chunks: int) -> RemoteFile:
        """Announce a file before its chunks; sizes in bytes."""
        told = models.FileDetails(file_size=size, chunk_size=chunk_size, number_of_chunks=chunks)
        with self._failing():
            return wire.remote_file(self._client.files.create(workspace, name, told, **self._options()))

    def upload_chunk(self, workspace: str, name: str, index: int, content: bytes) -> None:
        """Send one chunk, counted from 0."""
        chunk = models.UploadFile(content=base64.b64encode(content).decode("ascii"), chunk_index=index)
        with self._failing():
            self._client.files.upload(workspace, name, chunk, **self._options())

    def communications(self, ticket: str) -> tuple[Communication, ...]:
        """The messages of a ticket, at most 400."""
        with self._failing():
            found = self._client.communications.list(ticket, top=_PAGE_OF_COMMUNICATIONS, **self._options())
            return tuple(wire.communication(each) for each in islice(found, MOST_LISTED))

    def communication(self, ticket: str, name: str) -> Communication | None:
        """None: there is none of that name."""
        return self._found(lambda: wire.communication(self._client.communications.get(ticket, name, **self._options())))

    def begin_communication(
        self, ticket: str, name: str, *, subject: str, body: str, sender: str | None = None
    ) -> Begun:
        """PUT a message once; `sender` (e-mail) is required of service principals."""
        told = models.CommunicationDetails(subject=subject, body=body, sender=sender)
        return self._begun(self._client.communications.begin_create, ticket, name, told)

    def _begun(self, begin: Callable[..., Any], *arguments: object) -> Begun:
        """Begin a long-running operation without azure-core's poller thread, and keep where to ask for it."""
        seen: list[PipelineResponse[Any, Any]] = []
        with self._failing():
            begin(*arguments, polling=False, raw_response_hook=seen.append, **self._options())
        answer = seen[-1].http_response
        headers = {name.lower(): value for name, value in answer.headers.items()}
        url = headers.get("azure-asyncoperation") or headers.get("location")
        if answer.status_code != 202 and "azure-asyncoperation" not in headers:
            return Begun()
        if url is not None and not same_origin(self._arm, url):
            raise SupportFailure(Why.INVALID, f"an operation stands on another host: {safe_url(url)}")
        return Begun(operation=url)

    def _found(self, read: Callable[[], T]) -> T | None:
        try:
            with self._failing():
                return read()
        except SupportFailure as failure:
            if failure.status == 404 and not failure.is_code("SubscriptionNotFound", "InvalidResourceType"):
                return None
            raise

    def _options(self) -> dict[str, Any]:
        return {
            "connection_timeout": CONNECT_S,
            "read_timeout": self._read_s,
            "request_id": str(uuid.uuid4()),  # azure-core's own would hold this machine's MAC address
            "enforce_https": self._arm.startswith("https:"),  # else loopback: see `may_carry_secrets`
        }

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn what the library raises into SupportFailure, without bodies and signed URLs."""
        try:
            yield
        except SupportFailure:
            raise
        except AzureFailure as failure:
            raise SupportFailure.of(failure) from failure
        except HttpResponseError as error:
            raise self._of_response(error) from error
        except DeserializationError as error:
            raise SupportFailure(Why.INVALID, f"{self._arm}: the answer is not what the API promises") from error
        except AzureError as error:
            raise SupportFailure.of(failure_of_error(error, self._arm)) from error

    def _of_response(self, error: HttpResponseError) -> SupportFailure:
        response: Any = error.response
        if response is None:
            return SupportFailure.of(failure_of_error(error, self._arm))
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = response.body()
        url = safe_url(response.request.url)
        if response.status_code < 400:
            return SupportFailure(Why.INVALID, f"{url} answered {response.status_code} with what is not JSON")
        return self._refused(response.status_code, headers, body, url)

    def _refused(self, status: int, headers: dict[str, str], body: bytes, url: str) -> SupportFailure:
        return SupportFailure.of(failure_of_answer(status, headers, body, url), retry_after_s(headers))


def _status(response: Any) -> str:
    """`status` of an operation; where `Location` is polled, 202 means that it goes on, and the resource that it ended.

    Raises:
        SupportFailure: it is neither.
    """
    try:
        data = response.json()
    except ValueError:
        data = None
    status = data.get("status") if isinstance(data, dict) else None
    if isinstance(status, str):
        return status.casefold()
    if response.status_code == 202:
        return "inprogress"
    if isinstance(data, dict) and "id" in data:
        return "succeeded"
    raise SupportFailure(Why.INVALID, f"{safe_url(response.request.url)} does not say how far the operation is")


def _name_check(found: models.CheckNameAvailabilityOutput) -> NameCheck:
    return NameCheck(
        available=bool(found.name_available), reason=str(found.reason or ""), message=str(found.message or "")
    )


def _forget(exchange: Exchange) -> None:
    """For calls nobody keeps a record of."""
