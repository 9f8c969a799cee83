"""Archives and compressed files: unpacked member by member, each redacted by its own handler, and built again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers.archive_limits import Limits
from escalate.redact.handlers.archive_parts import Scratch
from escalate.redact.handlers.archive_rebuild import Job, Rebuilder


class ArchiveHandler:
    """Same format, same members in the same order, but comments, owners, links and fields that only some tools know.

    A member that cannot be redacted leaves `<name>.ref.json`. Unpacked bytes stand in private files beside the sink,
    one member at a time (a 7z archive: all of them).
    """

    name = "archive"
    kinds = frozenset({Kind.ARCHIVE})

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        scratch = Scratch(Path(sink.name).parent)
        counts = Rebuilder(engine, scratch, self._limits).rebuild(
            Job(source, PurePosixPath(source.name), 0, advance), sink
        )
        return Ledger(handler=self.name, counts={label: count for label, count in counts.items() if count})


HANDLER = ArchiveHandler()
