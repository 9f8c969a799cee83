"""Files that no handler can redact: what they can hold, and the way out for who wants one to leave all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.cover import MARGIN_AFTER, MARGIN_BEFORE, PIECE, Coverer
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.registry import CannotRedact

MAY_HOLD: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.GCDUMP: "names of types of the app and how many objects there are; no values of fields",
        Kind.NETTRACE: "events of the app with their texts: URLs, SQL, exception messages, log lines",
        Kind.ETL: "events of the whole machine: command lines, paths, URLs, user names",
        Kind.JFR: "settings and environment of the JVM, command lines, paths, exception messages, addresses",
        Kind.PICTURE: "whatever was on the screen",
        Kind.PDF: "whatever was printed, and the name of who printed it",
        Kind.KERNEL_DUMP: "the memory of a whole machine, with the secrets of every process on it",
        Kind.BINARY: "anything: nobody knows its format",
    }
)
"""What a person should know before one of these leaves."""


def may_hold(kind: Kind) -> str:
    """In words that follow "it can hold"."""
    return f"it can hold {MAY_HOLD.get(kind, MAY_HOLD[Kind.BINARY])}"


class AsItIs:
    """Copies a file that the user named, if nothing is found in it as plain or UTF-16 text.

    What it holds packed or encoded in its own way cannot be seen: that is why it takes a person to name it.
    """

    name = "as-it-is"
    kinds = frozenset(MAY_HOLD)

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        return self.in_order(source, sink, engine, advance)

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `WritesInOrder.in_order`."""
        coverer = Coverer(engine)
        before = b""
        with source.open("rb") as raw:
            data = raw.read(PIECE)
            while data:
                sink.write(data)
                after = raw.read(PIECE)
                window = before + data + after[:MARGIN_AFTER]
                if found := {span.label for span in coverer.spans(window)}:
                    raise CannotRedact(f"you let it go as it is, but it holds secrets: {', '.join(sorted(found))}")
                advance(2 * len(data))
                before, data = (before + data)[-MARGIN_BEFORE:], after
        return Ledger(handler=self.name)


AS_IT_IS = AsItIs()
