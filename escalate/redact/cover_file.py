"""Covers a whole binary file, piece by piece, alone or with a crew."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from escalate.redact.cover import MARGIN_AFTER, MARGIN_BEFORE, PIECE, Coverer, Range
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.rules import EngineInputs


@dataclass(frozen=True)
class _Task:
    inputs: EngineInputs
    path: str
    piece: Range
    payload: tuple[Range, ...] = field(repr=False)


@functools.lru_cache(maxsize=1)
def _coverer(inputs: EngineInputs) -> Coverer:
    """Built once in each worker."""
    return Coverer(Engine(inputs))


def cover_file(
    source: Path, sink: Sink, engine: Engine, payload: Sequence[Range], advance: Callable[[int], None]
) -> dict[str, int]:
    """Copy a file into `sink`, in order, with masks in its payload; how many spans were masked, by label.

    Raises:
        CannotRedact: after masking something would still be found.
    """
    tasks = _tasks(engine.inputs.for_workers(), source, payload)
    results: Iterable[tuple[bytes, dict[str, int]]]
    if engine.crew is None:
        coverer = Coverer(engine)
        results = (_cover(coverer, task) for task in tasks)
    else:
        results = engine.crew.ordered(_cover_task, tasks)
    counts: Counter[str] = Counter()
    for data, found in results:
        sink.write(data)
        counts.update(found)
        advance(2 * len(data))
    return dict(counts)


def _tasks(inputs: EngineInputs, source: Path, payload: Sequence[Range]) -> Iterator[_Task]:
    size = source.stat().st_size
    ends = [end for _, end in payload]
    for start in range(0, size, PIECE):
        piece = (start, min(size, start + PIECE))
        first = bisect_left(ends, start + 1)
        touching = []
        for low, high in payload[first:]:
            if low >= piece[1]:
                break
            touching.append((low, high))
        yield _Task(inputs, str(source), piece, tuple(touching))


def _cover_task(task: _Task) -> tuple[bytes, dict[str, int]]:
    return _cover(_coverer(task.inputs), task)


def _cover(coverer: Coverer, task: _Task) -> tuple[bytes, dict[str, int]]:
    with Path(task.path).open("rb") as raw:
        if not task.payload:
            raw.seek(task.piece[0])
            return _exactly(raw, task.piece[1] - task.piece[0]), {}
        base = max(0, task.piece[0] - MARGIN_BEFORE)
        raw.seek(base)
        data = raw.read(task.piece[1] + MARGIN_AFTER - base)
    if base + len(data) < task.piece[1]:
        raise CannotRedact("it became shorter while it was read")
    covered, counts = coverer.cover(data, base, task.piece, task.payload)
    if counts and (left := coverer.left(covered, task.piece, task.payload)):
        raise CannotRedact(f"after masking this was still found: {', '.join(sorted(left))}")
    return covered, counts


def _exactly(raw: BinaryIO, size: int) -> bytes:
    data = raw.read(size)
    if len(data) != size:
        raise CannotRedact("it became shorter while it was read")
    return data
