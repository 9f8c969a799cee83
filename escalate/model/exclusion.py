"""The exclusion ledger: what was ruled out, what was not, what could not be tested."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Document, EvidenceId, Frozen


class Measured(Frozen):
    """One number that a test rests on."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    """The threshold it was held against."""


class Exclusion(Frozen):
    """One possible cause on the app's side and what the evidence says of it."""

    id: str
    cause: str
    state: Literal["ruled out", "not ruled out", "could not test"]
    test: str
    result: str
    evidence: tuple[EvidenceId, ...] = ()
    measured: tuple[Measured, ...] = ()
    looked_at: tuple[str, ...] = ()
    """Sentences: which sources were searched, how many records, and how much of the window they cover."""
    how_to_test: str = ""
    """The command that would settle it, where it could not be tested."""


class ExclusionsDocument(Document):
    """triage/exclusions.json."""

    schema_: Literal["escalate.exclusions/v1"] = Field("escalate.exclusions/v1", alias="schema")
    exclusions: tuple[Exclusion, ...]
