"""What stands around every operation of the support service: its mishaps, the registration, the lock, the record."""

from __future__ import annotations

import time
from collections.abc import Callable

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal
from escalate.lab.arm.ask import Ask, Method, Route, Scope
from escalate.lab.arm.refuse import forbidden
from escalate.lab.connection import reset
from escalate.lab.support import engineer
from escalate.lab.support.mishaps import Due, Mishap, Operation
from escalate.lab.support.records import Call
from escalate.lab.support.refusals import UnregisteredRefusal

PROVIDER = "/providers/microsoft.support"
_NEEDS_NO_REGISTRATION = frozenset({"provider.get", "provider.register"})


def route(
    operation: Operation,
    method: Method,
    scope: Scope,
    path: str,
    action: str,
    view: Callable[[Ask], Response],
) -> Route:
    """A route of the provider; `path` is below `/providers/Microsoft.Support`, `action` below `Microsoft.Support/`."""
    full = f"Microsoft.Support/{action}"
    return Route(method, scope, PROVIDER + path, full, lambda ask: _performed(operation, full, view, ask))


def _performed(operation: Operation, action: str, view: Callable[[Ask], Response], ask: Ask) -> Response:
    desk = ask.state.support
    due = desk.mishaps.due(operation)
    status = 0
    delivered = False
    try:
        response = _before(ask, action, due) or _done(operation, view, ask)
        status = response.status_code
        _after(ask, due)
        if any(each.kind == "error-after" for each in due.mishaps):
            response = _error().response()
            status = response.status_code
        delivered = True
        return response
    finally:
        with desk.lock:
            desk.calls.append(Call(operation, ask.request.method, ask.path, status, delivered))


def _done(operation: Operation, view: Callable[[Ask], Response], ask: Ask) -> Response:
    """What the service itself does; a refusal is an answer, which may be lost like any other."""
    desk = ask.state.support
    with desk.lock:
        desk.settle()
        engineer.come(desk)
        try:
            if ask.scope != "root" and operation not in _NEEDS_NO_REGISTRATION and desk.registration != "Registered":
                raise UnregisteredRefusal
            return view(ask)
        except Refusal as refusal:
            return refusal.response()


def _before(ask: Ask, action: str, due: Due) -> Response | None:
    """What happens instead of anything being done, if something does."""
    for watch in due.watches:
        if watch.when == "before":
            watch.do()
    for each in due.mishaps:
        if each.kind == "reset":
            reset(ask.request.environ, "mishap reset")
        if each.kind == "silent":
            _silent(ask, each)
        if each.kind == "slow":
            ask.state.support.closing.wait(each.seconds)
        if (refusal := _refusal(ask, action, each)) is not None:
            return refusal.response()
    return None


def _refusal(ask: Ask, action: str, mishap: Mishap) -> Refusal | None:
    if mishap.kind == "throttled":
        return Refusal(
            429,
            "TooManyRequests",
            "The request is being throttled as the limit has been reached for operation type - Write.",
            {"Retry-After": f"{mishap.seconds:g}"},
        )
    if mishap.kind == "error":
        return _error()
    if mishap.kind == "forbidden":
        return forbidden(ask, action)
    if mishap.kind == "quota":
        return Refusal(400, "QuotaExceeded", "The number of open support tickets of this subscription is exceeded.")
    return None


def _after(ask: Ask, due: Due) -> None:
    """What happens to the answer of what was done."""
    for watch in due.watches:
        if watch.when == "after":
            watch.do()
    for each in due.mishaps:
        if each.kind == "lost":
            reset(ask.request.environ, "mishap lost")
        if each.kind == "silent-after":
            _silent(ask, each)


def _silent(ask: Ask, mishap: Mishap) -> None:
    """Say nothing until the time is over or the lab ends; then the connection is gone."""
    end = time.monotonic() + mishap.seconds
    while (left := end - time.monotonic()) > 0 and not ask.state.support.closing.wait(min(left, 0.5)):
        pass
    reset(ask.request.environ, f"mishap {mishap.kind}")


def _error() -> Refusal:
    return Refusal(500, "InternalServerError", "An internal server error occurred. Please try again.")
