"""Azure Resource Manager: get, post, pages and long-running operations, as raw JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import quote, urljoin, urlsplit

from escalate.azure.call import Answer, Call
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Channel

WEB = "2025-05-01"
"""Version of Microsoft.Web that is asked for unless an entry says otherwise."""
PAGES = 100
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
            url=self.channel.cloud.arm + quote(path, safe="/:@!$&'()*+,;=~"),
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
        for _ in range(PAGES):
            answer = self.channel.send(call)
            yield answer
            data = answer.json()
            link = data.get("nextLink") if isinstance(data, dict) else None
            if not link:
                return
            call = self.follow(str(link))
        raise AzureFailure(Why.INVALID, f"{path} has more than {PAGES} pages")

    def follow(self, link: str) -> Call:
        """GET for a link that an answer gave: `nextLink`, `Location`, `Azure-AsyncOperation`.

        Raises:
            AzureFailure: it leads to another host.
        """
        url = urljoin(self.channel.cloud.arm + "/", link)
        here, there = urlsplit(self.channel.cloud.arm), urlsplit(url)
        if (here.scheme, here.netloc.casefold()) != (there.scheme, there.netloc.casefold()):
            raise AzureFailure(Why.INVALID, f"an answer of ARM links to another host, {there.hostname}")
        return Call(method="GET", url=url, audience=self.channel.cloud.audience)

    def finished(self, answer: Answer, *, longest_s: float, every_s: float = 5) -> Answer:
        """The last answer of a long-running operation: while it is 202, ask `Location` again, as `Retry-After` says.

        Raises:
            AzureFailure: see `Channel.send`; not finished after `longest_s`.
        """
        end = time.monotonic() + longest_s
        link = answer.headers.get("location") or answer.headers.get("azure-asyncoperation")
        while answer.status == 202 and link:
            if time.monotonic() >= end:
                raise AzureFailure(Why.TIMEOUT, f"{answer.url} was not finished after {longest_s:.0f} s")
            asked = answer.headers.get("retry-after", "")
            self.channel.pulse.pause(min(float(asked) if asked.isdigit() else every_s, longest_s))
            answer = self.channel.send(self.follow(link))
            link = answer.headers.get("location") or link
        return answer
