"""Covers a whole binary file, piece by piece, alone or with a crew."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from escalate.redact.cover import (
    MARGIN_AFTER,
    MARGIN_BEFORE,
    NOTHING,
    PIECE,
    CannotCover,
    Covered,
    Coverer,
    Patch,
    Range,
    Zones,
    patched,
)
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.rules import EngineInputs

_CHUNK = 512 * 1024
"""Bytes that are copied at once: they stay in the cache of a core."""


@dataclass(frozen=True)
class _Task:
    inputs: EngineInputs
    path: str
    piece: Range
    zones: Zones


@dataclass(frozen=True)
class _Done:
    piece: Range
    covered: Covered
    names: tuple[tuple[str, str], ...] = ()
    """(pseudonym, original) of what the worker met for the first time."""


@functools.lru_cache(maxsize=1)
def _engine_of(inputs: EngineInputs) -> Engine:
    """Built once in each worker."""
    return Engine(inputs)


@functools.lru_cache(maxsize=1)
def _coverer_of(engine: Engine) -> Coverer:
    """Built once for all files of a case."""
    return Coverer(engine)


@functools.lru_cache(maxsize=2)
def _zeros(size: int) -> bytes:
    return bytes(size)


def cover_file(
    source: Path,
    sink: Sink,
    engine: Engine,
    payload: Sequence[Range],
    advance: Callable[[int], None],
    *,
    watched: Sequence[Range] = (),
    piece: int = PIECE,
) -> dict[str, int]:
    """Copy a file into `sink`, in order, with masks in its payload; how many were made, by label.

    Both kinds of ranges are sorted and do not overlap. In `watched` nothing is changed; what is in neither is copied
    without a look. Workers only say what to change: the copy itself is made here, so little travels between processes.

    Raises:
        CannotRedact: after masking something would still be found, or something secret begins in a watched range.
    """
    tasks = _tasks(engine.inputs.for_workers(), source, Zones(tuple(payload), tuple(watched)), piece)
    results: Iterable[_Done]
    if engine.crew is None:
        coverer = _coverer_of(engine)
        results = (_Done(task.piece, _cover(coverer, task)) for task in tasks)
    else:
        results = engine.crew.ordered(_cover_task, tasks)
    counts: Counter[str] = Counter()
    with source.open("rb") as raw:
        for done in results:
            _copy(raw, sink, done.piece, done.covered.patches)
            counts.update(done.covered.counts)
            engine.names.merge(done.names)
            advance(2 * (done.piece[1] - done.piece[0]))
    return dict(counts)


def _tasks(inputs: EngineInputs, source: Path, zones: Zones, size: int) -> Iterator[_Task]:
    total = source.stat().st_size
    for start in range(0, total, size):
        piece = (start, min(total, start + size))
        near = (max(0, start - MARGIN_BEFORE), piece[1] + MARGIN_AFTER)
        yield _Task(inputs, str(source), piece, Zones(_touching(zones.payload, near), _touching(zones.watched, near)))


def _touching(ranges: tuple[Range, ...], near: Range) -> tuple[Range, ...]:
    first = bisect_right(ranges, near[0], key=lambda one: one[1])
    last = first
    while last < len(ranges) and ranges[last][0] < near[1]:
        last += 1
    return ranges[first:last]


def _cover_task(task: _Task) -> _Done:
    engine = _engine_of(task.inputs)
    return _Done(task.piece, _cover(_coverer_of(engine), task), engine.names.take_new())


def _cover(coverer: Coverer, task: _Task) -> Covered:
    if not task.zones.payload and not task.zones.watched:
        return NOTHING
    with Path(task.path).open("rb") as raw:
        base = max(0, task.piece[0] - MARGIN_BEFORE)
        raw.seek(base)
        data = raw.read(task.piece[1] + MARGIN_AFTER - base)
    if base + len(data) < task.piece[1]:
        raise CannotRedact("it became shorter while it was read")
    if data == _zeros(len(data)):
        return NOTHING
    try:
        return coverer.cover(data, base, task.piece, task.zones)
    except CannotCover as error:
        raise CannotRedact(str(error)) from error


def _copy(raw: BinaryIO, sink: Sink, piece: Range, patches: Sequence[Patch]) -> None:
    for start in range(*piece, _CHUNK):
        stop = min(piece[1], start + _CHUNK)
        data = raw.read(stop - start)
        if len(data) != stop - start:
            raise CannotRedact("it became shorter while it was read")
        sink.write(patched(data, start, patches))
