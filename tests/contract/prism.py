"""Prism: as a proxy that answers with the violations of an OpenAPI file, or as a mock that serves the file itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PROGRAM = Path(__file__).parent / "node_modules" / ".bin" / "prism"
START_S = 120


@dataclass(frozen=True)
class Verdict:
    """What came back through Prism."""

    status: int
    violations: tuple[str, ...]


@dataclass(frozen=True)
class Prism:
    """A running one."""

    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, target: str, body: bytes, token: str) -> Verdict:
        """Send one request through it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {token}", "x-api-key": token, "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            connection.request(method, target, body=body or None, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        return Verdict(answer.status, tuple(violations(answer.status, text, answer.getheader("sl-violations"))))


def violations(status: int, body: bytes, header: str | None) -> Iterator[str]:
    """From the header where there is one; from the body of Prism's own refusal where the header would be too long."""
    problem = json.loads(body) if b"stoplight.io/prism/errors#" in body else {}
    found = problem.get("validation") or (json.loads(header) if header and header.startswith("[") else [])
    yield from (f"{'.'.join(map(str, each['location']))}: {each['message']}" for each in found)
    if not found and (problem or header):
        yield f"{status}: {header or body[:300]!r}"


def proxy(spec: Path, upstream: str) -> contextlib.AbstractContextManager[Prism]:
    """Prism with that file in front of `upstream`."""
    return _run("proxy", spec, upstream)


def mock(spec: Path) -> contextlib.AbstractContextManager[Prism]:
    """Prism that answers with the examples of that file, and refuses requests that do not fit it."""
    return _run("mock", spec)


@contextlib.contextmanager
def _run(verb: str, spec: Path, *upstream: str) -> Iterator[Prism]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(PROGRAM), verb, "--errors", "-h", "127.0.0.1", "-p", str(port), str(spec), *upstream]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            _wait(process, port, log)
            yield Prism(port)
        finally:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: BinaryIO) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    log.seek(0)
    raise RuntimeError(f"Prism did not start: {log.read()[-2000:].decode('utf-8', 'replace')}")
