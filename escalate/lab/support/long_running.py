"""PUTs that are answered 202, and the signed URLs that tell how they end."""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer, empty
from escalate.lab.arm.ask import Ask
from escalate.lab.support.operation import route
from escalate.lab.support.records import Failure, LongRunning
from escalate.lab.world import SUBSCRIPTION, Json

_CERTIFICATE_BYTES, _SIGNATURE_BYTES = 2000, 700
"""Of the parameters `c` and `s`; with the others a URL of some 4 kB, as recorded in 2024-05."""
_SIGNED = ("t", "c", "s", "h")


def accepted(ask: Ask, finish: Callable[[], Failure | None], result: Callable[[], Json]) -> Response:
    """202 without a body and without `Retry-After`, with two signed URLs; nothing is done yet."""
    desk = ask.state.support
    operation = LongRunning(
        name=str(uuid.uuid4()),
        base=f"/subscriptions/{SUBSCRIPTION}",
        query=_signature(ask),
        began=desk.clock.now(),
        finish=finish,
        result=result,
        polls=desk.setup.polls,
    )
    desk.begin(operation)
    return empty(
        202, {"Azure-AsyncOperation": _url(ask, "operationsStatus", operation), "Location": _location(ask, operation)}
    )


def _signature(ask: Ask) -> str:
    signed = {
        "t": str(int(ask.state.support.clock.now().timestamp() * 10_000_000)),
        "c": secrets.token_urlsafe(_CERTIFICATE_BYTES),
        "s": secrets.token_urlsafe(_SIGNATURE_BYTES),
        "h": secrets.token_urlsafe(32),
    }
    return urlencode({"api-version": ask.request.args["api-version"], **signed})


def _url(ask: Ask, kind: str, operation: LongRunning) -> str:
    return f"{ask.base}{operation.base}/providers/Microsoft.Support/{kind}/{operation.name}?{operation.query}"


def _location(ask: Ask, operation: LongRunning) -> str:
    return _url(ask, "operationResults", operation)


def _named(ask: Ask) -> LongRunning:
    """The operation, when the URL is the one that was given out, with all of its signature.

    Raises:
        Refusal: there is no such operation, or the signature is not its own.
    """
    name = ask.args["operation"].lower()
    operation = ask.state.support.operations.get(name)
    if operation is None:
        raise Refusal(404, "NotFound", f"Operation '{name}' was not found.")
    given = dict(parse_qsl(operation.query))
    if not all(hmac.compare_digest(given[each].encode(), ask.request.args.get(each, "").encode()) for each in _SIGNED):
        raise Refusal(403, "InvalidOperationSignature", "The signature of the operation's URL is not valid.")
    return operation


def _status(ask: Ask) -> Response:
    """Also a failed operation is told with 200."""
    operation = _named(ask)
    operation.polls -= 1
    if operation.polls < 0:
        ask.state.support.end(operation)
    told: Json = {
        "id": f"{operation.base}/providers/Microsoft.Support/operationsStatus/{operation.name}",
        "status": operation.status,
    }
    if operation.failure is not None:
        told["error"] = {"code": operation.failure.code, "message": operation.failure.message}
    return answer(told)


def _result(ask: Ask) -> Response:
    operation = _named(ask)
    if operation.failure is not None:
        raise Refusal(400, operation.failure.code, operation.failure.message)
    if operation.status == "InProgress":
        return empty(202, {"Location": _location(ask, operation)})
    return answer(operation.result())


ROUTES = (
    route(
        "operations.status", "GET", "subscription", "/operationsstatus/<operation>", "operationsstatus/read", _status
    ),
    route(
        "operations.result", "GET", "subscription", "/operationresults/<operation>", "operationresults/read", _result
    ),
)
