"""The pipeline of the Support API: nothing is tried again, registered or logged behind our back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    HTTPPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import AuxiliaryAuthenticationPolicy

from escalate import __version__
from escalate.azure.breakage import reason_of_error
from escalate.azure.cloud import same_origin
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.policies import FreshBearer, SameHost
from escalate.azure.safe import safe_url
from escalate.model.exchange import Exchange


def policies(
    arm: str,
    credential: TokenCredential,
    scope: str,
    partners: Sequence[TokenCredential],
    note: Callable[[Exchange], None],
) -> list[Any]:
    """In order, for the endpoint `arm`.

    `partners` sign in to the tenant of a cloud solution provider, whose token goes beside our own. Left out on
    purpose: azure-core's RetryPolicy (it repeats the PUT of a ticket by itself), ARM's automatic registration of
    providers (a write nobody asked for), and every policy that logs bodies (they hold personal data).
    """
    auxiliary = [AuxiliaryAuthenticationPolicy(list(partners), scope)] if partners else []
    return [
        RequestIdPolicy(),
        UserAgentPolicy(base_user_agent=f"escalate/{__version__}"),
        _Shaped(),
        ContentDecodePolicy(),
        _OwnHost(arm),
        SameHost(),
        FreshBearer(credential, scope),
        *auxiliary,
        CustomHookPolicy(),
        _Noted(note),
    ]


class _Shaped(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Refuses answers that are not what the API promises: the library would trip over them in its own code."""

    def on_response(
        self, request: PipelineRequest[HttpRequest], response: PipelineResponse[HttpRequest, HttpResponse]
    ) -> None:
        """Every good answer with a body is an object, and a list stands in its `value`; 202 and 204 have none."""
        if response.http_response.status_code not in (200, 201):
            return
        asked, data = request.http_request, response.context.get(ContentDecodePolicy.CONTEXT_NAME)
        entries = data.get("value") if isinstance(data, dict) else None
        listed = asked.method == "GET" and urlsplit(asked.url).path.rpartition("/")[2] in _LISTS
        if not isinstance(data, dict) or (listed and not _all_objects(entries)):
            raise AzureFailure(Why.INVALID, f"{safe_url(asked.url)} answered with what the API does not promise")


_LISTS = frozenset({"services", "problemClassifications", "supportTickets", "files", "communications"})


def _all_objects(entries: object) -> bool:
    return isinstance(entries, list) and all(isinstance(each, dict) for each in entries)


class _OwnHost(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Keeps tokens at home: the library follows every `nextLink` wherever it leads."""

    def __init__(self, arm: str) -> None:
        super().__init__()
        self._arm = arm

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Let only requests to ARM pass."""
        url = request.http_request.url
        if not same_origin(self._arm, url):
            raise AzureFailure(Why.INVALID, f"an answer of ARM links to another host: {safe_url(url)}")


class _Noted(HTTPPolicy[HttpRequest, HttpResponse]):
    """Gives every request to the record, without bodies and without signed query values."""

    def __init__(self, note: Callable[[Exchange], None]) -> None:
        super().__init__()
        self._note = note

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """Send and note."""
        sent = request.http_request
        at, start = datetime.now(UTC), time.monotonic()
        status: int | None = None
        headers: Any = {}
        error: str | None = None
        try:
            response = self.next.send(request)
            status, headers = response.http_response.status_code, response.http_response.headers
        except AzureError as failure:
            error = reason_of_error(failure)
            raise
        else:
            return response
        finally:
            self._note(
                Exchange(
                    method=sent.method,
                    url=safe_url(sent.url),
                    at=at,
                    seconds=round(time.monotonic() - start, 3),
                    status=status,
                    client_request_id=sent.headers.get("x-ms-client-request-id", ""),
                    request_id=headers.get("x-ms-request-id"),
                    correlation_id=headers.get("x-ms-correlation-request-id"),
                    error=error,
                )
            )
