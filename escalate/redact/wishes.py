"""What a person may choose about redaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HeapTier = Literal["blank", "keep-values"]


@dataclass(frozen=True)
class RedactionWishes:
    """Choices of one run; paths are those of the evidence, as the documents cite them."""

    withhold: frozenset[str] = frozenset()
    """Files that stay behind whatever could be made of them."""
    as_they_are: frozenset[str] = frozenset()
    """Files of a kind that cannot be redacted, and that the user lets go all the same if nothing is found in them."""
    workers: int | None = None
    """Processes; None: one for each core; 1: this one alone."""
    heap: HeapTier = "blank"
    """What becomes of the values in a Java heap dump: all blanked, or only what is secret masked."""
    national_ids: bool = False
    """Whether national ids go, too."""
