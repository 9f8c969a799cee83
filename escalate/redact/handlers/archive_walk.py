"""Goes through the files of an archive, at all depths, one at a time; nothing is written but private files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from escalate.formats.sniff import sniff
from escalate.model.kind import Kind
from escalate.redact.engine import Source
from escalate.redact.handlers.archive_limits import Limits, Meter, TooMuch, Total
from escalate.redact.handlers.archive_names import inside_name
from escalate.redact.handlers.archive_packed import PACKINGS
from escalate.redact.handlers.archive_parts import Container, Scratch, copy
from escalate.redact.handlers.archive_rebuild import CONTAINERS, unpacked_name
from escalate.redact.handlers.registry import CannotRedact

_HEAD = 64 * 1024


@dataclass(frozen=True)
class Leaf:
    """A file inside of an archive, unpacked as long as it is looked at."""

    place: Path
    name: PurePosixPath
    """Its way through the archives around it."""
    kind: Kind


class Walk:
    """One walk over one file of the evidence, within the limits of its redaction."""

    def __init__(self, scratch: Scratch, wanted: Callable[[Kind], bool], limits: Limits | None = None) -> None:
        self._scratch = scratch
        self._wanted = wanted
        self._total = Total(limits or Limits())

    def leaves(self, source: Path, name: PurePosixPath, depth: int = 0) -> Iterator[Leaf]:
        """Every file of a wanted kind; archives inside of archives are opened.

        Raises:
            CannotRedact: damaged, cut off, or too large unpacked; what came before is good.
        """
        media = sniff(source, name).media_type
        container, packing = CONTAINERS.get(media), PACKINGS.get(media)
        with source.open("rb") as raw:
            meter = Meter(self._total, raw.seek(0, 2))
            raw.seek(0)
            if container is not None:
                yield from self._members(container, raw, name, depth, meter)
            elif packing is not None:
                meter.member()
                content = packing.unpack(raw, self._total.limits)
                yield from self._file(content, name.with_name(unpacked_name(name).name), depth, meter)

    def _members(
        self, container: Container, raw: BinaryIO, name: PurePosixPath, depth: int, meter: Meter
    ) -> Iterator[Leaf]:
        for entry, content in container.read(raw, meter, self._scratch):
            meter.member()
            if not entry.is_folder and not entry.barred:
                yield from self._file(content, name / (inside_name(entry.name) or "member"), depth, meter)

    def _file(self, content: Source, name: PurePosixPath, depth: int, meter: Meter) -> Iterator[Leaf]:
        with self._scratch.file() as spool:
            head = content.read(_HEAD)
            meter.more(len(head))
            spool.write(head)
            spool.flush()
            place = Path(spool.name)
            if not self._is_looked_at(sniff(place, name).kind):
                return
            copy(content, spool, meter)
            spool.flush()
            kind = sniff(place, name).kind
            if self._wanted(kind):
                yield Leaf(place, name, kind)
            elif kind is Kind.ARCHIVE and depth + 1 < self._total.limits.depth:
                yield from self._inner(place, name, depth + 1)

    def _inner(self, place: Path, name: PurePosixPath, depth: int) -> Iterator[Leaf]:
        """An archive inside of another; where it is damaged, the one around it can still be read."""
        try:
            yield from self.leaves(place, name, depth)
        except TooMuch:
            raise
        except CannotRedact:
            return

    def _is_looked_at(self, kind: Kind) -> bool:
        return kind is Kind.ARCHIVE or self._wanted(kind)
