"""Takes files of evidence from elsewhere, expands what is packed in place, and keeps count of what it refused."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from escalate.collect.names import Names, safe_part, unreserved
from escalate.collect.outcomes import SHOWN
from escalate.collect.piece import CutShortError, Piece, SpoiledError
from escalate.collect.unpack import (
    HEAD_BYTES,
    BombError,
    Form,
    Limits,
    Refused,
    UnreadableError,
    form_of,
    inflated,
    members,
)
from escalate.collect.watch import Watch
from escalate.model.outcome import Gap, Invalid

CHUNK = 1024 * 1024
TOP = PurePosixPath()

_NAMELESS = "content"


@dataclass(frozen=True)
class Found:
    """A file that stands on disk, to be taken as evidence."""

    file: Path
    path: PurePosixPath
    """Below `evidence/`, made safe; for an archive the folder it becomes. `TOP`: the contents go to the top."""
    origin: str
    modified: datetime | None = None
    ours: bool = False
    """Whether it lies in scratch and may be moved away."""
    depth: int = 0


@dataclass
class Expander:
    """One step's intake."""

    scratch: Path
    watch: Watch
    describe: Callable[[Piece], Piece]
    """Adds whose evidence it is."""
    limits: Limits = field(default_factory=Limits)
    names: Names = field(default_factory=Names)

    def __post_init__(self) -> None:
        self._refused: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._spools = itertools.count()
        self._out = 0

    def take(self, found: Found) -> Iterator[Piece]:
        """The file itself, or what is packed in it."""
        form = form_of(_head(found.file), PurePosixPath(found.file.name) if found.path == TOP else found.path)
        if form is not None and found.depth >= self.limits.depth:
            self.refuse(f"archives nested deeper than {self.limits.depth}", found.origin)
            form = None
        if form is None:
            self.names.add(found.path)
            yield self._whole(found)
        else:
            yield from self._expand(found, form)

    def refuse(self, why: str, name: str) -> None:
        """Count something that is not taken; the first few names are kept."""
        self._counts[why] = self._counts.get(why, 0) + 1
        if len(self._refused.setdefault(why, [])) < SHOWN:
            self._refused[why].append(name)

    def gaps(self) -> Iterator[Gap]:
        """What was refused, one gap a reason."""
        for why, names in self._refused.items():
            more = self._counts[why] - len(names)
            listed = ", ".join(names) + (f" and {more} more" if more else "")
            yield Invalid(
                reason=f"{self._counts[why]} refused, {why}: {listed}",
                hint="unpack the source by hand, look at these, and name the folder that holds what is wanted",
            )

    def _expand(self, found: Found, form: Form) -> Iterator[Piece]:
        meter = _Meter(self, max(1, found.file.stat().st_size))
        try:
            if form in ("zip", "tar"):
                yield from self._members(found, found.file, form, meter)
            else:
                yield from self._inflate(found, form, meter)
        except (UnreadableError, CutShortError) as error:
            self._harm(meter, f"damaged archives ({error})", found.origin)
        except BombError as error:
            self._harm(meter, f"archives that give out too much ({error})", found.origin)
        if meter.harm:
            path = found.path if found.path != TOP else unreserved(PurePosixPath(safe_part(found.file.name)))
            if not self.names.is_free(path):
                path = self.names.variant(path.with_name(f"{path.name}.original"))
            self.names.add(path)
            yield self._whole(Found(found.file, path, found.origin, found.modified, found.ours))
        elif found.ours:
            found.file.unlink(missing_ok=True)

    def _inflate(self, found: Found, form: Form, meter: _Meter) -> Iterator[Piece]:
        inner = _inner_name(found)
        head, chunks = _peek(meter.count(inflated(found.file, form)))
        inner_form = form_of(head, inner)
        if inner_form == "tar":
            spool = self._spool(chunks, meter, found.origin)
            yield from self._members(found, spool, "tar", meter)
            spool.unlink()
            return
        path = unreserved(inner) if found.path == TOP else found.path / inner
        origin = f"{found.origin}!{inner}"
        if inner_form is None:
            self.names.add(path)
            yield self._piece(path, chunks, origin, found.modified)
            meter.check()
        else:
            spool = self._spool(chunks, meter, origin)
            yield from self.take(Found(spool, path, origin, found.modified, ours=True, depth=found.depth + 1))

    def _members(self, found: Found, archive: Path, form: Form, meter: _Meter) -> Iterator[Piece]:
        for member in members(archive, form, self.limits.members):
            origin = f"{found.origin}!{member.raw}"
            if isinstance(member, Refused):
                self.refuse(member.why, origin)
                meter.harm |= member.hostile
                continue
            path = unreserved(member.path) if found.path == TOP else found.path / member.path
            head, chunks = _peek(meter.count(member.chunks()))
            packed = form_of(head, path)
            # The folder an archive becomes must be free as a name, and is taken by its first member.
            if not (self.names.is_free(path) if packed else self.names.add(path)):
                self._harm(meter, "names that are there twice", origin)
                continue
            if packed is None:
                yield self._piece(path, chunks, origin, member.modified)
                meter.check()
            else:
                spool = self._spool(chunks, meter, origin)
                yield from self.take(Found(spool, path, origin, member.modified, ours=True, depth=found.depth + 1))

    def _harm(self, meter: _Meter, why: str, name: str) -> None:
        self.refuse(why, name)
        meter.harm = True

    def _spool(self, chunks: Iterator[bytes], meter: _Meter, origin: str) -> Path:
        """Write an inner archive to scratch, because its reader must seek."""
        place = self.scratch / f"inner-{next(self._spools):06d}"
        try:
            with place.open("wb") as handle:
                for chunk in chunks:
                    handle.write(chunk)
        except CutShortError as error:
            self._harm(meter, f"damaged archives ({error})", origin)
        return place

    def _whole(self, found: Found) -> Piece:
        content = found.file if found.ours else _chunks(found.file, self.watch)
        return self._piece(found.path, content, found.origin, found.modified)

    def _piece(
        self, path: PurePosixPath, content: Iterator[bytes] | Path, origin: str, modified: datetime | None
    ) -> Piece:
        return self.describe(Piece(path=path, content=content, origin=origin, captured_at=modified))


