"""What a handler is, and where they are found: every module of this package with HANDLER takes part."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

import escalate.redact.handlers
from escalate.errors import EscalateError
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine, Sink


class CannotRedact(Exception):
    """This file cannot be made safe; the message is the reason its reference will give."""


FAILURES = (
    CannotRedact,
    EscalateError,
    OSError,
    ValueError,
    LookupError,
    RecursionError,
    MemoryError,
    EOFError,
)
"""What a handler may fail with: the file, or the member of an archive, stays behind then."""


class Handler(Protocol):
    """Redacts files of some kinds."""

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        ...

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it takes; a kind without a handler is withheld."""
        ...

    def redact(self, source: Path, sink: BinaryIO, engine: Engine, advance: Callable[[int], None]) -> Ledger:
        """Write the redacted file into `sink` (readable, seekable, empty), and prove it by reading it again.

        `advance` is told every byte that was read or proved.

        Raises:
            CannotRedact: it is not what it claims to be, or something would be left.
            OSError, ValueError: it cannot be read; the caller withholds it all the same.
        """
        ...


@runtime_checkable
class WritesInOrder(Protocol):
    """A handler that can write some files from beginning to end, so that they never stand on disk unpacked."""

    def in_order(self, source: Path, sink: Sink, engine: Engine, advance: Callable[[int], None]) -> Ledger | None:
        """As `Handler.redact`, into a sink that only takes; None, and nothing written: this file needs the other way.

        Raises:
            CannotRedact: as there.
        """
        ...


@runtime_checkable
class ChangesFormat(Protocol):
    """A handler whose result is of another format than its source."""

    @property
    def suffix(self) -> str:
        """What is added to the name of the result: `.xml`."""
        ...


def suffix_of(handler: Handler) -> str:
    """What is added to the names of its results; empty for nearly all."""
    return handler.suffix if isinstance(handler, ChangesFormat) else ""


@functools.cache
def handlers() -> tuple[Handler, ...]:
    """All handlers; the one for text comes last, as it takes what no other claims."""
    found: list[Handler] = []
    for module in pkgutil.iter_modules(escalate.redact.handlers.__path__):
        loaded = importlib.import_module(f"escalate.redact.handlers.{module.name}")
        if hasattr(loaded, "HANDLER"):
            found.append(loaded.HANDLER)
    return tuple(sorted(found, key=lambda handler: handler.name == "text"))


def handler_of(kind: Kind) -> Handler | None:
    """The handler of a kind, if there is one."""
    return next((handler for handler in handlers() if kind in handler.kinds), None)


def suffix_of_kind(kind: Kind) -> str:
    """The same for the handler of a kind, if there is one."""
    handler = handler_of(kind)
    return suffix_of(handler) if handler else ""
