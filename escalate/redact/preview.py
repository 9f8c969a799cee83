"""What redaction would do to a case, without writing any of it."""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from escalate.case.layout import Room
from escalate.case.private import KEY_BYTES
from escalate.case.store import Case
from escalate.errors import EscalateError
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.observer import Observer
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import FAILURES, CannotRedact, handler_of
from escalate.redact.learn import learn
from escalate.redact.opaque import may_hold
from escalate.redact.readable import pieces_of

_AROUND = 48
"""Bytes shown on each side of a hit."""


@dataclass(frozen=True)
class Shown:
    """A hit with what stands around it; for the eyes of the person at this terminal only."""

    path: str
    label: str
    before: str
    value: str
    after: str


@dataclass(frozen=True)
class Foreseen:
    """What would become of one artifact: counts by label, or why it would stay."""

    path: str
    counts: dict[str, int]
    withheld: str | None = None


class Preview:
    """A look at a case whose names are learned and whose handlers run, with a key that is thrown away."""

    def __init__(self, case: Case, observer: Observer) -> None:
        self._case = case
        self._evidence = case.read(EvidenceDocument)
        made_of, _ = learn(case, self._evidence, observer, key=secrets.token_bytes(KEY_BYTES))
        self._engine = Engine(made_of)

    def items(self, observer: Observer) -> Iterator[Foreseen]:
        """Every artifact, handled for real into a file that is removed at once."""
        artifacts = self._evidence.artifacts
        with observer.task("trying redaction", 2 * sum(artifact.size for artifact in artifacts)) as task:
            for artifact in artifacts:
                yield self._item(artifact)
                task.advance(2 * artifact.size)

    def _item(self, artifact: Artifact) -> Foreseen:
        handler = handler_of(artifact.kind)
        if handler is None:
            return Foreseen(artifact.path, {}, f"cannot be redacted: {may_hold(artifact.kind)}")
        try:
            with self._case.scratch_file() as sink:
                source = self._case.path(Room.EVIDENCE, artifact.path)
                ledger = handler.redact(source, sink, self._engine, lambda _: None)
        except CannotRedact as error:
            return Foreseen(artifact.path, {}, self._engine.redact_text(str(error)))
        except EscalateError as error:
            return Foreseen(artifact.path, {}, self._engine.redact_text(error.message))
        except FAILURES as error:
            return Foreseen(artifact.path, {}, f"reading or redacting it failed: {type(error).__name__}")
        return Foreseen(artifact.path, ledger.counts)

    def contexts(self, most: int) -> Iterator[Shown]:
        """Up to `most` hits of each label in texts, with their surroundings."""
        seen: Counter[str] = Counter()
        for artifact in self._evidence.artifacts:
            handler = handler_of(artifact.kind)
            if handler is None or artifact.kind.value in _NO_TEXT:
                continue
            with contextlib.suppress(OSError, ValueError, CannotRedact):
                yield from self._contexts_of(artifact, seen, most)

    def _contexts_of(self, artifact: Artifact, seen: Counter[str], most: int) -> Iterator[Shown]:
        with self._case.path(Room.EVIDENCE, artifact.path).open("rb") as raw:
            for data in pieces_of(raw):
                for hit in self._engine.hits(data):
                    seen[hit.label] += 1
                    if seen[hit.label] <= most:
                        yield Shown(
                            artifact.path,
                            hit.label,
                            _text(data[max(0, hit.start - _AROUND) : hit.start]).rpartition("\n")[2],
                            _text(data[hit.start : hit.end]),
                            _text(data[hit.end : hit.end + _AROUND]).partition("\n")[0],
                        )


_NO_TEXT = frozenset({"hprof", "elf-core", "minidump", "pcap", "archive", "sqlite", "evtx"})


def _text(data: bytes) -> str:
    """Printable: what a terminal would obey is shown as an escape."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)
