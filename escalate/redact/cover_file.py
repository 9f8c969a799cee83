"""Covers a whole binary file, piece by piece, alone or with a crew."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TypeVar

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

_R = TypeVar("_R")

_MOST_LEARNED = 2000
"""Values of one file that are looked for alone; the first ones count."""
_CHUNK = 512 * 1024
"""Bytes that are copied at once: they stay in the cache of a core."""


@dataclass(frozen=True)
class _Task:
    inputs: EngineInputs
    path: str
    piece: Range
    zones: Zones
    learned: tuple[str, ...] = ()
    only_learned: bool = False


@dataclass(frozen=True)
class _Lesson:
    """What a first look at a piece says."""

    found: bool
    values: list[str]


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


@functools.lru_cache(maxsize=3)
def _coverer_of(engine: Engine, learned: tuple[str, ...], only_learned: bool) -> Coverer:
    """Built once for all files of a case, and for what was learned from the file at hand."""
    return Coverer(engine, learned, only_learned=only_learned)


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

    It goes over the file twice: a secret that one place gives away stands alone in others, where nothing tells what
    it is. Where the first look found nothing, the second one is for such values only. Both kinds of ranges are sorted
    and do not overlap. In `watched` nothing is changed; what is in neither is copied without a look. Workers only say
    what to change: the copy itself is made here, so that little travels between processes.

    Raises:
        CannotRedact: after masking something would still be found, or something secret begins in a watched range.
    """
    tasks = list(_tasks(engine.inputs.for_workers(), source, Zones(tuple(payload), tuple(watched)), piece))
    learned = dict[str, None]()
    for number, lesson in enumerate(_run(engine, _learn_task, _learn, tasks)):
        learned.update(dict.fromkeys(lesson.values[: max(0, _MOST_LEARNED - len(learned))]))
        tasks[number] = replace(tasks[number], only_learned=not lesson.found)
    values = tuple(learned)
    tasks = [replace(task, learned=values) for task in tasks]
    counts: Counter[str] = Counter()
    with source.open("rb") as raw:
        for done in _run(engine, _cover_task, _cover, tasks):
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


def _run(
    engine: Engine, shared: Callable[[_Task], _R], alone: Callable[[Engine, _Task], _R], tasks: Iterable[_Task]
) -> Iterator[_R]:
    """Each task by the crew, or here."""
    if engine.crew is not None:
        return engine.crew.ordered(shared, tasks)
    return (alone(engine, task) for task in tasks)


def _learn_task(task: _Task) -> _Lesson:
    return _learn(_engine_of(task.inputs), task)


def _learn(engine: Engine, task: _Task) -> _Lesson:
    data = _read(task)
    if data is None:
        return _Lesson(found=False, values=[])
    return _Lesson(*_coverer_of(engine, (), False).learn(data))


def _cover_task(task: _Task) -> _Done:
    engine = _engine_of(task.inputs)
    return replace(_cover(engine, task), names=engine.names.take_new())


def _cover(engine: Engine, task: _Task) -> _Done:
    data = None if task.only_learned and not task.learned else _read(task)
    if data is None:
        return _Done(task.piece, NOTHING)
    coverer = _coverer_of(engine, task.learned, task.only_learned)
    try:
        return _Done(task.piece, coverer.cover(data, _base(task), task.piece, task.zones))
    except CannotCover as error:
        raise CannotRedact(str(error)) from error


def _base(task: _Task) -> int:
    return max(0, task.piece[0] - MARGIN_BEFORE)


def _read(task: _Task) -> bytes | None:
    """The piece with its margins; None: nothing in it needs a look."""
    if not task.zones.payload and not task.zones.watched:
        return None
    with Path(task.path).open("rb") as raw:
        base = _base(task)
        raw.seek(base)
        data = raw.read(task.piece[1] + MARGIN_AFTER - base)
    if base + len(data) < task.piece[1]:
        raise CannotRedact("it became shorter while it was read")
    return None if data == _zeros(len(data)) else data


def _copy(raw: BinaryIO, sink: Sink, piece: Range, patches: Sequence[Patch]) -> None:
    for start in range(*piece, _CHUNK):
        stop = min(piece[1], start + _CHUNK)
        data = raw.read(stop - start)
        if len(data) != stop - start:
            raise CannotRedact("it became shorter while it was read")
        sink.write(patched(data, start, patches))
