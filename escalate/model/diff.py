"""What changed between two cases or bundles."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Bytes, CaseId, Document, Frozen, RelativePath, RuleId, Sha256


class Side(Frozen):
    """One of the two that are compared."""

    name: str
    case_id: CaseId
    title: str
    what: Literal["case", "bundle"]


class EvidenceChange(Frozen):
    """One file that is only on one side, or is another on the other."""

    path: RelativePath
    change: Literal["new", "removed", "changed"]
    size_before: Bytes | None = None
    size_after: Bytes | None = None
    sha256_after: Sha256 | None = None
    withheld: bool = False
    """On the side where it is now: only its description is there."""


class SettingChange(Frozen):
    """One setting in one file of configuration, as redaction left it."""

    path: RelativePath
    setting: str
    before: str | None
    """None: it was not there."""
    after: str | None


class Moved(Frozen):
    """One thing whose state changed: a gate, an exclusion, the verdict."""

    id: str
    title: str
    before: str | None
    after: str | None
    why: str = ""


class FindingChange(Frozen):
    """One rule that matches on one side only, or counts otherwise."""

    rule: RuleId
    title: str
    change: Literal["new", "gone", "changed"]
    before: str | None = None
    after: str | None = None


class QuestionChange(Frozen):
    """One question that is asked on one side only, or stands otherwise."""

    text: str
    change: Literal["new", "gone", "changed"]
    before: str | None = None
    after: str | None = None


class DiffDocument(Document):
    """The result of `escalate diff A B`; before is A, after is B."""

    schema_: Literal["escalate.diff/v1"] = Field("escalate.diff/v1", alias="schema")
    before: Side
    after: Side
    verdict: Moved | None
    """None: the same."""
    gates: tuple[Moved, ...]
    findings: tuple[FindingChange, ...]
    questions: tuple[QuestionChange, ...]
    exclusions: tuple[Moved, ...]
    settings: tuple[SettingChange, ...]
    settings_masked: int
    """Settings of which nobody can tell: two cases mask with two keys."""
    evidence: tuple[EvidenceChange, ...]
    evidence_same: int
    notes: tuple[str, ...]
    """What could not be compared, and why."""
