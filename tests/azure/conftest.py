"""A real HTTP server on loopback that answers as a test says, and sessions that talk to it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from azure.core.credentials import AccessToken
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from escalate.azure.cloud import Cloud
from escalate.azure.session import Channel, Session
from escalate.model.exchange import Exchange

App = Callable[[Request], Response]


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class Server:
    """What it was asked, in order; `answer` may be changed while it runs."""

    answer: App
    url: str = ""
    asked: list[Request] = field(default_factory=list)

    def __call__(self, environ, start_response):
        request = Request(environ)
        request.get_data(cache=True)
        self.asked.append(request)
        return self.answer(request)(environ, start_response)


@pytest.fixture
def serve(socket_enabled) -> Iterator[Callable[[App], Server]]:
    """serve(app) starts a server and returns it."""
    with contextlib.ExitStack() as stack:

        def start(app: App) -> Server:
            server = Server(app)
            http: BaseWSGIServer = make_server("127.0.0.1", 0, server, threaded=True, request_handler=Handler)
            http.daemon_threads = True
            http.block_on_close = False
            thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(http.server_close)
            stack.callback(thread.join)
            stack.callback(http.shutdown)
            server.url = f"http://127.0.0.1:{http.server_port}"
            return server

        yield start


@dataclass
class Waits:
    """A step that does not really wait."""

    pauses: list[float] = field(default_factory=list)

    def alive(self, n_bytes: int = 0) -> None: ...

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@dataclass
class Tokens:
    """A credential that counts; `renew` makes it give out the next token."""

    number: int = 1
    scopes: list[str] = field(default_factory=list)
    claims: list[str | None] = field(default_factory=list)
    renewed: int = 0

    def get_token(self, *scopes, claims=None, **kwargs) -> AccessToken:
        self.scopes += scopes
        self.claims.append(claims)
        if claims:
            self.number += 1
        return AccessToken(f"token-{self.number}", int(time.time()) + 3600)

    def renew(self) -> None:
        self.renewed += 1
        self.number += 1


def cloud_at(url: str) -> Cloud:
    return Cloud(
        name="test", arm=url, audience="https://arm.test", scm_audience="https://scm.test", logs=f"{url}/logs/v1",
        logs_audience="https://logs.test", insights=f"{url}/insights/v1", insights_audience="https://insights.test",
        authority="login.test", portal="https://portal.test", scheme="http",
    )  # fmt: skip


@dataclass
class Line:
    """A channel with everything a test wants to look at."""

    channel: Channel
    waits: Waits
    tokens: Tokens
    exchanges: list[Exchange]


@pytest.fixture
def connect() -> Iterator[Callable[..., Line]]:
    """connect(url) opens a session there; connect(url, arm=...) changes the cloud."""
    with contextlib.ExitStack() as stack:

        def make(url: str, **changes) -> Line:
            tokens, waits, exchanges = Tokens(), Waits(), []
            session = stack.enter_context(Session(replace(cloud_at(url), **changes), tokens))
            return Line(session.channel(exchanges.append, waits), waits, tokens, exchanges)

        yield make


def hang_up(request: Request, *, reset: bool = False) -> None:
    """End the connection in the middle of an answer, with FIN or with RST."""
    sock: socket.socket = request.environ["werkzeug.socket"]
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        raise ConnectionResetError
    sock.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError


@pytest.fixture
def closed_port(socket_enabled) -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
