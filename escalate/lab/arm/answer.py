"""How ARM answers: JSON, errors with a code, pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from escalate.lab.world import Json

SKIP = "$skiptoken"
_NONE: Mapping[str, str] = MappingProxyType({})


class Refusal(Exception):
    """A view says no; becomes `{"error": {"code", "message"}}`."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] = _NONE) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def response(self) -> Response:
        """As ARM and its providers write it."""
        return answer({"error": {"code": self.code, "message": self.message}}, self.status, self.headers)


def answer(data: object, status: int = 200, headers: Mapping[str, str] = _NONE) -> Response:
    """JSON."""
    return Response(
        json.dumps(data, ensure_ascii=False),
        status,
        {"Cache-Control": "no-cache", **headers},
        content_type="application/json; charset=utf-8",
    )


def empty(status: int = 204, headers: Mapping[str, str] = _NONE) -> Response:
    """No content."""
    return Response(b"", status, dict(headers))


def page(base: str, query: MultiDict[str, str], values: Sequence[object], size: int) -> Response:
    """One page of a list; `base` is the URL of the list, the page asked for stands in `$skiptoken`.

    Raises:
        Refusal: the token is none of ours.
    """
    token = query.get(SKIP, "0")
    if not token.isascii() or not token.isdigit() or int(token) > len(values):
        raise Refusal(400, "InvalidSkipToken", f"The skip token '{token}' is not valid.")
    start = int(token)
    body: Json = {"value": list(values[start : start + size])}
    if start + size < len(values):
        rest = [(name, value) for name, value in query.items(multi=True) if name != SKIP]
        body["nextLink"] = f"{base}?{urlencode([*rest, (SKIP, str(start + size))], safe='$')}"
    return answer(body)
