"""Finds the formats of this package: every module that defines `FORMATS` takes part, and nothing else does."""

from __future__ import annotations

import functools
import importlib
import itertools
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

import escalate.formats
from escalate.formats.json_lines import partial
from escalate.formats.lines import detect_encoding
from escalate.formats.record import Record
from escalate.model.kind import Kind

HEAD_BYTES = 64 * 1024

Reader = Callable[[BinaryIO, PurePosixPath], Iterator[Record]]
"""Reads a file from its start; the path is its name below `evidence/`, which can tell instance, site and time."""


@dataclass(frozen=True)
class Head:
    """What a format may look at to recognise itself: content first, name second."""

    name: PurePosixPath
    data: bytes
    """The first 64 KiB."""
    size: int
    """Bytes of the whole file."""

    @functools.cached_property
    def text(self) -> str:
        """The head as text, whatever its encoding; broken bytes become U+FFFD."""
        encoding = detect_encoding(self.data)
        return self.data.decode(encoding, errors="replace").removeprefix("\ufeff")

    @functools.cached_property
    def lines(self) -> tuple[str, ...]:
        """The first 200 lines that are not blank, each cut at 4096 characters."""
        found = (line[:4096] for line in self.text.split("\n") if line.strip())
        return tuple(line.removesuffix("\r") for line in itertools.islice(found, 200))

    @functools.cached_property
    def json(self) -> object:
        """What can be decoded of a JSON document that begins here; None when this is no JSON."""
        value, fits = partial(self.text)
        is_whole = self.size <= len(self.data)
        return value if fits or (is_whole and self.name.suffix.lower() == ".json") else None


@dataclass(frozen=True)
class Format:
    """One format: how it is recognised and read."""

    kind: Kind
    media_type: str
    recognises: Callable[[Head], bool]
    rank: int
    """Formats are asked in ascending order: magic bytes 10, structure 20-50, loose text shapes 60-80, fallbacks 90."""
    read: Reader | None = None
    """None: opaque; nothing in it is searched."""


@functools.cache
def formats() -> tuple[Format, ...]:
    """All formats, in the order in which they are asked."""
    found: list[Format] = []
    for module in pkgutil.iter_modules(escalate.formats.__path__):
        found += getattr(importlib.import_module(f"escalate.formats.{module.name}"), "FORMATS", ())
    return tuple(sorted(found, key=lambda entry: (entry.rank, entry.kind)))


def format_of(kind: Kind) -> Format:
    """The format of a kind.

    Raises:
        KeyError: no module of this package defines it.
    """
    for entry in formats():
        if entry.kind is kind:
            return entry
    raise KeyError(kind)
