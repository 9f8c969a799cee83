"""Azure Resource Manager: get, post, pages and long-running operations, as raw JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urljoin

from escalate.azure.call import Answer, Call, url_below
from escalate.azure.cloud import same_origin
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.refusal import error_of
from escalate.azure.retry_after import retry_after_s
from escalate.azure.safe import safe_text, safe_url
from escalate.azure.session import Channel

WEB = "2025-05-01"
"""Version of Microsoft.Web that is asked for unless an entry says otherwise."""
PAGES = 100
SHORTEST_WAIT_S = 0.1
_BAD = frozenset({"failed", "canceled", "cancelled"})
_DONE = _BAD | {"succeeded"}
_NONE: Mapping[str, str] = MappingProxyType({})


class Arm:
    """One step's view of ARM."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def call(
        self,
        method: str,
        path: str,
        *,
        api_version: str = WEB,
        query: Mapping[str, str] = _NONE,
        json: object = None,
        read_s: float = 60,
        worker: str | None = None,
    ) -> Call:
        """A request for a path such as `/subscriptions/...`; `worker` is for the record only."""
        return Call(
            method=method,
            url=url_below(self.channel.cloud.arm, path),
            audience=self.channel.cloud.audience,
            query={"api-version": api_version, **query},
            json=json,
            read_s=read_s,
            worker=worker,
        )

    def get(self, path: str, api_version: str = WEB, query: Mapping[str, str] = _NONE, *, read_s: float = 60) -> Answer:
        """GET.

        Raises:
            AzureFailure: see `Channel.send`.
        """
        return self.channel.send(self.call("GET", path, api_version=api_version, query=query, read_s=read_s))

    def post(self, path: str, api_version: str = WEB, query: Mapping[str, str] = _NONE, json: object = None) -> Answer:
        """POST, once.

        Raises:
            AzureFailure: see `Channel.send`.
        """
        return self.channel.send(self.call("POST", path, api_version=api_version, query=query, json=json))

    def pages(self, path: str, api_version: str = WEB, query: Mapping[str, str] = _NONE) -> Iterator[Answer]:
        """GET, and every `nextLink` that stays on ARM's own host.

        Raises:
            AzureFailure: see `Channel.send`; a link to another host; more than 100 pages.
        """
        call = self.call("GET", path, api_version=api_version, query=query)
        seen: set[str] = set()
        for _ in range(PAGES):
            answer = self.channel.send(call)
            yield answer
            data = answer.json()
            link = data.get("nextLink") if isinstance(data, dict) else None
            if not link:
                return
            if link in seen:
                raise AzureFailure(Why.INVALID, f"{path}: a page leads back to a page before it")
            seen.add(link)
            call = self.follow(str(link))
        raise AzureFailure(Why.INVALID, f"{path} has more than {PAGES} pages")

    def follow(self, link: str) -> Call:
        """GET for a link that an answer gave: `nextLink`, `Location`, `Azure-AsyncOperation`.

        Raises:
            AzureFailure: it leads to another host.
        """
        try:
            url = urljoin(self.channel.cloud.arm + "/", link)
        except ValueError as error:
            raise AzureFailure(Why.INVALID, "an answer of ARM links to a URL that cannot be read") from error
        if not same_origin(self.channel.cloud.arm, url):
            raise AzureFailure(Why.INVALID, f"an answer of ARM links to another host: {safe_url(url)}")
        return Call(method="GET", url=url, audience=self.channel.cloud.audience)

    def finished(self, answer: Answer, *, longest_s: float, every_s: float = 5) -> Answer:
        """The last answer of a long-running operation; in between as long a pause as `Retry-After` says.

        `Location` answers 202 until it is done, then with the result; `Azure-AsyncOperation` says it in `status`.

        Raises:
            AzureFailure: see `Channel.send`; not finished after `longest_s`; it failed or was cancelled.
        """
        end = time.monotonic() + longest_s
        link, tells = _operation(answer.headers)
        while link and (answer.status == 202 or (tells and _state(answer) not in _DONE)):
            left = end - time.monotonic()
            if left <= 0:
                raise AzureFailure(Why.TIMEOUT, f"{answer.url} was not finished after {longest_s:.0f} s")
            asked = retry_after_s(answer.headers)
            self.channel.pulse.pause(min(max(asked if asked is not None else every_s, SHORTEST_WAIT_S), left))
            answer = self.channel.send(self.follow(link))
            if (again := _operation(answer.headers))[0]:
                link, tells = again
        if tells and _state(answer) in _BAD:
            code, message = error_of(answer.body)
            raise AzureFailure(
                Why.FAILED,
                f"{answer.url} ended as {_state(answer)}: {safe_text(f'{code} {message}').strip()}",
                code=code,
            )
        return answer


def _operation(headers: Mapping[str, str]) -> tuple[str | None, bool]:
    """Where to ask how far it is, and whether that place tells by `status` rather than by 202."""
    if location := headers.get("location"):
        return location, False
    return headers.get("azure-asyncoperation"), "azure-asyncoperation" in headers


def _state(answer: Answer) -> str:
    """`status` of an operation; an answer without one has ended."""
    data = answer.json()
    state = data.get("status") if isinstance(data, dict) else None
    return state.lower() if isinstance(state, str) else "succeeded"
