"""An ARM that says what a test wants, by path, on loopback; SCM hosts can be given to the same server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from escalate.azure.cloud import Cloud
from escalate.azure.session import Session

Answer = Any
"""JSON of a 200, a (status, JSON) pair, or a function of the request that gives a Response."""


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is printed."""


class Token:
    """A credential whose tokens name their audience."""

    def get_token(self, *scopes: str, **more: object) -> AccessToken:
        """Any."""
        return AccessToken(f"token-for-{scopes[0]}", 4_000_000_000)


@dataclass
class FakeArm:
    """One running fake; paths are compared in lower case, without the query."""

    base: str = ""
    host: str = ""
    session: Session | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    """`GET /path`, in the order they came."""

    def says(self, answers: Mapping[str, Answer]) -> None:
        """Give these answers from now on."""
        self.answers |= {path.lower(): answer for path, answer in answers.items()}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        request = Request(environ)
        self.seen.append(f"{request.method} {request.path}")
        found = self.answers.get(request.path.lower())
        if callable(found):
            return found(request)(environ, start_response)
        status, body = found if isinstance(found, tuple) else (200, found)
        if found is None:
            status, body = 404, {"error": {"code": "ResourceNotFound", "message": f"no {request.path}"}}
        return Response(json.dumps(body), status, content_type="application/json")(environ, start_response)


def forbidden(action: str) -> tuple[int, Answer]:
    """What ARM answers an identity that lacks an action."""
    message = f"The client 'x' does not have authorization to perform action '{action}' over scope '/s'."
    return 403, {"error": {"code": "AuthorizationFailed", "message": message}}


@contextmanager
def arm_that_says(answers: Mapping[str, Answer]) -> Iterator[FakeArm]:
    """A running fake and a session in its cloud."""
    fake = FakeArm()
    fake.says(answers)
    server = make_server("127.0.0.1", 0, fake, threaded=True, request_handler=_Quiet)
    fake.host = f"127.0.0.1:{server.server_port}"
    fake.base = f"http://{fake.host}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    cloud = Cloud(
        name="fake",
        arm=fake.base,
        audience="https://arm.example",
        scm_audience="https://scm.example",
        logs="",
        logs_audience="",
        insights="",
        insights_audience="",
        authority="",
        portal="",
        scheme="http",
    )
    try:
        with Session(cloud, Token()) as session:
            fake.session = session
            yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
