"""The exclusion ledger: what was ruled out, what was not, what could not be tested."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Document, EvidenceId, Frozen


class Exclusion(Frozen):
    """One possible cause on the app's side and what the evidence says of it."""

    id: str
    cause: str
    state: Literal["ruled out", "not ruled out", "could not test"]
    test: str
    result: str
    evidence: tuple[EvidenceId, ...] = ()


class ExclusionsDocument(Document):
    """triage/exclusions.json."""

    schema_: Literal["escalate.exclusions/v1"] = Field("escalate.exclusions/v1", alias="schema")
    exclusions: tuple[Exclusion, ...]
