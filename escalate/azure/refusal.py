"""Turns answers that are no answers, and connections that broke, into named failures without secrets."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import HttpResponse

from escalate.azure.call import looks_like_html
from escalate.azure.failure import AzureFailure, Why

READ_OF_A_REFUSAL = 64 * 1024
_SHOWN = 300

_PLAIN_QUERY = frozenset(
    {
        "api-version", "$filter", "$top", "$skiptoken", "metricnames", "timespan", "interval", "aggregation", "starttime",
        "endtime", "timegrain", "instance", "type", "latest", "dumptype", "format", "top", "durationinseconds", "filter",
        "profile", "iisprofiling", "durationseconds", "recurse", "path", "hostname", "resultcount", "$select", "orderby",
        "getstatus", "getstatusapiver", "maxframelength", "metricnamespace",
    }
)  # fmt: skip
"""Query values that are written down; every other value is left out, because some of them sign."""

_ACTION = re.compile(r"perform action '(?P<action>[^']+)'")
_NOT_HERE = (
    "not supported on linux",
    "no route registered",
    "not configured to run",
    "not supported",
    "invalid startup log",
)
_BLOCK_PAGE = re.compile(rb"ip forbidden|403 - forbidden|web app (?:is|was) stopped|access is denied", re.IGNORECASE)


def safe_url(url: str) -> str:
    """The URL as it may be shown: no user, no fragment, and only query values that say what was asked for."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    pairs = [
        (name, value if name.lower() in _PLAIN_QUERY else "REDACTED")
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(pairs, safe="$'/:,*"), ""))


def failure_of_answer(response: HttpResponse, url: str) -> AzureFailure:
    """The failure that a status outside `Call.accept` means."""
    status = response.status_code
    try:
        body = bytes(response.read())[:READ_OF_A_REFUSAL]
    except AzureError:
        body = b""
    code, message = _error_of(body)
    request_id = response.headers.get("x-ms-request-id")
    action = _ACTION.search(message)
    why = _why(status, code, message, body, "x-ms-forbidden-ip" in response.headers)
    said = f"{code}: {message}" if code else message
    return AzureFailure(
        why,
        f"{url} answered {status}" + (f" ({said[:_SHOWN]})" if said else ""),
        status=status,
        code=code or None,
        request_id=request_id,
        missing_action=action["action"] if action else None,
    )


def failure_of_error(error: AzureError, url: str) -> AzureFailure:
    """The failure that an exception of azure-core means."""
    reason = f"{url}: {reason_of_error(error)}"
    if isinstance(error, ClientAuthenticationError):
        return AzureFailure(Why.SIGN_IN, f"sign-in failed: {reason_of_error(error)}")
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        return AzureFailure(Why.TIMEOUT, reason)
    if isinstance(error, IncompleteReadError):
        return AzureFailure(Why.INVALID, reason)
    if isinstance(error, ServiceRequestError):
        return AzureFailure(Why.BLOCKED, reason)
    return AzureFailure(Why.TIMEOUT if "timed out" in reason.lower() else Why.FAILED, reason)


def reason_of_error(error: AzureError) -> str:
    """What went wrong, in one line, without the URL that the libraries repeat in their messages."""
    text = str(error).strip().splitlines()
    first = text[0] if text else type(error).__name__
    first = re.sub(r"https?://\S+|url: /\S*", "(url)", first)
    return f"{type(error).__name__}: {first[:_SHOWN]}"


def error_code(body: bytes) -> str:
    """`error.code`, in either envelope; empty when there is none."""
    return _error_of(body)[0]


def _error_of(body: bytes) -> tuple[str, str]:
    if looks_like_html(body):
        title = re.search(rb"<title[^>]*>([^<]{1,200})", body, re.IGNORECASE)
        return "", "an HTML page" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")
    try:
        data: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return "", body.decode("utf-8", "replace").strip()[:_SHOWN]
    if isinstance(data, str):
        return "", data
    if not isinstance(data, dict):
        return "", ""
    inner = next((value for key, value in data.items() if key.lower() == "error" and isinstance(value, dict)), data)
    lowered = {key.lower(): value for key, value in inner.items()}
    return str(lowered.get("code") or ""), str(lowered.get("message") or lowered.get("exceptionmessage") or "")


def _why(status: int, code: str, message: str, body: bytes, forbidden_ip: bool) -> Why:
    if status == 401:
        return Why.SIGN_IN
    if status == 403:
        page = looks_like_html(body) or _BLOCK_PAGE.search(body)
        return Why.BLOCKED if forbidden_ip or (page and not code) else Why.DENIED
    if status in (404, 410):
        return Why.MISSING
    if status == 409:
        return Why.BUSY
    if status == 429:
        return Why.THROTTLED
    if status in (408, 504):
        return Why.TIMEOUT
    if status in (400, 405, 501) and message.lower().startswith(_NOT_HERE):
        return Why.MISSING
    if status in (301, 302, 303, 307, 308):
        return Why.INVALID
    return Why.FAILED
