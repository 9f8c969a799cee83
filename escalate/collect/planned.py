"""One possible step, before it is decided whether it runs."""

from __future__ import annotations

from dataclasses import dataclass

from escalate.model.base import StepId
from escalate.model.plan import CatalogueEntry


@dataclass(frozen=True)
class Planned:
    """An entry, and what this step of it is about."""

    entry: CatalogueEntry
    id: StepId
    title: str
    pid: int | None = None
    worker: str | None = None
    """`arm_id`."""
    sibling: str | None = None
    """Resource id."""
    late: bool = False
    order: int = 0
    why_not: str | None = None
    """Why it cannot run, whatever the user wishes."""
    hint: str | None = None
    denied: bool = False
    """`why_not` is a permission that the signed-in identity lacks."""
