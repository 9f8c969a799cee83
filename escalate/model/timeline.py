"""One UTC timeline out of all sources, with what each source covers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import ArtifactId, Document, EvidenceId, Frozen, RelativePath, RuleId, Utc
from escalate.model.finding import Precision
from escalate.model.kind import Kind


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
    kind: Kind | None = None
    """Of the source; None for what the collection itself did."""
    ours: bool = False
    """A step of the collection, or a record that names what only its requests and commands touch, while one ran."""


class Coverage(Frozen):
    """First and last record of one artifact: silence outside of it proves nothing."""

    artifact: ArtifactId
    path: RelativePath
    lane: str
    first_utc: Utc
    last_utc: Utc
    records: int
    kind: Kind | None = None
    precision: Precision = Precision.UNKNOWN
    """The coarsest of its records."""
    window_share: float | None = Field(default=None, ge=0, le=1)
    """Part of the incident window between first and last record; None without a window."""


class TimelineGap(Frozen):
    """A time of the incident window of which a source says nothing."""

    artifact: ArtifactId
    path: RelativePath
    lane: str
    start_utc: Utc
    end_utc: Utc
    reason: Literal["begins later", "ends earlier", "silence", "does not reach"]
    sentence: str
    evidence: tuple[EvidenceId, ...] = ()
    """The records on both sides of a silence."""


class TimelineMoment(Frozen):
    """A moment that bounds the incident, and what shows it."""

    ts_utc: Utc
    precision: Precision
    sentence: str
    evidence: tuple[EvidenceId, ...] = Field(min_length=1)


class TimelineDocument(Document):
    """triage/timeline.json."""

    schema_: Literal["escalate.timeline/v1"] = Field("escalate.timeline/v1", alias="schema")
    events: tuple[TimelineEvent, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[TimelineGap, ...] = ()
    first_bad: TimelineMoment | None = None
    last_good: TimelineMoment | None = None
    """The latest sign of good service before `first_bad`."""
