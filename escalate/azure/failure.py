"""A request that did not get what it asked for, in the words outcomes are made of."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """What kind of no it was; each becomes one outcome."""

    SIGN_IN = "sign-in"
    """No token, or a token that is not taken (401)."""
    DENIED = "denied"
    """The identity lacks a permission (403, AuthorizationFailed)."""
    BLOCKED = "blocked"
    """The network path is closed: access restriction, private endpoint, no route, refused connection."""
    MISSING = "missing"
    """Not there, or not on this stamp, platform or version (404, 400 `Not supported on Linux`)."""
    BUSY = "busy"
    """Somebody else is at it (409)."""
    THROTTLED = "throttled"
    """Too many requests, also after waiting (429)."""
    TIMEOUT = "timeout"
    """No answer, or not the whole answer, in time (408, 504, 230 s of the front end)."""
    INVALID = "invalid"
    """What came is not what it claims to be: an HTML page, a cut-off file, another worker's answer."""
    FAILED = "failed"
    """It broke on the other side (400, 5xx)."""


class AzureFailure(Exception):
    """Raised by every client of this room; texts hold no tokens and no signed query values."""

    def __init__(
        self,
        why: Why,
        reason: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        missing_action: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.why = why
        self.reason = reason
        self.status = status
        self.code = code
        """`error.code` of the answer, as it came."""
        self.request_id = request_id
        self.missing_action = missing_action
        """The ARM action that AuthorizationFailed names."""
