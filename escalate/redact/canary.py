"""Canaries: secrets planted in a duplicate of real evidence, which its handler must find, or its kind stays behind."""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from escalate.model.kind import Kind
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import FAILURES, handler_of

SAMPLE = 64 * 1024
"""Bytes of an artifact that stand around the canaries."""
_XML = frozenset({Kind.XML, Kind.EVENT_LOG, Kind.FAILED_REQUEST})
_JSON = frozenset(
    {Kind.JSON, Kind.DETECTOR, Kind.ACTIVITY_LOG, Kind.METRICS, Kind.KUDU_PROCESS, Kind.NODE_REPORT, Kind.HAR}
)
BINARY = frozenset({Kind.HPROF, Kind.ELF_CORE, Kind.MINIDUMP, Kind.PCAP, Kind.ARCHIVE, Kind.SQLITE, Kind.EVTX})
"""Kinds whose handlers compare structures instead: a sample cut out of the middle would be no such file."""


def missed(engine: Engine, kind: Kind, sample: bytes, folder: Path) -> str | None:
    """Why the handler of a kind cannot be trusted with this case; None: it found every canary.

    `sample` is the beginning of a file of that kind, `folder` a private place for the duplicate.
    """
    handler = handler_of(kind)
    if handler is None or kind in BINARY:
        return None
    password, key = secrets.token_urlsafe(18) + "7x", base64.b64encode(secrets.token_bytes(64)).decode()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        source, place = Path(name) / "sample", Path(name) / "made"
        source.write_bytes(_planted(kind, sample, password, key))
        place.touch(0o600)
        try:
            with place.open("r+b") as sink:
                handler.redact(source, sink, engine, lambda _: None)
        except FAILURES:
            return None  # a handler that refuses leaks nothing
        made = place.read_bytes()
    found = sum(canary.encode() in made for canary in (password, key))
    return f"its handler missed {found} of 2 planted canaries" if found else None


def _planted(kind: Kind, sample: bytes, password: str, key: str) -> bytes:
    text = sample.decode("utf-8", "replace")
    store = f"DefaultEndpointsProtocol=https;AccountName=canarystore1;AccountKey={key};EndpointSuffix=core.windows.net"
    if kind in _JSON:
        return json.dumps({"text": text, "password": password, "inner": [{"storage": store}]}).encode()
    if kind in _XML:
        members = f'<add key="DbPassword" value="{password}"/><add connectionString="{escape(store)}"/>'
        return f"<r><t>{escape(_printable(text))}</t>{members}</r>".encode()
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    return "".join((*lines[:middle], f"\npassword={password} {store}\n", *lines[middle:])).encode()


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() or char == "\n")


def untrusted(engine: Engine, samples: Iterable[tuple[Kind, Path]], folder: Path) -> dict[Kind, str]:
    """The kinds whose handlers missed a canary, with the reason; one sample a kind is enough."""
    found: dict[Kind, str] = {}
    tried: set[Kind] = set()
    for kind, path in samples:
        if kind not in tried:
            try:
                with path.open("rb") as raw:
                    sample = raw.read(SAMPLE)
            except OSError:
                continue  # a file that cannot be read is withheld for that
            tried.add(kind)
            reason = missed(engine, kind, sample, folder)
            if reason is not None:
                found[kind] = reason
    return found
