"""Writes pieces into a step's scratch folder: hashed while written, within the budget."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escalate.azure.failure import AzureFailure, Why
from escalate.collect.outcomes import outcome_of_error, outcome_of_failure
from escalate.collect.piece import CutShortError, Piece, SpoiledError, Unavailable
from escalate.collect.watch import Watch
from escalate.model.outcome import Gap, Invalid, Partial, Skipped

CHUNK = 1024 * 1024
MORE_ROOM = "give the collection more room with --max-size"


class Allowance:
    """Bytes that all steps together may still bring home; shared by threads."""

    def __init__(self, n_bytes: int) -> None:
        self._lock = threading.Lock()
        self._left = n_bytes

    @property
    def left(self) -> int:
        """What is still free."""
        with self._lock:
            return self._left

    def take(self, n_bytes: int) -> int:
        """Reserve up to so many bytes; returns how many were granted."""
        with self._lock:
            granted = max(0, min(n_bytes, self._left))
            self._left -= granted
            return granted

    def give_back(self, n_bytes: int) -> None:
        """What was reserved and not kept."""
        with self._lock:
            self._left += n_bytes


@dataclass(frozen=True)
class Staged:
    """A piece that stands in scratch, whole, synced by `Case.adopt` when it is moved."""

    piece: Piece
    file: Path
    size: int
    sha256: str


class Stager:
    """One step's writer."""

    def __init__(self, folder: Path, step_bytes: int, allowance: Allowance, watch: Watch, hint: str) -> None:
        self._folder = folder
        self._hint = hint
        self._step = Allowance(step_bytes)
        self._whole = allowance
        self._watch = watch
        self._count = 0

    def take(self, piece: Piece) -> tuple[Staged | None, Gap | None]:
        """Write one piece; a gap says what was cut, or why nothing was kept.

        Raises:
            OSError: the case cannot be written.
            Abandoned: the step was given up.
        """
        self._count += 1
        place = self._folder / f"piece-{self._count:06d}"
        if isinstance(piece.content, Path):
            piece.content.rename(place)
            chunks = self._read_back(place)
            writes = False
        else:
            chunks = iter(piece.content)
            writes = True
        size, hasher = 0, hashlib.sha256()
        cut: Gap | None = Partial(reason=f"{piece.path}: {piece.cut}", hint=self._hint) if piece.cut else None
        try:
            with place.open("wb" if writes else "rb") as handle:
                for chunk in _named_failures(chunks, piece.origin, self._hint):
                    granted = self._grant(len(chunk))
                    data = chunk[:granted]
                    if writes:
                        handle.write(data)
                    hasher.update(data)
                    size += granted
                    self._watch.alive(granted)
                    if granted < len(chunk):
                        cut = Skipped(reason=f"{piece.path}: cut at {size} bytes, the size budget", hint=MORE_ROOM)
                        break
        except CutShortError as error:
            cut = Partial(reason=f"{piece.path}: {error}", hint=self._hint)
        except Unavailable as error:
            cut = error.outcome
        except SpoiledError as error:
            place.unlink()
            self._whole.give_back(size)
            return None, Invalid(reason=f"{piece.path}: {error}", hint=self._hint)
        if cut and not size:
            place.unlink()
            return None, cut
        if cut and not writes:
            os.truncate(place, size)
        return Staged(piece=piece, file=place, size=size, sha256=hasher.hexdigest()), cut

    def _grant(self, n_bytes: int) -> int:
        mine = self._step.take(n_bytes)
        granted = self._whole.take(mine)
        self._step.give_back(mine - granted)
        return granted

    def _read_back(self, place: Path) -> Iterator[bytes]:
        with place.open("rb") as handle:
            while data := handle.read(CHUNK):
                yield data


def _named_failures(chunks: Iterator[bytes], origin: str, hint: str) -> Iterator[bytes]:
    """The same chunks; a failure of the source is told apart from one of the case folder."""
    try:
        yield from chunks
    except OSError as error:
        raise Unavailable(outcome_of_error(error, origin, hint)) from error
    except AzureFailure as failure:
        if failure.why is Why.INVALID:  # an error page, another file: nothing of it is evidence
            raise SpoiledError(failure.reason) from failure
        raise Unavailable(outcome_of_failure(failure, hint)) from failure
