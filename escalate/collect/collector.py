"""The decorator that makes a generator a collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from escalate.collect.context import Context
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap
from escalate.model.plan import CatalogueEntry

Gather = Callable[[Context], Iterator[Piece | Gap]]
"""Yields pieces, and gaps for the parts that could not be had; raises `Unavailable` when nothing can."""


@dataclass(frozen=True)
class Collector:
    """A catalogue entry and the steps behind it."""

    entry: CatalogueEntry
    gather: Gather


def collector(entry: CatalogueEntry) -> Callable[[Gather], Collector]:
    """Declare a collector; modules of `collect/collectors/` are searched for the value this makes."""

    def declare(gather: Gather) -> Collector:
        return Collector(entry=entry, gather=gather)

    return declare
