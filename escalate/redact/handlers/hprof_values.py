"""Heap dumps that keep their values: only secrets and names are masked, with the same length, inside of content."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from escalate.redact.cover import MARGIN_AFTER, MARGIN_BEFORE, PIECE, Coverer, Range, Span, mask
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.hprof_payload import Payload
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.rules import EngineInputs


@dataclass(frozen=True)
class _Task:
    inputs: EngineInputs
    path: str
    piece: Range


class _Patch(NamedTuple):
    """Bytes of a mask: the first at `start`, the others `step` apart."""

    start: int
    step: int
    text: bytes


def redact_values(
    source: Path, sink: BinaryIO, engine: Engine, id_size: int, advance: Callable[[int], None]
) -> dict[str, int]:
    """Copy a dump into `sink`, a file, with masks in its content; how many spans were masked, by label.

    Raises:
        CannotRedact: it is not as HPROF has it, a known value stands outside of content, or something would be left.
    """
    size = source.stat().st_size
    pieces = [(start, min(size, start + PIECE)) for start in range(0, size, PIECE)]
    finder = _Finder(engine)
    counts: Counter[str] = Counter()
    changed: set[Range] = set()
    with source.open("rb") as raw:
        payload = Payload(raw, id_size)
        waiting: list[_Patch] = []
        for piece, spans in zip(pieces, finder.spans(source, pieces), strict=True):
            for span in spans:
                patches = _patches(span, payload.touching(span.start, span.end))
                if patches:
                    counts[span.label] += 1
                elif span.label == "known-value":
                    raise CannotRedact("a known secret stands where the heap dump has no text")
                waiting += patches
            if waiting:
                changed.add(piece)
            waiting = _write(raw, sink, piece, waiting)
            advance(piece[1] - piece[0])
        payload.finish()
    sink.flush()
    if sink.tell() != size:
        raise CannotRedact("its size would change")
    _prove(Path(sink.name), finder, id_size, [piece for piece in pieces if _is_near(piece, changed)])
    advance(size)
    return dict(counts)


def _is_near(piece: Range, changed: set[Range]) -> bool:
    """Whether the piece, or one beside it, has a mask."""
    return any(abs(other[0] - piece[0]) <= PIECE for other in changed) if changed else False


def _prove(made: Path, finder: _Finder, id_size: int, pieces: list[Range]) -> None:
    """Search what has masks once more: nothing that lies in content may be found, and the records must be whole."""
    with made.open("rb") as raw:
        payload = Payload(raw, id_size)
        for spans in finder.spans(made, pieces):
            for span in spans:
                if any(low <= span.start and span.end <= high for low, high in payload.touching(span.start, span.end)):
                    raise CannotRedact(f"after masking this was still found: {span.label}")
        payload.finish()


def _patches(span: Span, ranges: Iterable[Range]) -> list[_Patch]:
    """The parts of a mask that lie in content."""
    token = mask(span.replacement, -(-(span.end - span.start) // span.step))
    found = []
    for low, high in ranges:
        first = max(0, -(-(low - span.start) // span.step))
        stop = min(len(token), -(-(high - span.start) // span.step))
        if first < stop:
            found.append(_Patch(span.start + first * span.step, span.step, token[first:stop]))
    return found


def _write(raw: BinaryIO, sink: Sink, piece: Range, patches: list[_Patch]) -> list[_Patch]:
    """Write one piece with its patches; what of them belongs to the next."""
    raw.seek(piece[0])
    data = bytearray(raw.read(piece[1] - piece[0]))
    if len(data) != piece[1] - piece[0]:
        raise CannotRedact("it became shorter while it was read")
    rest = []
    for patch in patches:
        begin = patch.start - piece[0]
        room = max(0, -(-(len(data) - begin) // patch.step))
        here = patch.text[:room]
        if here:
            data[begin : begin + (len(here) - 1) * patch.step + 1 : patch.step] = here
        if len(here) < len(patch.text):
            rest.append(_Patch(patch.start + len(here) * patch.step, patch.step, patch.text[len(here) :]))
    sink.write(bytes(data))
    return rest


class _Finder:
    """Searches files of one dump, alone or with the crew of the engine."""

    def __init__(self, engine: Engine) -> None:
        self._inputs = engine.inputs.for_workers()
        self._crew = engine.crew
        self._coverer = _coverer_here(engine) if engine.crew is None else None

    def spans(self, path: Path, pieces: Iterable[Range]) -> Iterator[list[Span]]:
        """What begins in each piece, sorted."""
        tasks = (_Task(self._inputs, str(path), piece) for piece in pieces)
        if self._crew is not None:
            yield from self._crew.ordered(_search_task, tasks)
        elif self._coverer is not None:
            for task in tasks:
                yield _search(self._coverer, task)


@functools.lru_cache(maxsize=1)
def _coverer_here(engine: Engine) -> Coverer:
    """Built once in this process, with the names of its engine."""
    return Coverer(engine)


@functools.lru_cache(maxsize=1)
def _coverer(inputs: EngineInputs) -> Coverer:
    """Built once in each worker."""
    return Coverer(Engine(inputs))


def _search_task(task: _Task) -> list[Span]:
    return _search(_coverer(task.inputs), task)


def _search(coverer: Coverer, task: _Task) -> list[Span]:
    low, high = task.piece
    base = max(0, low - MARGIN_BEFORE)
    with Path(task.path).open("rb") as raw:
        raw.seek(base)
        data = raw.read(high + MARGIN_AFTER - base)
    return [
        Span(span.start + base, span.end + base, span.step, span.label, span.replacement)
        for span in coverer.spans(data)
        if low <= span.start + base < high
    ]
