"""What a collector hands out: a piece of evidence with its provenance, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.outcome import Gap


@dataclass(frozen=True)
class Piece:
    """One file to be; the engine hashes, limits, names its kind and puts it in place."""

    path: PurePosixPath
    """Below `evidence/`."""
    content: Iterable[bytes] | Path
    """Chunks of bytes, or a file in the step's scratch folder, which is moved."""
    origin: str
    """Where it came from: a path, a command line, a member of an archive."""
    kind: Kind | None = None
    """None: recognised by content."""
    site: str | None = None
    instance: str | None = None
    pid: int | None = None
    captured_at: datetime | None = None
    """Aware UTC."""
    covers: Window | None = None
    cut: str | None = None
    """What is known to be missing from it, for instance the oldest part of a long log."""


class Unavailable(Exception):
    """A collector cannot go on; `outcome` says why and how a person gets it instead."""

    def __init__(self, outcome: Gap) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class CutShortError(Exception):
    """Raised by a piece's content that ends early: what came so far is kept, and recorded as cut."""


class SpoiledError(Exception):
    """Raised by a piece's content that turns out unusable: nothing of it is kept."""


class Abandoned(Exception):
    """Raised in a step that the engine has given up on, at its next sign of life."""
