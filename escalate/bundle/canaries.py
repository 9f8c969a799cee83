"""Secrets planted before a verifier that looks for secrets: one that misses them proves nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import secrets
from collections.abc import Iterator

from escalate.bundle.limits import Limits
from escalate.bundle.nested import Findings, walk
from escalate.bundle.second_engine import SecondEngine


def new_marker() -> bytes:
    """A value that nobody has: planted as if it were a known secret."""
    return secrets.token_urlsafe(24).encode()


def missed(engine: SecondEngine, marker: bytes) -> tuple[int, tuple[str, ...]]:
    """How many canaries were planted, and in words those that were not found; `marker` is a known value of `engine`."""
    planted = [(f"{what}, {how}", data) for what, text in _canaries(marker) for how, data in _forms(text)]
    lost = []
    for name, data in planted:
        findings = Findings(Limits(), engine)
        walk(io.BytesIO(data), name, 0, findings, lambda _: None)
        if not any(problem.check in ("secret", "known value") for problem in findings.problems):
            lost.append(name)
    return len(planted), tuple(lost)


def _canaries(marker: bytes) -> Iterator[tuple[str, str]]:
    key = base64.b64encode(secrets.token_bytes(64)).decode()
    yield "storage key", f"DefaultEndpointsProtocol=https;AccountName=canary;AccountKey={key};"
    head, body = (_part(each) for each in ({"alg": "HS256", "typ": "JWT"}, {"sub": secrets.token_hex(8)}))
    yield "bearer token", f"Authorization: Bearer {head}.{body}.{secrets.token_urlsafe(32)}"
    yield "password", f"Server=tcp:canary;User ID=app;Password=q7{secrets.token_hex(10)}Z!;"
    yield "known value", f"nothing but {marker.decode()} in a text"
    yield "known value in base64", base64.b64encode(b"a: " + marker + b" :b").decode()


def _part(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    line = f"2026-04-04T05:58:45Z first line\n{text}\n"
    yield "as text", line.encode()
    yield "in UTF-16", line.encode("utf-16-le")
    yield "in gzip", gzip.compress(line.encode(), mtime=0)
