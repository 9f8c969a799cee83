"""What every server of the lab does around its answers: the `Date` header, and the record of what was asked."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from werkzeug.http import http_date

from escalate.lab.state import Handled, HostKind, LabState, now

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SKEW = timedelta(minutes=7)
"""How far ahead the clock is with the fault `clock-skew`."""

BODY_BYTES = 64 * 1024

_SIGNATURE = re.compile(r"(?<=[?&])(sig|access_token)=[^&]*", re.IGNORECASE)
_SIGNED_OPERATION = re.compile(
    r"(/microsoft\.support/operation(?:sstatus|results)/[^/?]+\?api-version=[^&]*)&.*", re.IGNORECASE
)
"""What stands behind the version signs the operation."""


class Around:
    """A WSGI application with the lab's clock and record around it."""

    def __init__(self, app: WSGIApplication, state: LabState, host: HostKind) -> None:
        self._app = app
        self._state = state
        self._host = host

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, with `Date` as the lab's clock has it; a `Date` of the application is replaced."""
        state = self._state
        body = _small_body(environ) if self._host == "arm" else b""
        target = _SIGNATURE.sub(r"\1=_", environ.get("REQUEST_URI") or environ["PATH_INFO"])
        target = _SIGNED_OPERATION.sub(r"\1&_", target)

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
        ) -> Callable[[bytes], object]:
            state.requests.append(Handled(environ["REQUEST_METHOD"], self._host, target, int(status.split()[0]), body))
            date = now() + (SKEW if state.faults.on("clock-skew") else timedelta())
            kept = [(name, value) for name, value in headers if name.lower() != "date"]
            return start_response(status, [*kept, ("Date", http_date(date))], exc_info)

        return self._app(environ, start)


def _small_body(environ: WSGIEnvironment) -> bytes:
    """The body of a request, put back for the application; nothing of one that is big or of unknown length."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) > BODY_BYTES:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
