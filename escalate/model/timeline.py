"""One UTC timeline out of all sources, with what each source covers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import ArtifactId, Document, EvidenceId, Frozen, RelativePath, RuleId, Utc
from escalate.model.finding import Precision


class TimelineEvent(Frozen):
    """One thing that happened."""

    ts_utc: Utc
    precision: Precision
    lane: str
    """Instance or source; the picture has one lane per value."""
    category: Literal[
        "error", "restart", "deployment", "platform", "change", "health", "sample", "our footprint", "other"
    ]
    title: str = Field(max_length=1000)
    rule: RuleId | None = None
    evidence: EvidenceId | None = None


class Coverage(Frozen):
    """First and last record of one artifact: silence outside of it proves nothing."""

    artifact: ArtifactId
    path: RelativePath
    lane: str
    first_utc: Utc
    last_utc: Utc
    records: int


class TimelineDocument(Document):
    """triage/timeline.json."""

    schema_: Literal["escalate.timeline/v1"] = Field("escalate.timeline/v1", alias="schema")
    events: tuple[TimelineEvent, ...]
    coverage: tuple[Coverage, ...]
