"""A signed-in connection to Azure, shared by threads, and one step's channel through it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from requests.adapters import HTTPAdapter

from escalate import __version__
from escalate.azure.call import Answer, Call
from escalate.azure.cloud import Cloud, is_loopback
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.policies import FreshBearer, Patience, Recorded, SameHost
from escalate.azure.refusal import failure_of_answer, failure_of_error, safe_url
from escalate.model.exchange import Exchange

POOL = 32
ANSWER_BYTES = 64 * 1024 * 1024
"""An answer that is held in memory may be so big; bigger things are streamed."""


class Pulse(Protocol):
    """The step that waits for an answer."""

    def alive(self, n_bytes: int = 0) -> None:
        """Bytes came."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait on purpose."""
        ...


class Unhurried:
    """For calls outside a step."""

    def alive(self, n_bytes: int = 0) -> None:
        """Nobody watches."""

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Stream:
    """An answer that is read in pieces."""

    def __init__(self, response: HttpResponse, url: str, pulse: Pulse) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
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


class Session:
    """Sign-in and connection pool; thread safe."""

    def __init__(self, cloud: Cloud, credential: TokenCredential) -> None:
        self.cloud = cloud
        self._credential = credential
        self._transport = RequestsTransport(session=_pool(), session_owner=False)
        self._clients: dict[str | None, PipelineClient[HttpRequest, HttpResponse]] = {}

    def __enter__(self) -> Self:
        """Open the connection pool."""
        self._transport.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._transport.close()

    def channel(self, note: Callable[[Exchange], None] | None = None, pulse: Pulse | None = None) -> Channel:
        """A channel whose every try is given to `note`, and whose waiting is watched by `pulse`."""
        return Channel(self, note or _forget, pulse or Unhurried())

    def client(self, audience: str | None) -> PipelineClient[HttpRequest, HttpResponse]:
        """The pipeline with tokens for that audience."""
        if audience not in self._clients:
            policies: list[Any] = [  # azure-core types its own policies for its older request class
                RequestIdPolicy(),
                UserAgentPolicy(base_user_agent=f"escalate/{__version__}"),
                Patience(),
                SameHost(),
            ]
            if audience is not None:
                policies.append(FreshBearer(self._credential, f"{audience.rstrip('/')}/.default"))
            policies.append(Recorded())
            self._clients[audience] = PipelineClient("", policies=policies, transport=self._transport)
        return self._clients[audience]


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
            body = bytearray()
            for chunk in stream.chunks():
                body += chunk
                if len(body) > limit:
                    raise AzureFailure(Why.INVALID, f"{stream.url} answered with more than {limit} bytes")
            return Answer(status=stream.status, headers=stream.headers, body=bytes(body), url=stream.url)

    @contextlib.contextmanager
    def stream(self, call: Call) -> Iterator[Stream]:
        """Ask, and read the answer in pieces.

        Raises:
            AzureFailure: no answer, or a refusal.
        """
        url = safe_url(call.url)
        request = HttpRequest(
            call.method, call.url, params=dict(call.query), headers=dict(call.headers), json=call.json
        )
        client = self.session.client(None if call.basic else call.audience)
        try:
            response = client.send_request(
                request,
                stream=True,
                connection_timeout=call.connect_s,
                read_timeout=call.read_s,
                enforce_https=not is_loopback(urlsplit(call.url).hostname or ""),
                call=call,
                pulse=self.pulse,
                note=self._note,
            )
        except AzureError as error:
            raise failure_of_error(error, url) from error
        try:
            if response.status_code not in call.accept:
                raise failure_of_answer(response, url)
            yield Stream(response, url, self.pulse)
        finally:
            response.close()


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def _pool() -> requests.Session:
    """Connections without a memory: no cookies (they route to workers), no password from a .netrc."""
    pool = requests.Session()
    pool.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    pool.auth = _as_it_is
    adapter = HTTPAdapter(pool_connections=POOL, pool_maxsize=POOL)
    pool.mount("https://", adapter)
    pool.mount("http://", adapter)
    return pool


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _forget(exchange: Exchange) -> None:
    """For calls nobody keeps a record of."""
