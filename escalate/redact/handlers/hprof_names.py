"""The texts of a heap dump: names of classes, methods and fields stay when nothing is found in them; the rest goes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from escalate.redact.engine import Engine
from escalate.redact.handlers.hprof_layout import KEPT_FIELDS, KEPT_STATICS
from escalate.redact.handlers.registry import CannotRedact

MASK = b"*"
BATCH = 4 * 1024 * 1024
_ROUNDS = 3
_LENGTH_BITS = 21
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_OF_JDK = re.compile(rb"java/(?:util/[\w/$]+|lang/String|lang/Class\$Atomic)")
_FIELDS = frozenset().union(*KEPT_FIELDS.values(), *KEPT_STATICS.values())


class Names:
    """Where each text stands, and which of them something refers to as a name."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        """Id to place in the file and length, in one number: there are hundreds of thousands."""
        self._referred: set[int] = set()
        self._of_jdk: dict[int, bytes] = {}
        self.masked = 0
        """Texts that went: those that are no names, and names in which something was found."""

    def add(self, name: int, place: int, text: bytes) -> None:
        """A text record whose body stands at `place` of the file.

        Raises:
            CannotRedact: two texts have one id.
        """
        if name in self._places:
            raise CannotRedact("two texts of the heap dump have the same id")
        self._places[name] = place << _LENGTH_BITS | len(text)
        if text in _FIELDS or _OF_JDK.fullmatch(text):
            self._of_jdk[name] = text

    def refer(self, *names: int) -> None:
        """Something has these names."""
        self._referred.update(names)

    def known(self, name: int) -> bytes:
        """A text, if it may be a class of the JDK or one of its fields; empty otherwise."""
        return self._of_jdk.get(name, b"")

    def restore(self, source: BinaryIO, sink: BinaryIO, engine: Engine) -> dict[str, int]:
        """Write the names back over their masks, except those in which something was found; that, by label."""
        found: dict[str, int] = {}
        kept = 0
        for places, texts in self._batches(source):
            for label, count in _masked(texts, engine).items():
                found[label] = found.get(label, 0) + count
            for place, text in zip(places, texts, strict=True):
                if text is not None:
                    sink.seek(place)
                    sink.write(text)
                    kept += 1
        self.masked = len(self._places) - kept
        return found

    def _batches(self, source: BinaryIO) -> Iterator[tuple[list[int], list[bytes | None]]]:
        places: list[int] = []
        texts: list[bytes | None] = []
        size = 0
        for packed in sorted(self._places[name] for name in self._referred if name in self._places):
            place, length = packed >> _LENGTH_BITS, packed & ((1 << _LENGTH_BITS) - 1)
            source.seek(place)
            text = source.read(length)
            if _CONTROL.search(text):
                continue
            places.append(place)
            texts.append(text)
            size += length
            if size >= BATCH:
                yield places, texts
                places, texts, size = [], [], 0
        if places:
            yield places, texts


def _masked(texts: list[bytes | None], engine: Engine) -> dict[str, int]:
    """Replace those in which the engine finds something by None; what it found, by label.

    All are searched as one text, a line each: redaction keeps the lines.
    """
    lines = [text or b"" for text in texts]
    sink = io.BytesIO()
    ledger = engine.redact_stream(io.BytesIO(b"\n".join(lines)), sink, _ROUNDS)
    after = sink.getvalue().split(b"\n")
    if len(after) != len(lines):
        raise CannotRedact("the names of the heap dump were not kept apart")
    for number, (line, redacted) in enumerate(zip(lines, after, strict=True)):
        if line != redacted:
            texts[number] = None
    return dict(ledger.counts)
