"""Cores of Linux processes: memory is masked in place, so that debuggers see the same threads, frames and modules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from escalate.formats.elf_layout import PF_W, PF_X, PT_LOAD, PT_NOTE, Segment
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.cover import PIECE, Range
from escalate.redact.cover_file import cover_file
from escalate.redact.cover_guard import GuardedSink
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.elf_core_layout import Core, outside, read_core
from escalate.redact.handlers.elf_core_notes import FileMap, command_lines, cut_arguments, file_map
from escalate.redact.handlers.registry import CannotRedact


class ElfCoreHandler:
    """Same size, same headers, notes and code.

    Masked is all that is none of these: memory that can be written, or holds no code of a file, and what stands
    between the segments; of the notes the command line and the paths of files. What stays is searched, and the core
    withheld if anything is found in it: a damaged header cannot declare a heap to be code.
    """

    name = "elf-core"
    kinds = frozenset({Kind.ELF_CORE})
    piece = PIECE
    """Bytes at once."""

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        ledger = self.in_order(source, sink, engine, advance)
        sink.flush()
        with source.open("rb") as raw:
            if read_core(raw) != read_core(sink):
                raise CannotRedact("its structure would change")
        sink.seek(0, 2)
        return ledger

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `WritesInOrder.in_order`."""
        with source.open("rb") as raw:
            core = read_core(raw)
            arguments, files = command_lines(core), file_map(raw, core)
            texts = sorted([*arguments, *files.paths])
            watched = outside(_payload(core, files, texts), core.size)
            payload = outside(watched, core.size)
            patches = tuple(cut_arguments(raw, arguments, engine))
            guard = GuardedSink(sink, raw, payload, patches)
            counts = cover_file(source, guard, engine, payload, advance, watched=watched, piece=self.piece)
            guard.finish(core.size)
        if patches:
            counts["cut-argument"] = len(patches)
        return Ledger(handler=self.name, counts=counts)


def _payload(core: Core, files: FileMap, texts: list[Range]) -> list[Range]:
    fixed = [segment.range for segment in core.segments if segment.size and _is_fixed(segment, files)]
    return sorted([*outside([*core.headers, *fixed], core.size), *texts])


def _is_fixed(segment: Segment, files: FileMap) -> bool:
    """Whether a segment holds notes, or code that was loaded from a file; code made at run time is memory like any."""
    if segment.type == PT_NOTE:
        return True
    code = segment.type == PT_LOAD and segment.flags & PF_X and not segment.flags & PF_W
    return bool(code) and files.holds(segment.address)


HANDLER = ElfCoreHandler()