class _Meter:
    """Counts what one archive gives out."""

    def __init__(self, expander: Expander, n_bytes_in: int) -> None:
        self.harm = False
        """Whether the archive itself is kept too, because something of it was not taken."""
        self._expander = expander
        self._in = n_bytes_in
        self._out = 0
        self._bomb: BombError | None = None

    def count(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        limits = self._expander.limits
        for chunk in chunks:
            self._out += len(chunk)
            self._expander._out += len(chunk)
            self._expander.watch.alive()
            if self._out > limits.ratio_from and self._out > limits.ratio * self._in:
                self._bomb = BombError(f"more than {limits.ratio} bytes for one")
            elif self._expander._out > limits.total:
                self._bomb = BombError(f"more than {limits.total} bytes in all")
            if self._bomb:
                raise self._bomb
            yield chunk

    def check(self) -> None:
        """Stop after a piece whose reader met the limit.

        Raises:
            BombError: it did.
        """
        if self._bomb:
            raise self._bomb


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first 1024 bytes, and the whole; a failure of the first bytes comes when the whole is read."""
    first: list[bytes] = []
    failure: CutShortError | SpoiledError | None = None
    try:
        while sum(map(len, first)) < HEAD_BYTES and (chunk := next(chunks, None)) is not None:
            first.append(chunk)
    except (CutShortError, SpoiledError) as error:
        failure = error

    def whole() -> Iterator[bytes]:
        yield from first
        if failure is not None:
            raise failure
        yield from chunks

    return b"".join(first)[:HEAD_BYTES], whole()


def _inner_name(found: Found) -> PurePosixPath:
    """`c.log.gz` holds `c.log`."""
    name = found.path.name or safe_part(found.file.name)
    stem = name.rpartition(".")[0] if name.lower().endswith((".gz", ".bz2", ".xz", ".z")) else _NAMELESS
    return PurePosixPath(stem or _NAMELESS)


def _head(place: Path) -> bytes:
    with os.fdopen(_opened(place), "rb") as handle:
        return handle.read(HEAD_BYTES)


def _chunks(place: Path, watch: Watch) -> Iterator[bytes]:
    """A file as long as it is when opened: one that is being written does not end otherwise."""
    with os.fdopen(_opened(place), "rb") as handle:
        left = os.fstat(handle.fileno()).st_size
        while left > 0 and (data := handle.read(min(CHUNK, left))):
            left -= len(data)
            watch.alive()
            yield data


def _opened(place: Path) -> int:
    """A descriptor, never through a link and never waiting for the other end of a pipe."""
    return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
