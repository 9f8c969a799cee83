"""Everything that is text: logs, JSON, XML, CSV, dumps of threads, snapshots of /proc."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.archive_parts import Scratch
from escalate.redact.handlers.encoding import (
    HEAD_BYTES,
    Told,
    WideInside,
    encoding_of,
    open_text,
    sink_for,
    source_for,
)
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.wide_runs import wide_findings, write_narrowed
from escalate.redact.pieces import cuts, redact_pieces

_OPAQUE = frozenset(
    {
        Kind.HPROF,
        Kind.JFR,
        Kind.MINIDUMP,
        Kind.ELF_CORE,
        Kind.KERNEL_DUMP,
        Kind.GCDUMP,
        Kind.NETTRACE,
        Kind.PCAP,
        Kind.ARCHIVE,
        Kind.BINARY,
        Kind.SQLITE,
        Kind.EVTX,
        Kind.ETL,
        Kind.PICTURE,
        Kind.PDF,
    }
)
_ROUNDS = 3
JSON_CHECK_BYTES = 2 * 1024 * 1024
"""Larger documents are not parsed to prove that they still parse."""
PIECES_FROM = 24 * 1024 * 1024
"""Bytes from which a text is worth cutting."""


class TextHandler:
    """Streams through the engine; the result has the encoding and the number of lines of the original."""

    name = "text"
    kinds = frozenset(Kind) - _OPAQUE

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        ledger = self.in_order(source, sink, engine, advance)
        if ledger is not None:
            return ledger
        try:
            return self._streamed(source, sink, engine, advance)
        except WideInside:
            return self._mixed(source, sink, engine, advance)

    def _mixed(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """UTF-16 text inside of another encoding goes first, run by run."""
        counts: Counter[str] = Counter()
        with Scratch(Path(sink.name).parent).file() as made:
            with source.open("rb") as raw:
                write_narrowed(raw, made, engine, counts)
            ledger = self._streamed(Path(made.name), sink, engine, advance, mixed=True)
        sink.seek(0)
        if wide_findings(sink, engine):
            raise CannotRedact("something was still found in UTF-16 text inside of other text")
        return ledger.model_copy(update={"counts": dict(counts + Counter(ledger.counts))})

    def _streamed(
        self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None], *, mixed: bool = False
    ) -> Ledger:
        with source.open("rb") as raw:
            encoding = None if mixed else encoding_of(raw.read(HEAD_BYTES))
        for rounds in range(1, _ROUNDS + 1):
            sink.seek(0)
            sink.truncate()
            with source.open("rb") as raw:
                text = Told(open_text(raw, mixed=mixed), advance)
                ledger = engine.redact_stream(text, sink_for(sink, encoding), rounds)
            sink.flush()
            if not ledger.counts:  # nothing was found and nothing was changed: that is proof
                return ledger.model_copy(update={"handler": self.name})
            sink.seek(0)
            left, lines = engine.findings(Told(source_for(sink, encoding, mixed=mixed), advance))
            if not left:
                break
        else:
            raise CannotRedact(f"after {_ROUNDS} rounds this was still found: {', '.join(sorted(left))}")
        if lines != ledger.lines:
            raise CannotRedact(f"it had {ledger.lines} lines and has {lines} after redaction")
        _check_json(source, sink)
        return ledger.model_copy(update={"handler": self.name})

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger | None:
        """See `WritesInOrder.in_order`: large files are cut at line ends where a crew is there to help."""
        if engine.crew is None or source.stat().st_size < PIECES_FROM:
            return None
        with source.open("rb") as raw:
            open_text(raw)
        pieces = cuts(source)
        if pieces is None:
            return None
        ledger = redact_pieces(source, pieces, sink, engine, engine.crew, advance)
        return ledger.model_copy(update={"handler": self.name})


def _check_json(source: Path, sink: BinaryIO) -> None:
    if source.stat().st_size > JSON_CHECK_BYTES or not _is_json(source.read_bytes()):
        return
    sink.seek(0)
    if not _is_json(sink.read()):
        raise CannotRedact("it was JSON and would not be after redaction")


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


HANDLER = TextHandler()
