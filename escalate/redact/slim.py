"""The slim twin of a large dump: stacks and modules alone, small enough for an attachment."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import BinaryIO

from escalate.model.kind import Kind
from escalate.model.redaction import Ledger
from escalate.redact.engine import Engine
from escalate.redact.handlers import elf_core, minidump, slim_core, slim_minidump
from escalate.redact.handlers.registry import CannotRedact, Handler

SLIM_FROM = 1_000_000
"""Bytes above which a dump gets a twin; a smaller one fits wherever its twin would."""
STACK_WORD = "stack-word"
"""What the ledger calls words that were replaced."""


@dataclass(frozen=True)
class _Form:
    name: str
    slim: Callable[[BinaryIO, BinaryIO], int]
    is_slim: Callable[[BinaryIO], bool]
    handler: Handler


_FORMS: Mapping[Kind, _Form] = MappingProxyType(
    {
        Kind.ELF_CORE: _Form("slim-core", slim_core.slim, slim_core.is_slim, elf_core.HANDLER),
        Kind.MINIDUMP: _Form("slim-minidump", slim_minidump.slim, slim_minidump.is_slim, minidump.HANDLER),
    }
)


def has_slim_form(kind: Kind, size: int) -> bool:
    """Whether a dump of a kind and of so many bytes gets a twin."""
    return kind in _FORMS and size > SLIM_FROM


def slim_paths(path: str) -> tuple[str, ...]:
    """All paths that the twin of a file could have."""
    return tuple(slim_path(path, kind) for kind in _FORMS)


def slim_path(path: str, kind: Kind) -> str:
    """Where the twin of a dump stands: beside it, with an ending that tools know."""
    pure = PurePosixPath(path)
    if kind is Kind.ELF_CORE:
        return f"{path}.slim.core"
    stem = pure.stem if pure.suffix.lower() in (".dmp", ".mdmp") else pure.name
    return str(pure.with_name(f"{stem}.slim.dmp"))


def slim_twin(source: Path, kind: Kind, half_made: BinaryIO, sink: BinaryIO, engine: Engine) -> Ledger:
    """Write the slim form of a raw dump into `sink`, redacted and proved like any dump.

    First stack words go, whatever they are, into `half_made`, an empty file; what stays is then redacted as the whole
    dump was, so a twin never holds what the dump may not.

    Raises:
        CannotRedact: the dump is damaged, of a machine that is not known here, or something would be left.
        OSError, ValueError: it cannot be read.
    """
    form = _FORMS[kind]
    try:
        with source.open("rb") as raw:
            words = form.slim(raw, half_made)
        half_made.flush()
        ledger = form.handler.redact(Path(half_made.name), sink, engine, lambda _: None)
        sink.flush()
        if not form.is_slim(sink):
            raise CannotRedact("its stacks would hold more than pointers and small numbers")
    except (struct.error, OverflowError) as error:
        raise CannotRedact("its structure is damaged") from error
    sink.seek(0, 2)
    counts = {**ledger.counts, STACK_WORD: words} if words else ledger.counts
    return Ledger(handler=form.name, counts=counts)
