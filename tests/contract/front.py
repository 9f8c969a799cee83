"""One address for a client of the lab: what the OpenAPI file describes goes through Prism, the rest to the lab."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.contract.prism import violations

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"}
)
DESCRIBED = re.compile(
    r"(/subscriptions/[^/]+)?/providers/Microsoft\.Support/(services|supportTickets|fileWorkspaces|checkNameAvailability)"
    r"(/.*)?",
    re.IGNORECASE,
)
"""What the file has paths for; operations and the registration are ARM's and not in it."""
UNDESCRIBED = "Unable to match the returned status code"
"""The strict file has no `default` answers, with which the original one describes refusals: a 404 is one of them."""


@dataclass
class Front:
    """What passed."""

    prism: str
    lab: str
    url: str = ""
    described: list[str] = field(default_factory=list)
    """`METHOD path` of what went through Prism."""
    violations: list[str] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass one request on."""
        request = Request(environ)
        through = DESCRIBED.fullmatch(request.path) is not None
        response = self._passed(request, self.prism if through else self.lab)
        if through:
            asked = f"{request.method} {request.path}"
            self.described.append(asked)
            found = violations(response.status_code, response.get_data(), response.headers.get("sl-violations"))
            absent = response.status_code == 404 and all(UNDESCRIBED in each for each in found)
            self.violations += [] if absent else [f"{asked}: {each}" for each in found]
        return response(environ, start_response)

    def _passed(self, request: Request, upstream: str) -> Response:
        connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=60)
        target = request.environ["REQUEST_URI"]
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        with contextlib.closing(connection):
            connection.request(request.method, target, request.get_data() or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        return Response(body, answer.status, kept)


class _Quiet(WSGIRequestHandler):
    """Prints nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *arguments: object) -> None: ...


@contextlib.contextmanager
def front(prism: str, lab: str) -> Iterator[Front]:
    """A front on a free port of loopback."""
    made = Front(prism, lab)
    server = make_server("127.0.0.1", 0, made, threaded=True, request_handler=_Quiet)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
