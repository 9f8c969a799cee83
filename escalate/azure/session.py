"""A signed-in connection to Azure, shared by threads, and one step's channel through it."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable
from urllib.parse import quote, urlencode

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from escalate import __version__
from escalate.azure.breakage import failure_of_error
from escalate.azure.call import Answer, Call
from escalate.azure.cloud import Cloud, may_carry_secrets
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.policies import FreshBearer, Patience, Recorded, SameHost, Trip
from escalate.azure.pool import Pool, transport_over
from escalate.azure.pulse import Pulse, Unhurried
from escalate.azure.quiet import quieten
from escalate.azure.refusal import failure_of_answer
from escalate.azure.safe import safe_url
from escalate.model.exchange import Exchange

ANSWER_BYTES = 64 * 1024 * 1024
"""An answer that is held in memory may be so big; bigger things are streamed."""


@runtime_checkable
class _Closing(Protocol):
    """A credential that holds connections."""

    def close(self) -> None: ...


class Stream:
    """An answer that is read in pieces."""

    def __init__(self, response: HttpResponse, url: str, pulse: Pulse) -> None:
        self.status = response.status_code
        self.headers = _lowered(response)
        self.url = url
        self._response = response
        self._pulse = pulse

    def chunks(self) -> Iterator[bytes]:
        """The body, decompressed, in pieces as they come.

        Raises:
            AzureFailure: the connection broke, or less came than was announced.
        """
        seen = 0
        try:
            for chunk in self._response.iter_bytes():
                seen += len(chunk)
                self._pulse.alive()
                yield chunk
        except AzureError as error:
            raise failure_of_error(error, f"{self.url} after {seen} bytes") from error

    def whole(self, limit: int = ANSWER_BYTES) -> Answer:
        """All of it, held in memory.

        Raises:
            AzureFailure: see `chunks`; more than `limit` bytes.
        """
        body = bytearray()
        for chunk in self.chunks():
            body += chunk
            if len(body) > limit:
                raise AzureFailure(Why.INVALID, f"{self.url} answered with more than {limit} bytes")
        return Answer(status=self.status, headers=self.headers, body=bytes(body), url=self.url)


class Session:
    """Sign-in and connection pool; thread safe."""

    def __init__(self, cloud: Cloud, credential: TokenCredential) -> None:
        quieten()
        self.cloud = cloud
        self.credential = credential
        self._pool = Pool()
        self.transport = transport_over(self._pool)
        self._lock = threading.Lock()
        self._clients: dict[str | None, PipelineClient[HttpRequest, HttpResponse]] = {}

    def __enter__(self) -> Self:
        """Open the connection pool."""
        self.transport.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, and the credential's own."""
        self.transport.close()
        self._pool.close()
        if isinstance(self.credential, _Closing):
            self.credential.close()

    def channel(self, note: Callable[[Exchange], None] | None = None, pulse: Pulse | None = None) -> Channel:
        """A channel whose every try is given to `note`, and whose waiting is watched by `pulse`."""
        return Channel(self, note or _forget, pulse or Unhurried())

    def client(self, audience: str | None) -> PipelineClient[HttpRequest, HttpResponse]:
        """The pipeline with tokens for that audience; None: without."""
        with self._lock:
            client = self._clients.get(audience)
            if client is None:
                policies: list[Any] = [  # azure-core types its own policies for its older request class
                    RequestIdPolicy(),
                    UserAgentPolicy(base_user_agent=f"escalate/{__version__}"),
                    Patience(),
                    SameHost(),
                ]
                if audience is not None:
                    policies.append(FreshBearer(self.credential, f"{audience.rstrip('/')}/.default"))
                policies.append(Recorded())
                client = self._clients[audience] = PipelineClient("", policies=policies, transport=self.transport)
            return client


class Channel:
    """One step's way to Azure."""

    def __init__(self, session: Session, note: Callable[[Exchange], None], pulse: Pulse) -> None:
        self.session = session
        self.cloud = session.cloud
        self.pulse = pulse
        self._note = note

    def send(self, call: Call, limit: int = ANSWER_BYTES) -> Answer:
        """Ask, and hold the whole answer in memory.

        Raises:
            AzureFailure: no answer, a refusal, or more than `limit` bytes.
        """
        with self.stream(call) as stream:
            return stream.whole(limit)

    @contextlib.contextmanager
    def stream(self, call: Call) -> Iterator[Stream]:
        """Ask, and read the answer in pieces.

        Raises:
            AzureFailure: no answer, a refusal, or a URL that would carry secrets in plain text.
        """
        asked = _with_query(call)
        url = safe_url(asked)
        if not may_carry_secrets(asked):
            raise AzureFailure(Why.INVALID, f"{url} is not asked: a request goes over https, or stays on this machine")
        audience = None if call.basic else call.audience
        trip = Trip(call, self.pulse, self._note)
        options: dict[str, Any] = {} if audience is None else {"enforce_https": asked.startswith("https:")}
        try:
            response = self.session.client(audience).send_request(
                HttpRequest(call.method, asked, headers=dict(call.headers), json=call.json),
                stream=True,
                connection_timeout=call.connect_s,
                read_timeout=call.read_s,
                request_id=str(uuid.uuid4()),  # azure-core's own would hold this machine's MAC address
                trip=trip,
                **options,
            )
        except AzureError as error:
            raise failure_of_error(error, url) from error
        try:
            if response.status_code not in call.accept:
                raise failure_of_answer(response.status_code, _lowered(response), trip.refusal, url)
            yield Stream(response, url, self.pulse)
        finally:
            response.close()


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def _with_query(call: Call) -> str:
    """The URL with its query percent-encoded; azure-core would take the values as encoded already."""
    url = call.url.partition("#")[0]
    if not call.query:
        return url
    joint = "&" if "?" in url else "?"
    return url + joint + urlencode(call.query, quote_via=quote, safe="$'*,:/()")


def _lowered(response: HttpResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _forget(exchange: Exchange) -> None:
    """For calls nobody keeps a record of."""
