"""Rebuilds an archive from redacted members; what cannot be redacted leaves a note in its place."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from escalate.errors import EscalateError
from escalate.formats.sniff import sniff
from escalate.model.kind import Kind
from escalate.redact.documents import GUESSABLE
from escalate.redact.engine import Engine, Source
from escalate.redact.handlers.archive_limits import Limits, Meter, TooMuch, Total
from escalate.redact.handlers.archive_names import Names, inside_name
from escalate.redact.handlers.archive_packed import PACKINGS, Packing
from escalate.redact.handlers.archive_parts import CHUNK, Container, Entry, Hashing, Scaled, Scratch, Writer, copy
from escalate.redact.handlers.archive_sevenzip import SEVEN_ZIP
from escalate.redact.handlers.archive_tar import TAR
from escalate.redact.handlers.archive_zip import ZIP
from escalate.redact.handlers.registry import FAILURES, CannotRedact, handler_of, suffix_of

REFERENCE = ".ref.json"
WITHHELD = "member-withheld"
RENAMED = "member-renamed"
_PACKED_SUFFIXES = frozenset((".gz", ".bz2", ".xz", ".zst", ".zstd"))
_PACKED_TARS = frozenset((".tgz", ".tbz2", ".txz", ".tzst"))
_HOW_TO_GET = (
    "It stays in the archive in the case folder under evidence/. If support asks for it, look at what it holds and "
    "hand it over through the support workspace yourself."
)

Advance = Callable[[int], None]


CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {"application/zip": ZIP, "application/x-tar": TAR, "application/x-7z-compressed": SEVEN_ZIP}
)
"""By media type."""


@dataclass(frozen=True)
class Job:
    """One archive: a file, what it is called, and how deep it lies in others."""

    source: Path
    name: PurePosixPath
    depth: int
    advance: Advance


@dataclass(frozen=True)
class _Content:
    """What a member was written as."""

    size: int
    sha256: str


@dataclass(frozen=True)
class _Out:
    """Where the members of one archive go."""

    names: Names
    writer: Writer
    counts: Counter[str]


def _sha256(raw: Source) -> str:
    hasher = hashlib.sha256()
    while data := raw.read(CHUNK):
        hasher.update(data)
    return hasher.hexdigest()


@contextlib.contextmanager
def _proving(title: str) -> Iterator[None]:
    """A result that nobody would unpack is no result; the archive around it can still have one."""
    try:
        yield
    except TooMuch as error:
        raise CannotRedact(f"the redacted {title} would be taken for a bomb: {error}") from error


def _reason(error: Exception) -> str:
    """An error without the path or value it may quote."""
    if isinstance(error, CannotRedact):
        return str(error)
    if isinstance(error, EscalateError):
        return error.message
    what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"reading or redacting it failed: {what}"


def unpacked_name(name: PurePosixPath) -> PurePosixPath:
    """What a compressed file is called once it is unpacked."""
    if name.suffix in _PACKED_TARS:
        return name.with_suffix(".tar")
    stem = name.stem if name.suffix in _PACKED_SUFFIXES else name.name
    return name.with_name(stem)


class Rebuilder:
    """Works on one file of the evidence, and on all archives inside of it."""

    def __init__(self, engine: Engine, scratch: Scratch, limits: Limits) -> None:
        self._engine = engine
        self._scratch = scratch
        self._total = Total(limits)

    def rebuild(self, job: Job, sink: BinaryIO) -> Counter[str]:
        """Write the redacted archive into an empty file; what was replaced, by label.

        Raises:
            CannotRedact: damaged, cut off, too large unpacked, or of an unknown kind.
        """
        media = sniff(job.source, job.name).media_type
        container, packing = CONTAINERS.get(media), PACKINGS.get(media)
        with job.source.open("rb") as raw:
            meter = Meter(self._total, raw.seek(0, 2))
            raw.seek(0)
            if container is not None:
                return self._members(job, container, raw, meter, sink)
            if packing is not None:
                return self._single(job, packing, raw, meter, sink)
        raise CannotRedact(f"an archive of the type {media} cannot be rebuilt")

    def _single(self, job: Job, packing: Packing, raw: BinaryIO, meter: Meter, sink: BinaryIO) -> Counter[str]:
        names, limits = Names(self._engine), self._total.limits
        meter.member()
        with self._scratch.file() as spool, self._scratch.file() as made:
            head = packing.head(raw, names)
            size = copy(packing.unpack(raw, limits), spool, meter)
            advance = Scaled(job.advance, meter.packed, size)
            suffix, counts = self._redact(
                Job(Path(spool.name), unpacked_name(job.name), job.depth, advance), spool, made
            )
            if suffix:
                raise CannotRedact(f"its content would become a {suffix} file")
            written = made.seek(0, 2)
            made.seek(0)
            out, hasher = packing.pack(sink, head, written), hashlib.sha256()
            while data := made.read(CHUNK):
                hasher.update(data)
                out.write(data)
            packing.finish(out)
        counts[RENAMED] += names.changed
        proof, again = hashlib.sha256(), Meter(Total(limits), sink.tell())
        with _proving(packing.title):
            copy(packing.unpack(sink, limits), Hashing(proof), again)
        if proof.digest() != hasher.digest():
            raise CannotRedact(f"the {packing.title} could not be read again as it was written")
        sink.seek(0, 2)
        return counts

    def _members(self, job: Job, container: Container, raw: BinaryIO, meter: Meter, sink: BinaryIO) -> Counter[str]:
        names, counts = Names(self._engine), Counter[str]()
        writer = container.write(sink)
        written: list[tuple[str, _Content | None]] = []
        for entry, content in container.read(raw, meter, self._scratch):
            meter.member()
            if entry.is_folder:
                name = names.folder(entry.name)
                writer.folder(name, entry)
                written.append((name, None))
            else:
                written.append(self._member(job, entry, content, meter, _Out(names, writer, counts)))
        writer.finish()
        counts[RENAMED] += names.changed
        self._prove(container, sink, written)
        return counts

    def _member(self, job: Job, entry: Entry, content: Source, meter: Meter, out: _Out) -> tuple[str, _Content]:
        with self._scratch.file() as spool, self._scratch.file() as made:
            size = copy(content, spool, meter)
            advance = Scaled(job.advance, entry.packed, size)
            inner = Job(Path(spool.name), PurePosixPath(inside_name(entry.name) or "member"), job.depth, advance)
            suffix, counts, reason = "", Counter[str](), entry.barred
            if not reason:
                try:
                    suffix, counts = self._redact(inner, spool, made)
                except TooMuch:
                    raise
                except FAILURES as error:
                    reason = _reason(error)
            if reason:
                suffix, counts = REFERENCE, Counter({WITHHELD: 1})
                made.seek(0)
                made.truncate()
                made.write(self._reference(inner, size, reason, hidden=bool(entry.barred)))
            name = out.names.file(entry.name, suffix)
            made.flush()
            made.seek(0)
            content_written = _Content(Path(made.name).stat().st_size, _sha256(made))
            made.seek(0)
            out.writer.file(name, entry, made, content_written.size)
        out.counts.update(counts)
        return name, content_written

    def _redact(self, job: Job, spool: BinaryIO, made: BinaryIO) -> tuple[str, Counter[str]]:
        """Redact what was unpacked: the suffix its name gets, and what was replaced."""
        spool.flush()
        kind = sniff(job.source, job.name).kind
        if kind is Kind.ARCHIVE:
            depth = job.depth + 1
            if depth >= self._total.limits.depth:
                raise CannotRedact(f"archives are nested deeper than {self._total.limits.depth}")
            return "", self.rebuild(replace(job, depth=depth), made)
        handler = handler_of(kind)
        if handler is None:
            raise CannotRedact(f"a {kind} file cannot be redacted")
        ledger = handler.redact(job.source, made, self._engine, job.advance)
        return suffix_of(handler), Counter(ledger.counts)

    def _reference(self, job: Job, size: int, reason: str, *, hidden: bool) -> bytes:
        """What stands in the place of a member; nothing is said of content that nobody could look into."""
        note: dict[str, str | int] = {"schema": "escalate.member/v1"}
        if not hidden:
            note |= {"kind": str(sniff(job.source, job.name).kind), "size": size}
            if size >= GUESSABLE:
                with job.source.open("rb") as raw:
                    note["sha256"] = _sha256(raw)
        note |= {"reason": self._engine.redact_text(reason), "how_to_get": _HOW_TO_GET}
        return json.dumps(note, indent=2).encode() + b"\n"

    def _prove(self, container: Container, sink: BinaryIO, written: list[tuple[str, _Content | None]]) -> None:
        """Open the result as any reader would: the same members in the same order, each as it was written."""
        sink.flush()
        meter = Meter(Total(self._total.limits), sink.seek(0, 2))
        sink.seek(0)
        seen: list[tuple[str, _Content | None]] = []
        with _proving(container.title):
            for entry, content in container.read(sink, meter, self._scratch):
                if entry.is_folder:
                    seen.append((entry.name.removesuffix("/"), None))
                    continue
                hasher = hashlib.sha256()
                size = copy(content, Hashing(hasher), meter)
                seen.append((entry.name, _Content(size, hasher.hexdigest())))
        if seen != written:
            raise CannotRedact(f"the {container.title} could not be read again as it was written")
        sink.seek(0, 2)
