"""A signature of the triage knowledge base, with its own proof."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from escalate.model.base import Frozen, RuleId
from escalate.model.kind import Kind


class Role(StrEnum):
    """What a match is worth."""

    INDICATOR = "indicator"
    CONTEXT = "context"
    FALSE_FRIEND = "false_friend"
    """Reads like the platform or the kernel and is not."""
    NOISE = "noise"


class Answerable(StrEnum):
    """Who can answer."""

    CUSTOMER = "customer"
    CUSTOMER_FIRST = "customer_first"
    """The customer first; Microsoft only if the residue remains."""
    MICROSOFT = "microsoft"


class Confidence(StrEnum):
    """Ordinal; the reason stands beside it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class CorrelatorCall(Frozen):
    """A named correlator of `triage/correlators/` and its arguments."""

    correlator: str
    args: dict[str, JsonValue] = Field(default_factory=dict)


class TextMatch(Frozen):
    """Match on the text of records of some kinds."""

    regex: str
    kinds: tuple[Kind, ...] = ()
    """Empty: every kind of text."""


class MicrosoftPart(Frozen):
    """What only Microsoft can tell, and what must be ruled out before asking."""

    question: str = ""
    """Template; empty: never asks."""
    host_only_artifact: str = ""
    what_the_answer_decides: str = ""
    why_only_microsoft: str = ""
    rule_out: tuple[str, ...] = ()


class Provenance(Frozen):
    """Why we believe it, with lines that must hit and lines that must not."""

    ev: Literal["R", "D", "K"]
    """R: read in a source; D: documented; K: general knowledge, capped at low confidence."""
    refs: tuple[str, ...] = Field(min_length=1)
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()


class Rule(Frozen):
    """One signature; ids are stable and never reused."""

    id: RuleId
    title: str
    meaning: str
    layer: str
    role: Role
    answerable_by: Answerable
    severity: Literal["info", "warning", "error"] = "warning"
    os: tuple[Literal["linux", "windows"], ...] = ()
    match: TextMatch | None = None
    condition: CorrelatorCall | None = None
    """For signatures that are a measurement, not a text."""
    requires: tuple[CorrelatorCall, ...] = ()
    refuted_by: tuple[CorrelatorCall, ...] = ()
    demoted_by: tuple[CorrelatorCall, ...] = ()
    """When one of these holds, the match is kept, shown, and does not count."""
    supported_by: tuple[CorrelatorCall, ...] = ()
    """Cited when it holds; never needed."""
    gates: dict[Literal["G1", "G2", "G3", "G4", "G5", "G6", "G7"], CorrelatorCall] = Field(default_factory=dict)
    """What decides a gate for this signature in place of the general computation."""
    known_bug: bool = False
    """A known defect of a runtime or library, fixed in a version that is named in the remedy; fails gate G4."""
    residual: bool = False
    """What any cause may bring about, such as an ended process: it explains the incident where nothing else does."""
    cause: str = ""
    """The row of the exclusion ledger that a match keeps open, such as `disk` or `dns`."""
    microsoft: MicrosoftPart = MicrosoftPart()
    remedy: tuple[str, ...] = ()
    missing: tuple[MissingEvidenceHint, ...] = ()
    provenance: Provenance


class MissingEvidenceHint(Frozen):
    """Evidence that would settle the matter, and the command that gets it."""

    what: str
    why: str
    command: str
    found_in: str = ""
    """Regex on evidence paths; where one matches, this is not missing."""


Rule.model_rebuild()
