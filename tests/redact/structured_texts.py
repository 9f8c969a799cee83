"""Runs handlers of structured text over bytes, and looks at what they must keep."""

from __future__ import annotations

import tempfile
from pathlib import Path

from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import CannotRedact, Handler


def redacted(handler: Handler, engine: Engine, data: bytes) -> tuple[bytes, Ledger]:
    """The result and its ledger; no temporary file is left beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, result = folder / "source", folder / "result"
        source.write_bytes(data)
        with result.open("w+b") as sink:
            ledger = handler.redact(source, sink, engine, lambda _: None)
        assert sorted(one.name for one in folder.iterdir()) == ["result", "source"]
        assert source.read_bytes() == data
        return result.read_bytes(), ledger


def checked(handler: Handler, engine: Engine, data: bytes, *secrets: str) -> bytes:
    """The result, which holds none of the secrets, has as many lines, and comes out of a second run as it is."""
    out, ledger = redacted(handler, engine, data)
    assert out.count(b"\n") == data.count(b"\n")
    for secret in secrets:
        assert secret.encode() not in out, secret
    again, more = redacted(handler, engine, out)
    assert again == out
    assert more.counts == {}
    assert redacted(handler, engine, data)[0] == out
    assert (ledger.counts != {}) == (out != data)
    return out


def damaged(handler: Handler, engine: Engine, data: bytes) -> bytes:
    """What leaves of a damaged text; nothing where it is refused."""
    try:
        return redacted(handler, engine, data)[0]
    except (CannotRedact, UnicodeError):
        return b""
