"""Turns failures with a name into outcomes, and the parts of a step into the outcome of the whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import TypeAdapter

from escalate.azure.failure import AzureFailure, Why
from escalate.model.outcome import (
    Blocked,
    Collected,
    Denied,
    Empty,
    Failed,
    Gap,
    Invalid,
    Missing,
    Outcome,
    Partial,
    Timeout,
)

_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_MISSING = frozenset({errno.ENOENT, errno.ESRCH, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.ENOSYS})
_BLOCKED = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN})
_TIMEOUT = frozenset({errno.ETIMEDOUT})

_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)

SHOWN = 5
"""So many reasons or names are spelled out; the rest is counted."""


def errno_words(error: OSError) -> str:
    """`EPERM (Operation not permitted)`."""
    if error.errno is None:
        return str(error)
    return f"{errno.errorcode.get(error.errno, error.errno)} ({os.strerror(error.errno)})"


def outcome_of_error(error: OSError, what: str, hint: str) -> Gap:
    """The gap that an OSError means; `what` is the thing that was tried."""
    reason = f"{what}: {errno_words(error)}"
    if error.errno in _DENIED:
        return Denied(reason=reason, hint=hint)
    if error.errno in _MISSING:
        return Missing(reason=reason, hint=hint)
    if error.errno in _BLOCKED:
        return Blocked(reason=reason, hint=hint)
    if error.errno in _TIMEOUT:
        return Timeout(reason=reason, hint=hint)
    return Failed(reason=reason, hint=hint)


_OF_FAILURE: Mapping[Why, type[Gap]] = MappingProxyType(
    {
        Why.SIGN_IN: Denied,
        Why.DENIED: Denied,
        Why.BLOCKED: Blocked,
        Why.MISSING: Missing,
        Why.BUSY: Failed,
        Why.THROTTLED: Timeout,
        Why.TIMEOUT: Timeout,
        Why.INVALID: Invalid,
        Why.FAILED: Failed,
    }
)


def outcome_of_failure(failure: AzureFailure, hint: str) -> Gap:
    """The gap that a failed request means; a missing permission is named."""
    if failure.missing_action:
        hint = f"ask for a role with {failure.missing_action} (Website Contributor for most), or: {hint}"
    request = f" (request id {failure.request_id})" if failure.request_id else ""
    return _OF_FAILURE[failure.why].model_validate({"reason": failure.reason + request, "hint": hint})


def outcome_of_step(pieces: int, gaps: Sequence[Gap], hint: str) -> Outcome:
    """Everything, some, or nothing of a step: Collected, Partial, or the gap itself."""
    if not gaps:
        return Collected() if pieces else Empty(reason="the source answered and had nothing", hint=hint)
    reason = listed([gap.reason for gap in gaps], "; ")
    if pieces:
        return Partial(reason=reason, hint=gaps[0].hint)
    same = all(type(gap) is type(gaps[0]) for gap in gaps)
    if same or any(isinstance(gap, Timeout) for gap in gaps):
        kind = type(gaps[0]) if same else Timeout
        return _OUTCOME.validate_python(kind(reason=reason, hint=gaps[0].hint))
    return Failed(reason=reason, hint=gaps[0].hint)


def listed(words: Sequence[str], separator: str = ", ") -> str:
    """The first few, and how many more."""
    unique = list(dict.fromkeys(words))
    more = len(unique) - SHOWN
    return separator.join(unique[:SHOWN]) + (f"{separator}and {more} more" if more > 0 else "")
