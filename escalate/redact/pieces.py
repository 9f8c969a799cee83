"""Large texts, cut at line ends and redacted piece by piece, each as if it were still in its place."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from escalate.model.redaction import Ledger
from escalate.redact.crew import Crew
from escalate.redact.engine import Engine, Sink
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.rule import AFTER, BEFORE
from escalate.redact.rules import EngineInputs

PIECE = 8 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024
"""A file with a longer line is not cut: what is masked may go on as long as a line does."""
CONTEXT = 2 * (BEFORE + AFTER)
"""Bytes before a piece that decide what is found in it."""
_ROUNDS = 3


@dataclass(frozen=True)
class _Task:
    inputs: EngineInputs
    path: str
    low: int
    high: int


@dataclass(frozen=True)
class _Done:
    data: bytes
    counts: dict[str, int]
    lines: int
    names: tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=1)
def engine_of(inputs: EngineInputs) -> Engine:
    """Built once in each worker."""
    return Engine(inputs)


def cuts(source: Path) -> list[tuple[int, int]] | None:
    """Begin and end of each piece; None for what has to be read in one go: long lines, or not a byte a character."""
    found: list[tuple[int, int]] = []
    low = 0
    with source.open("rb") as raw:
        while data := raw.read(PIECE):
            if b"\0" in data:
                return None
            at = data.rfind(b"\n") + 1
            if len(data) < PIECE:
                found.append((low, raw.tell()))
                return found
            if at == 0 or len(data) - at > _LONGEST_LINE:
                return None
            high = raw.tell() - len(data) + at
            found.append((low, high))
            low = high
            raw.seek(high)
    return found


def redact_pieces(
    source: Path, pieces: list[tuple[int, int]], sink: Sink, engine: Engine, crew: Crew, advance: Callable[[int], None]
) -> Ledger:
    """Redact and prove every piece, in order; the ledger of the whole.

    Raises:
        CannotRedact: something would be left, or a line would be lost.
    """
    inputs = engine.inputs.for_workers()
    tasks = (_Task(inputs, str(source), low, high) for low, high in pieces)
    counts: Counter[str] = Counter()
    lines = 0
    for done in crew.ordered(_work, tasks):
        sink.write(done.data)
        counts.update(done.counts)
        lines += done.lines
        engine.names.merge(done.names)
        advance(2 * len(done.data))
    return Ledger(handler="stream", counts=dict(counts), lines=lines)


def _work(task: _Task) -> _Done:
    engine = engine_of(task.inputs)
    base = max(0, task.low - CONTEXT)
    with Path(task.path).open("rb") as raw:
        raw.seek(base)
        data = raw.read(task.high - base + AFTER)
    if base + len(data) < task.high:
        raise CannotRedact("it became shorter while it was read")
    out, counts = engine.redact_part(data, task.low - base, task.high - base)
    lines = _lines(data[task.low - base : task.high - base])
    if _lines(out) != lines:
        raise CannotRedact("the number of its lines would change")
    if not counts:  # nothing was found and nothing was changed: that is proof
        return _Done(out, counts, lines, ())
    for _ in range(_ROUNDS):
        again, more = engine.redact_part(out, 0, len(out))
        if not more:
            return _Done(out, counts, lines, tuple(engine.names.take_new()))
        counts = dict(Counter(counts) + Counter(more))
        out = again
    raise CannotRedact(f"after {_ROUNDS} rounds this was still found: {', '.join(sorted(more))}")


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))
