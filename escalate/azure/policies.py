"""What happens to every request on its way: waiting and trying again, staying on one host, tokens, the record."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable
from urllib.parse import urljoin

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from escalate.azure.breakage import is_hopeless, reason_of_error
from escalate.azure.call import Call
from escalate.azure.cloud import same_origin
from escalate.azure.pulse import Pulse
from escalate.azure.refusal import error_code, head_of
from escalate.azure.retry_after import retry_after_s
from escalate.azure.safe import safe_url
from escalate.model.exchange import Exchange

_Request = PipelineRequest[HttpRequest]
_Response = PipelineResponse[HttpRequest, HttpResponse]

LONGEST_WAIT_S = 120.0
"""A server that asks for a longer pause is not waited for."""
FIRST_WAIT_S = 1.5
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_MOVED = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_TRIP = "trip"


@dataclass
class Trip:
    """One call under way: what the policies know of it, and what they found out."""

    call: Call
    pulse: Pulse
    note: Callable[[Exchange], None]
    refusal: bytes = b""
    """The beginning of the body of the last refusal."""


@runtime_checkable
class Renewable(Protocol):
    """A credential that can forget the tokens it keeps, because one of them was not taken."""

    def renew(self) -> None:
        """Ask for new ones from now on, where that needs nobody's help."""
        ...


class Patience(HTTPPolicy[HttpRequest, HttpResponse]):
    """Tries again what may be, as often as the call says; waits as `Retry-After` says, watched by the step.

    Not azure-core's RetryPolicy: that one repeats POST after a 5xx, which would begin a second dump.
    """

    def send(self, request: _Request) -> _Response:
        """Send, and send again."""
        trip: Trip = request.context.options.pop(_TRIP)
        request.context[_TRIP] = trip
        call = trip.call
        left = call.retries if (call.method in _IDEMPOTENT if call.again is None else call.again) else 0
        wait = FIRST_WAIT_S
        while True:
            asked: float | None = None
            try:
                response = self.next.send(request)
                asked = retry_after_s(response.http_response.headers)
                if left <= 0 or response.http_response.status_code not in _AGAIN or (asked or 0) > LONGEST_WAIT_S:
                    return response
                response.http_response.close()
            except AzureError as error:
                if left <= 0 or is_hopeless(error):
                    raise
            left -= 1
            trip.pulse.pause(asked if asked is not None else wait)
            wait = min(wait * 2, LONGEST_WAIT_S)


class SameHost(HTTPPolicy[HttpRequest, HttpResponse]):
    """Follows redirects that stay on the host; a token must never be carried to another one."""

    def send(self, request: _Request) -> _Response:
        """Send, and follow; a redirect elsewhere is returned as the answer it is."""
        for _ in range(_HOPS):
            response = self.next.send(request)
            answer = response.http_response
            target = answer.headers.get("Location")
            if answer.status_code not in _MOVED or not target or request.http_request.method not in _IDEMPOTENT:
                return response
            url = _joined(request.http_request.url, target)
            if url is None or not same_origin(request.http_request.url, url):
                return response
            answer.close()
            request.http_request.url = url
        return response


class FreshBearer(BearerTokenCredentialPolicy[HttpRequest, HttpResponse]):
    """A token from the credential's cache; once more a new one when the server takes it no longer. Thread safe.

    azure-core asks again only when a challenge comes with claims, and races when threads share it.
    """

    def __init__(self, credential: TokenCredential, scope: str) -> None:
        super().__init__(credential, scope)
        self._lock = threading.Lock()

    def send(self, request: _Request) -> _Response:
        """Send with a token; after a 401 once more with another one, if there is one."""
        with self._lock:
            self.on_request(request)
        response = self.next.send(request)
        if response.http_response.status_code != 401:
            return response
        with self._lock:
            if not self._authorized_anew(request, response):
                return response
        response.http_response.close()
        return self.next.send(request)

    def _authorized_anew(self, request: _Request, response: _Response) -> bool:
        headers = request.http_request.headers
        used = headers.get("Authorization", "")
        if not self.on_challenge(request, response):  # a claims challenge is answered there
            if self._token is None or used == f"Bearer {self._token.token}":  # else another thread was faster
                if isinstance(self._credential, Renewable):
                    self._credential.renew()
                self._request_token(*self._scopes)
            if self._token is not None:
                self._update_headers(headers, self._token.token)
        return headers.get("Authorization", "") != used


class Recorded(HTTPPolicy[HttpRequest, HttpResponse]):
    """Gives every try to the step's record; adds basic sign-in where the call carries it; keeps what a refusal says."""

    def send(self, request: _Request) -> _Response:
        """Send and note."""
        trip: Trip = request.context[_TRIP]
        call, sent = trip.call, request.http_request
        if call.basic is not None:
            pair = base64.b64encode(":".join(call.basic).encode()).decode()
            sent.headers["Authorization"] = f"Basic {pair}"
        at, start = datetime.now(UTC), time.monotonic()
        url, own_id = safe_url(sent.url), sent.headers.get("x-ms-client-request-id", "")
        try:
            response = self.next.send(request)
        except AzureError as error:
            trip.note(
                Exchange(
                    method=call.method,
                    url=url,
                    at=at,
                    seconds=round(time.monotonic() - start, 3),
                    client_request_id=own_id,
                    worker=call.worker,
                    error=reason_of_error(error),
                )
            )
            raise
        seconds = round(time.monotonic() - start, 3)
        answer = response.http_response
        headers, code = answer.headers, None
        if answer.status_code >= 400 and answer.status_code not in call.accept:
            trip.refusal = head_of(answer)
            code = error_code(trip.refusal) or headers.get("x-ms-error-code")
        trip.note(
            Exchange(
                method=call.method,
                url=url,
                at=at,
                seconds=seconds,
                status=answer.status_code,
                received=_length(headers.get("Content-Length")),
                client_request_id=own_id,
                request_id=headers.get("x-ms-request-id"),
                correlation_id=headers.get("x-ms-correlation-request-id"),
                worker=call.worker,
                clock_offset_s=_offset(headers.get("Date"), at, seconds),
                error=code,
            )
        )
        return response


def _joined(url: str, target: str) -> str | None:
    try:
        return urljoin(url, target)
    except ValueError:
        return None


def _length(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _offset(date: str | None, at: datetime, seconds: float) -> float | None:
    """`Date` minus our clock when the answer's headers came."""
    if not date:
        return None
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return None
    if there.tzinfo is None:
        return None
    return round((there - at).total_seconds() - seconds, 1)
