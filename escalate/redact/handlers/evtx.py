"""Windows event logs: every event as XML, then redacted as such; the binary form itself does not leave."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from evtx import PyEvtxParser

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers.archive_parts import CHUNK, Scratch
from escalate.redact.handlers.evtx_chunks import DAMAGED, chunks
from escalate.redact.handlers.registry import CannotRedact, handler_of

_PROLOG = re.compile(r"^\s*<\?xml[^>]*\?>\s*")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ODD_ENDS = re.compile(r"\r\n?")


class EvtxHandler:
    """The result is the `<Events>` document that the event viewer exports, whatever the name of the file says.

    What is left over in the gaps of the file (deleted events) is not in it.
    """

    name = "evtx"
    kinds = frozenset({Kind.EVTX})
    suffix = ".xml"

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        text = handler_of(Kind.EVENT_LOG)
        if text is None:
            raise CannotRedact("event logs cannot be redacted")
        with Scratch(Path(sink.name).parent).file() as made:
            events = _write(source, made, advance)
            made.flush()
            ledger = text.redact(Path(made.name), sink, engine, lambda _: None)
        sink.flush()
        sink.seek(0)
        left = _count(sink)
        if left != events:
            raise CannotRedact(f"it had {events} events and has {left} after redaction")
        sink.seek(0, 2)
        return ledger.model_copy(update={"handler": self.name})


def _write(source: Path, made: BinaryIO, advance: Callable[[int], None]) -> int:
    """Write all events as XML; how many."""
    made.write(b'<?xml version="1.0" encoding="utf-8"?>\n<Events>\n')
    events = 0
    with source.open("rb") as raw:
        for chunk in chunks(raw):
            found = 0
            for text in _records(chunk.file):
                made.write(text.encode() + b"\n")
                found += 1
            if found != chunk.events:
                raise CannotRedact(f"a part of the event log should have {chunk.events} events and has {found}")
            events += found
            advance(2 * chunk.size)
    made.write(b"</Events>\n")
    return events


def _records(chunk: BinaryIO) -> Iterator[str]:
    try:
        for record in PyEvtxParser(chunk, 1, None, True, None, False).records():
            if not isinstance(record, dict):
                raise CannotRedact("the event log has an event that cannot be read")
            text = _ODD_ENDS.sub("\n", _NOT_XML.sub("\ufffd", _PROLOG.sub("", record["data"])))
            yield text.rstrip("\n")
    except (RuntimeError, OSError, ValueError, struct.error) as error:
        raise CannotRedact(DAMAGED) from error


def _count(raw: BinaryIO) -> int:
    """Events of a document, which any parser of XML must take."""
    depth = events = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, events
        del attributes
        events += depth == 1 and name == "Event"
        depth += 1

    def end(name: str) -> None:
        nonlocal depth
        del name
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        while data := raw.read(CHUNK):
            parser.Parse(data, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise CannotRedact("after redaction it would be no XML") from error
    return events


HANDLER = EvtxHandler()
