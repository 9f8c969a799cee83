"""Minidumps of Windows, .NET, Breakpad and Crashpad: memory and texts are masked in place, structure stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.cover import PIECE
from escalate.redact.cover_file import cover_file
from escalate.redact.cover_guard import GuardedSink
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.elf_core_layout import outside
from escalate.redact.handlers.minidump_layout import read_dump
from escalate.redact.handlers.minidump_paths import profile_names
from escalate.redact.handlers.registry import CannotRedact


class MinidumpHandler:
    """Same size, same streams, contexts, modules and symbol ids.

    Masked is all that is no structure, whoever points at it. The structure is searched, and the dump withheld if
    anything is found in it: a damaged table cannot declare memory to be a context.
    """

    name = "minidump"
    kinds = frozenset({Kind.MINIDUMP})
    piece = PIECE
    """Bytes at once."""

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        ledger = self.in_order(source, sink, engine, advance)
        sink.flush()
        with source.open("rb") as raw:
            if read_dump(raw) != read_dump(sink):
                raise CannotRedact("its structure would change")
        sink.seek(0, 2)
        return ledger

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `WritesInOrder.in_order`."""
        with source.open("rb") as raw:
            dump = read_dump(raw)
            payload = outside(dump.fixed, dump.size)
            patches = tuple(profile_names(raw, dump))
            guard = GuardedSink(sink, raw, payload, patches)
            counts = cover_file(source, guard, engine, payload, advance, watched=dump.fixed, piece=self.piece)
            guard.finish(dump.size)
        if patches:
            counts["profile-name"] = len(patches)
        return Ledger(handler=self.name, counts=counts)


HANDLER = MinidumpHandler()
