"""Turns answers that are no answers into named failures without secrets."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpResponse

from escalate.azure.call import looks_like_html
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.safe import safe_text

READ_OF_A_REFUSAL = 64 * 1024
_SHOWN = 300
_MOVED = frozenset({301, 302, 303, 307, 308})

_ACTION = re.compile(r"perform action '(?P<action>[^']+)'")
_NOT_HERE = (
    "not supported on linux",
    "no route registered",
    "not configured to run",
    "invalid startup log",
)
_BLOCK_PAGE = re.compile(rb"ip forbidden|403 - forbidden|web app (?:is|was) stopped|access is denied", re.IGNORECASE)


def failure_of_answer(status: int, headers: Mapping[str, str], body: bytes, url: str) -> AzureFailure:
    """The failure that a status outside `Call.accept` means; headers by lower-case name, `url` made safe."""
    code, message = error_of(body)
    target = _host(headers.get("location", "")) if status in _MOVED else None
    said = f"{code}: {message}" if code else message
    if target:
        said = f"sent on to {target}"
    action = _ACTION.search(message)
    return AzureFailure(
        Why.SIGN_IN if target and target.startswith("login.") else _why(status, code, message, body, headers),
        f"{url} answered {status}" + (f" ({safe_text(said)[:_SHOWN]})" if said else ""),
        status=status,
        code=code or None,
        request_id=headers.get("x-ms-request-id"),
        missing_action=action["action"] if action else None,
    )


def _host(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def head_of(response: HttpResponse) -> bytes:
    """The beginning of a refusal's body, or what came of it."""
    body = bytearray()
    with contextlib.suppress(AzureError):
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= READ_OF_A_REFUSAL:
                break
    return bytes(body[:READ_OF_A_REFUSAL])


def error_code(body: bytes) -> str:
    """`error.code`, in either envelope; empty when there is none."""
    return error_of(body)[0]


def error_of(body: bytes) -> tuple[str, str]:
    """`error.code` and the message, in either envelope; a text is a message."""
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
    said = [str(lowered.get("message") or lowered.get("exceptionmessage") or ""), *_inner_messages(lowered)]
    return str(lowered.get("code") or ""), ": ".join(part for part in said if part)


def _inner_messages(error: Mapping[str, Any]) -> Iterator[str]:
    """What the query services say is wrong stands in `innererror` of `innererror`."""
    inner = error.get("innererror")
    while isinstance(inner, dict):
        yield str(inner.get("message") or "")
        inner = inner.get("innererror")


def _why(status: int, code: str, message: str, body: bytes, headers: Mapping[str, str]) -> Why:
    if status == 401:
        return Why.SIGN_IN
    if status == 403:
        page = looks_like_html(body) or _BLOCK_PAGE.search(body)
        return Why.BLOCKED if "x-ms-forbidden-ip" in headers or (page and not code) else Why.DENIED
    if status in (404, 410):
        return Why.MISSING
    if status == 409:
        return Why.BUSY
    if status == 429:
        return Why.THROTTLED
    if status in (408, 504):
        return Why.TIMEOUT
    said = message.lower()
    if status in (400, 405, 501) and (said.startswith("not supported") or any(each in said for each in _NOT_HERE)):
        return Why.MISSING
    if status in _MOVED:
        return Why.INVALID
    return Why.FAILED
