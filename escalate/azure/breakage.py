"""Turns connections that broke, and sign-ins that failed, into named failures without secrets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseTimeoutError,
)
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.safe import safe_text

_SHOWN = 300
_DEEP = 20

_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (NameResolutionError, "the host name cannot be resolved"),
    (ProxyError, "the proxy cannot be reached or refuses"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was reset"),
    (ReadTimeoutError, "no answer in time"),
    (IncompleteRead, "the answer was cut off"),
    (DecodeError, "the answer is not compressed the way it says"),
)
"""The first that is found says it; a connection that was never made is the most general, and comes after them."""


def failure_of_error(error: AzureError, url: str) -> AzureFailure:
    """The failure that an exception of azure-core means; a connection that never stood is a closed path."""
    reason = f"{url}: {reason_of_error(error)}"
    if isinstance(error, ClientAuthenticationError):
        return AzureFailure(Why.SIGN_IN, f"sign-in failed: {reason_of_error(error)}")
    if isinstance(error, ServiceResponseTimeoutError) or _within(error, ReadTimeoutError):
        return AzureFailure(Why.TIMEOUT, reason)
    if isinstance(error, ServiceRequestError):
        return AzureFailure(Why.BLOCKED, reason)
    if isinstance(error, IncompleteReadError) or (isinstance(error, HttpResponseError) and error.response is None):
        return AzureFailure(Why.INVALID, reason)  # broken in the middle of the body
    return AzureFailure(Why.FAILED, reason)


def reason_of_error(error: AzureError) -> str:
    """What went wrong, in one line, without the URL that the libraries repeat in their messages."""
    for kind, words in _WORDS:
        if _within(error, kind):
            return words
    for link in _chain(error):
        if isinstance(link, ssl.SSLError):
            return f"TLS: {safe_text(str(link.reason or link))[:_SHOWN]}"
        if isinstance(link, NewConnectionError) and isinstance(link.__cause__, OSError):
            return f"no connection: {link.__cause__.strerror}"
    if _within(error, ConnectTimeoutError):
        return "no connection in time"
    text = safe_text(str(error)).strip().splitlines()
    return f"{type(error).__name__}: {(text[0] if text else '')[:_SHOWN]}".removesuffix(": ")


def is_hopeless(error: AzureError) -> bool:
    """Whether trying again cannot help: no sign-in, or a certificate that is not trusted."""
    return isinstance(error, ClientAuthenticationError) or _within(error, requests.exceptions.SSLError)


def _within(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(link, kind) for link in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and those it was made from: the libraries hand them over in four different ways."""
    left: list[BaseException] = [error]
    seen: set[int] = set()
    while left and len(seen) < _DEEP:
        link = left.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        held = (*link.args, getattr(link, "inner_exception", None), getattr(link, "reason", None), link.__cause__)
        left += [each for each in (*held, link.__context__) if isinstance(each, BaseException)]
