"""What happens to every request on its way: waiting and trying again, staying on one host, tokens, the record."""

from __future__ import annotations

import base64
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse

from escalate.azure.call import Call
from escalate.azure.refusal import reason_of_error, safe_url
from escalate.model.exchange import Exchange

_Request = PipelineRequest[HttpRequest]
_Response = PipelineResponse[HttpRequest, HttpResponse]

LONGEST_WAIT_S = 120.0
"""A server that asks for a longer pause is not waited for."""
_FIRST_WAIT_S = 1.5
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_MOVED = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_CARRIED = ("call", "pulse", "note")


class Patience(HTTPPolicy[HttpRequest, HttpResponse]):
    """Tries again what may be, as often as the call says; waits as `Retry-After` says, watched by the step.

    Not azure-core's RetryPolicy: that one repeats POST after a 5xx, which would begin a second dump.
    """

    def __init__(self) -> None:
        self._headers: RetryPolicy[HttpRequest, HttpResponse] = RetryPolicy()

    def send(self, request: _Request) -> _Response:
        """Send, and send again."""
        for name in _CARRIED:
            request.context[name] = request.context.options.pop(name)
        call: Call = request.context["call"]
        options = dict(request.context.options)
        left = call.retries if (call.method in _IDEMPOTENT if call.again is None else call.again) else 0
        wait = _FIRST_WAIT_S
        while True:
            request.context.options.update(options)  # the transport takes its options out
            asked: float | None = None
            try:
                response = self.next.send(request)
                asked = self._headers.get_retry_after(response)
                if left <= 0 or response.http_response.status_code not in _AGAIN or (asked or 0) > LONGEST_WAIT_S:
                    return response
                response.http_response.close()
            except ClientAuthenticationError:
                raise
            except AzureError:
                if left <= 0:
                    raise
            left -= 1
            request.context["pulse"].pause(asked if asked is not None else wait)
            wait = min(wait * 2, LONGEST_WAIT_S)


class SameHost(HTTPPolicy[HttpRequest, HttpResponse]):
    """Follows redirects that stay on the host; a token must never be carried to another one."""

    def send(self, request: _Request) -> _Response:
        """Send, and follow; a redirect elsewhere is returned as the answer it is."""
        options = dict(request.context.options)
        for _ in range(_HOPS):
            response = self.next.send(request)
            answer = response.http_response
            target = answer.headers.get("Location")
            may_follow = answer.status_code in _MOVED and target and request.http_request.method in _IDEMPOTENT
            if not may_follow or not target:
                return response
            url = urljoin(request.http_request.url, target)
            here, there = urlsplit(request.http_request.url), urlsplit(url)
            if (here.scheme, here.netloc.casefold()) != (there.scheme, there.netloc.casefold()):
                return response
            answer.close()
            request.http_request.url = url
            request.context.options.update(options)
        return response


class FreshBearer(BearerTokenCredentialPolicy[HttpRequest, HttpResponse]):
    """A token from the credential's cache; once more a new one when the server says it has expired. Thread safe."""

    def __init__(self, credential: TokenCredential, scope: str) -> None:
        super().__init__(credential, scope)
        self._lock = threading.Lock()

    def on_request(self, request: _Request) -> None:
        """As azure-core, with a lock; its https rule is kept for all but loopback (`enforce_https`)."""
        with self._lock:
            super().on_request(request)

    def on_challenge(self, request: _Request, response: _Response) -> bool:
        """Answer a claims challenge as azure-core does; else try a new token, if there is one."""
        with self._lock:
            if super().on_challenge(request, response):
                return True
            used = request.http_request.headers.get("Authorization", "")
            self.authorize_request(request, *self._scopes)
            return request.http_request.headers.get("Authorization", "") != used


class Recorded(HTTPPolicy[HttpRequest, HttpResponse]):
    """Gives every try to the step's record; adds cookie-free basic sign-in where the call carries it."""

    def send(self, request: _Request) -> _Response:
        """Send and note."""
        call: Call = request.context["call"]
        if call.basic is not None:
            pair = base64.b64encode(":".join(call.basic).encode()).decode()
            request.http_request.headers["Authorization"] = f"Basic {pair}"
        at, start = datetime.now(UTC), time.monotonic()
        try:
            response = self.next.send(request)
        except AzureError as error:
            request.context["note"](
                Exchange(
                    method=call.method,
                    url=safe_url(request.http_request.url),
                    at=at,
                    seconds=round(time.monotonic() - start, 3),
                    client_request_id=request.http_request.headers.get("x-ms-client-request-id", ""),
                    worker=call.worker,
                    error=reason_of_error(error),
                )
            )
            raise
        headers = response.http_response.headers
        request.context["note"](
            Exchange(
                method=call.method,
                url=safe_url(request.http_request.url),
                at=at,
                seconds=round(time.monotonic() - start, 3),
                status=response.http_response.status_code,
                received=_length(headers.get("Content-Length")),
                client_request_id=request.http_request.headers.get("x-ms-client-request-id", ""),
                request_id=headers.get("x-ms-request-id"),
                correlation_id=headers.get("x-ms-correlation-request-id"),
                worker=call.worker,
                clock_offset_s=_offset(headers.get("Date")),
            )
        )
        return response


def _length(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _offset(date: str | None) -> float | None:
    if not date:
        return None
    try:
        there = parsedate_to_datetime(date)
    except ValueError:
        return None
    if there.tzinfo is None:
        return None
    return round((there - datetime.now(UTC)).total_seconds(), 1)
