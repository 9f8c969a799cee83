"""The evidence in hand, and how each planned step ended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import (
    ArtifactId,
    Bytes,
    CaseId,
    CollectorId,
    Document,
    Frozen,
    RelativePath,
    Sha256,
    StepId,
    Utc,
)
from escalate.model.dump import DumpCheck
from escalate.model.exchange import Exchange
from escalate.model.incident import TargetFacts, Window
from escalate.model.kind import Kind
from escalate.model.outcome import Outcome
from escalate.model.plan import Sensitivity
from escalate.model.survey import Worker
from escalate.model.target import Target


class Artifact(Frozen):
    """One file below `evidence/`."""

    id: ArtifactId
    path: RelativePath
    kind: Kind
    size: Bytes
    sha256: Sha256
    media_type: str
    collector: CollectorId
    origin: str
    """Where it came from: a path, a command line, a member of an archive."""
    site: str | None = None
    """Whose evidence it is, when it is not the target's own."""
    instance: str | None = None
    pid: int | None = None
    captured_at: Utc | None = None
    covers: Window | None = None
    sensitivity: Sensitivity = Sensitivity.TEXT
    dump: DumpCheck | None = None
    """For dumps of memory: how whole it is and what it is of, read before anything else was done with it."""


class StepRecord(Frozen):
    """How one planned step ended; every planned step has one, also when a deadline cut it."""

    id: StepId
    collector: CollectorId
    title: str
    pid: int | None = None
    outcome: Outcome
    started_at: Utc | None = None
    finished_at: Utc | None = None
    expected: bool = False
    """A refusal that everybody meets who does not own the host."""
    artifacts: tuple[ArtifactId, ...] = ()
    worker: str | None = None
    """The worker it was about, by the name that people and log files use."""
    exchanges: tuple[Exchange, ...] = ()
    """The requests it took, at most 50: those that failed first."""
    exchange_count: int = 0
    footprints: tuple[str, ...] = ()
    """What we changed or set off: a woken SCM site, a file written and removed."""


class EvidenceDocument(Document):
    """evidence.json."""

    schema_: Literal["escalate.evidence/v1"] = Field("escalate.evidence/v1", alias="schema")
    case_id: CaseId
    target: Target
    host: str
    """The machine that collected."""
    facts: TargetFacts = TargetFacts()
    """What the target itself told; what the user wrote in incident.toml goes before it."""
    workers: tuple[Worker, ...] = ()
    """Every name of every worker (the identity join), with what was learned during the collection."""
    artifacts: tuple[Artifact, ...]
    steps: tuple[StepRecord, ...]
