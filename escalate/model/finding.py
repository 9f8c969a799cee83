"""What triage found: evidence that points at lines, findings, gates, and a verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from escalate.model.base import ArtifactId, Document, EvidenceId, Frozen, RelativePath, RuleId, Utc
from escalate.model.rule import Confidence, Role


class Polarity(StrEnum):
    """What the evidence does to the statement it is cited for."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    CONTEXT = "context"


class Precision(StrEnum):
    """How exact the time of a record is; windows are widened by it."""

    NANOSECOND = "ns"
    MILLISECOND = "ms"
    SECOND = "s"
    MINUTE = "min"
    UNKNOWN = "unknown"


class Evidence(Frozen):
    """One place in one artifact. Line numbers are equal in `evidence/` and `redacted/`."""

    id: EvidenceId
    artifact: ArtifactId
    path: RelativePath
    line: int | None = Field(default=None, ge=1)
    pointer: str | None = None
    """JSON pointer (RFC 6901) or record number for XML."""
    ts_utc: Utc | None = None
    precision: Precision = Precision.UNKNOWN
    instance: str | None = None
    pid: int | None = None
    polarity: Polarity
    excerpt: str = Field(max_length=1000)
    """Triage cuts at 400 characters; the pseudonyms that redaction puts in may be longer than what they replace."""


class Finding(Frozen):
    """One signature that matched, with at least one place to look at."""

    rule: RuleId
    title: str
    layer: str
    role: Role
    severity: Literal["info", "warning", "error"]
    demoted: bool = False
    demoted_because: str | None = None
    confidence: Confidence
    confidence_why: str
    evidence: tuple[EvidenceId, ...] = Field(min_length=1)
    hits: int = Field(ge=1)
    """How often it matched; only the first few are cited."""
    instances: tuple[str, ...] = ()
    first_utc: Utc | None = None
    last_utc: Utc | None = None


class Gate(Frozen):
    """One condition for a question to Microsoft, computed from evidence."""

    id: Literal["G1", "G2", "G3", "G4", "G5", "G6", "G7"]
    title: str
    state: Literal["pass", "fail", "unknown"]
    sentence: str = Field(min_length=1)
    evidence: tuple[EvidenceId, ...] = ()


class Verdict(Frozen):
    """Who can answer, on what grounds."""

    answerable_by: Literal["customer", "microsoft", "undetermined"]
    layer: str
    confidence: Confidence
    why: str
    gates: tuple[Gate, ...]


class MissingEvidence(Frozen):
    """What would settle the matter, and the command that gets it."""

    what: str
    why: str
    command: str
    available_until: str = ""
    """How long it can still be had, in words; empty: not known."""
    available_until_utc: Utc | None = None
    """The same as a moment, where the retention is documented and the incident has a time."""
    urgency: Literal["now", "soon", "no hurry", "gone", "unknown"] = "unknown"
    """now: lost with the next restart or within a day; soon: within days; gone: its time has passed."""


class FindingsDocument(Document):
    """triage/findings.json."""

    schema_: Literal["escalate.findings/v1"] = Field("escalate.findings/v1", alias="schema")
    verdict: Verdict
    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    missing_evidence: tuple[MissingEvidence, ...]
    remedies: tuple[str, ...]
