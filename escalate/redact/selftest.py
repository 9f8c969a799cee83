"""Runs the vectors of redaction on this machine: what must go goes, what must stay stays."""

from __future__ import annotations

import gzip
import io
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escalate.model.kind import Kind
from escalate.redact.canary import missed
from escalate.redact.detectors.registry import detectors
from escalate.redact.engine import Engine
from escalate.redact.forms import forms
from escalate.redact.handlers.registry import handler_of, handlers
from escalate.redact.rules import EngineInputs

_KEY = b"\x5e" * 32
_VALUE = 'c4n/ary+"<&é%20\\key=='
"""A value that every encoding has to change."""
_KEPT = (
    "/subscriptions/0a1b2c3d-0000-4000-8000-aabbccddeeff/resourceGroups/shop/providers/Microsoft.Web/sites/shop-web",
    "RD0003FF5507AB lw0sdlwk000002 10-30-0-103 waws-prod-am2-123 dw1sdwk0001A7",
    "operation_Id=4bf92f3577b34da6a3ce929d0e0e4736 traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "168.63.129.16 169.254.130.2 127.0.0.1 ::1 10.0.0.4",
    "System.NullReferenceException at Shop.Cart.Add(Item item) in Cart.cs:line 12 HRESULT 0x80131500 errno 110",
    "x-ms-request-id: 5e1b6a2c-0000-4000-8000-aabbccddeeff 2026-04-04T05:58:45.123Z libcoreclr.so 8.0.3",
)


@dataclass(frozen=True)
class Check:
    """A group of vectors: how many there are, and which failed, by name."""

    name: str
    vectors: int
    failed: tuple[str, ...]


def selftest() -> Iterator[Check]:
    """Each group of vectors, as soon as it is done."""
    engine = Engine(EngineInputs(key=_KEY, national_ids=True))
    for detector in detectors():
        lost = [f"missed: {text}" for text, secret in detector.positives if secret in engine.redact_text(text)]
        lost += [f"touched: {text}" for text in detector.negatives if engine.redact_text(text) != text]
        yield Check(f"detector {detector.id}", len(detector.positives) + len(detector.negatives), tuple(lost))
    yield Check("keep list", len(_KEPT), tuple(text for text in _KEPT if engine.redact_text(text) != text))
    knowing = Engine(EngineInputs(key=_KEY, known_values=(_VALUE,)))
    all_forms = sorted(forms(_VALUE))
    left = [form for form in all_forms if form in knowing.redact_part(b"<" + form + b">", 0, len(form) + 2)[0]]
    yield Check("forms of a known value", len(all_forms), tuple(form.hex() for form in left))
    yield from _handlers(knowing)


def _handlers(engine: Engine) -> Iterator[Check]:
    with tempfile.TemporaryDirectory(prefix="escalate-selftest-") as name:
        folder = Path(name)
        kinds = sorted({kind for handler in handlers() for kind in handler.kinds})
        lost = [f"{kind}: {why}" for kind in kinds if (why := missed(engine, kind, b"a line\n" * 9, folder))]
        yield Check("canaries, by kind", len(kinds), tuple(lost))
        line = f"the value is {_VALUE} and ends here\n"
        samples = {
            "text, UTF-8": (Kind.TEXT, line.encode()),
            "text, UTF-16": (Kind.TEXT, b"\xff\xfe" + line.encode("utf-16-le")),
            "text, big endian UTF-16": (Kind.TEXT, b"\xfe\xff" + line.encode("utf-16-be")),
            "gzip in a zip": (Kind.ARCHIVE, _zipped(gzip.compress(line.encode(), mtime=0))),
            "SQLite": (Kind.SQLITE, _database(folder / "sample.db", line)),
        }
        failed = [name for name, (kind, data) in samples.items() if not _is_clean(engine, kind, data, folder)]
        yield Check("files", len(samples), tuple(failed))


def _is_clean(engine: Engine, kind: Kind, data: bytes, folder: Path) -> bool:
    """Whether a handler made a file of the sample that gives nothing away, packed or unpacked."""
    handler = handler_of(kind)
    if handler is None:
        return False
    source, made = folder / "source", folder / "made"
    source.write_bytes(data)
    made.unlink(missing_ok=True)
    made.touch(0o600)
    with made.open("r+b") as sink:
        handler.redact(source, sink, engine, lambda _: None)
    content = made.read_bytes()
    if kind is Kind.ARCHIVE:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = gzip.decompress(archive.read(archive.namelist()[0]))
    return not any(form in content for form in forms(_VALUE))


def _zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("logs/app.log.gz", data)
    return out.getvalue()


def _database(place: Path, line: str) -> bytes:
    connection = sqlite3.connect(place)
    try:
        connection.execute("CREATE TABLE log (line TEXT)")
        connection.execute("INSERT INTO log VALUES (?)", (line,))
        connection.commit()
    finally:
        connection.close()
    return place.read_bytes()
