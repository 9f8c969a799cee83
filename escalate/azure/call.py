"""One request and its answer as plain values."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from escalate.azure.failure import AzureFailure, Why

_NONE: Mapping[str, str] = MappingProxyType({})

MIB = 1024 * 1024


@dataclass(frozen=True)
class Call:
    """What to ask. Only idempotent calls are tried again."""

    method: str
    url: str
    audience: str | None
    """The resource a token is needed for; None: no token is sent."""
    query: Mapping[str, str] = field(default_factory=lambda: _NONE)
    headers: Mapping[str, str] = field(default_factory=lambda: _NONE)
    json: object = None
    connect_s: float = 10
    read_s: float = 60
    """Longest silence between two pieces of the answer."""
    retries: int = 3
    again: bool | None = None
    """Whether it may be tried again; None: when it is GET or HEAD."""
    basic: tuple[str, str] | None = field(default=None, repr=False)
    """User and password instead of a token; only where the user allowed it."""
    worker: str | None = None
    """The worker it is meant for, for the record."""
    accept: frozenset[int] = frozenset({200, 201, 202, 204, 206})
    """Statuses that are answers; every other one is an AzureFailure."""


@dataclass(frozen=True)
class Answer:
    """What came, whole."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    url: str
    """Without signed query values."""

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            AzureFailure: it is not JSON, an HTML page for instance.
        """
        try:
            return json_.loads(self.body.decode("utf-8-sig")) if self.body.strip() else None
        except (ValueError, RecursionError) as error:
            kind = "an HTML page" if looks_like_html(self.body) else "not JSON"
            raise AzureFailure(
                Why.INVALID, f"{self.url} answered {self.status} with {kind}", status=self.status
            ) from error


def looks_like_html(body: bytes) -> bool:
    """Whether it begins as a page for people: sign-in forms and gateway errors come with any status and any type."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def url_below(base: str, path: str) -> str:
    """The URL of a path on the host of `base`.

    Raises:
        AzureFailure: the path does not begin with a slash: appended to a host it would name another one.
    """
    require_path(path)
    return base + quote(path, safe="/:@!$&'()*+,;=~")


def require_path(path: str) -> None:
    """Make sure that a text may stand behind a host.

    Raises:
        AzureFailure: it does not begin with a slash.
    """
    if not path.startswith("/"):
        raise AzureFailure(Why.INVALID, f"{path[:80]!r} is no path; nothing was sent")
