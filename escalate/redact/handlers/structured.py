"""What all structured text has in common: what only structure can tell goes first, then the text path runs over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine, Sink, Source
from escalate.redact.handlers.archive_parts import Scratch
from escalate.redact.handlers.encoding import HEAD_BYTES, WideInside, encoding_of, open_text, sink_for
from escalate.redact.handlers.registry import CannotRedact
from escalate.redact.handlers.text import HANDLER as TEXT


class Step(Protocol):
    """Replaces what only the structure of a text can tell."""

    def __call__(self, source: Source, engine: Engine, counts: Counter[str]) -> Iterator[bytes]:
        """The text, piece by piece, as UTF-8 or with the bytes it has; what was replaced is counted by label.

        Raises:
            CannotRedact: a secret is too long, or the text is not what it claims to be.
        """
        ...


class Check(Protocol):
    """Tells the structure of a text."""

    def __call__(self, source: Source) -> bytes | None:
        """Equal for texts of equal structure; None: it has none that could be kept."""
        ...


class Plan(NamedTuple):
    """How a text is taken apart."""

    step: Step
    check: Check | None = None


class StructuredHandler:
    """Runs the step that a text needs, then the text path; skips the step where it finds nothing."""

    def __init__(self, name: str, kinds: frozenset[Kind], plan: Callable[[bytes], Plan | None]) -> None:
        self.name = name
        self.kinds = kinds
        self._plan = plan

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """See `Handler.redact`."""
        try:
            plan = self._plan_of(source)
            if plan is not None:
                return self._by_structure(source, sink, plan, engine, advance)
        except WideInside:  # no structure goes through two encodings
            pass
        return TEXT.redact(source, sink, engine, advance)

    def _by_structure(
        self, source: Path, sink: BinaryIO, plan: Plan, engine: Engine, advance: Callable[[int], None]
    ) -> Ledger:
        counts: Counter[str] = Counter()
        if _finds(source, plan.step, engine):
            with Scratch(Path(sink.name).parent).file() as made:
                _write(source, made, plan.step, engine, counts)
                ledger = TEXT.redact(Path(made.name), sink, engine, advance)
        else:
            ledger = TEXT.redact(source, sink, engine, advance)
        sink.flush()
        result = Path(sink.name)
        if counts and _finds(result, plan.step, engine):
            raise CannotRedact("after redaction its structure still named a secret")
        if plan.check is not None and (counts or ledger.counts):
            _compare(source, result, plan.check)
        return self._named(ledger, counts)

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger | None:
        """See `WritesInOrder.in_order`: as text, where its structure tells nothing."""
        try:
            plan = self._plan_of(source)
            if plan is not None and (plan.check is not None or _finds(source, plan.step, engine)):
                return None
        except WideInside:
            return None
        ledger = TEXT.in_order(source, sink, engine, advance)
        return None if ledger is None else self._named(ledger, {})

    def _plan_of(self, source: Path) -> Plan | None:
        with source.open("rb") as raw:
            return self._plan(open_text(raw).read(HEAD_BYTES))

    def _named(self, ledger: Ledger, counts: dict[str, int]) -> Ledger:
        total = Counter(ledger.counts) + Counter(counts)
        return ledger.model_copy(update={"handler": self.name, "counts": dict(total)})


def _finds(place: Path, step: Step, engine: Engine) -> bool:
    """Whether the step would replace anything; no further than to the first piece in which it does."""
    counts: Counter[str] = Counter()
    with place.open("rb") as raw:
        return any(counts for _ in step(open_text(raw), engine, counts)) or bool(counts)


def _write(source: Path, made: BinaryIO, step: Step, engine: Engine, counts: Counter[str]) -> None:
    with source.open("rb") as raw:
        out = sink_for(made, encoding_of(raw.read(HEAD_BYTES)))
        for piece in step(open_text(raw), engine, counts):
            out.write(piece)
    made.flush()


def _compare(source: Path, result: Path, check: Check) -> None:
    with source.open("rb") as raw:
        before = check(open_text(raw))
    if before is None:
        return
    with result.open("rb") as raw:
        if check(open_text(raw)) != before:
            raise CannotRedact("its structure would not be the same after redaction")


class Chunks:
    """What one step made, as the source of another."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
