"""The documents that exist only inside a zip."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.artifact import StepRecord
from escalate.model.base import ArtifactId, Bytes, CaseId, Document, Frozen, RelativePath, Sha256, Utc
from escalate.model.dump import DumpCheck
from escalate.model.incident import Severity, Window
from escalate.model.manifest import KeptLines
from escalate.model.redaction import KeptName
from escalate.model.rule import Confidence

Tier = Literal["kit", "full"]


class Reference(Document):
    """`<member>.ref.json`: stands where something is not, and says how to get it."""

    schema_: Literal["escalate.reference/v1"] = Field("escalate.reference/v1", alias="schema")
    id: ArtifactId
    member: str
    """The name the thing has in a zip that carries it."""
    path: RelativePath
    """Below `evidence/`, as findings cite it; for a document of ours, its member name."""
    kind: str
    size: Bytes
    sha256: Sha256 | None
    origin: str
    captured_at: Utc | None = None
    why: str
    how_to_ask: str
    kept: tuple[KeptLines, ...] = ()
    """Windows of it that are in this zip."""


class LeftOut(Frozen):
    """How much is left out for one reason."""

    why: str
    artifacts: int
    size: Bytes


class Gaps(Document):
    """90-meta/gaps.json: everything a reader may look for and will not find."""

    schema_: Literal["escalate.gaps/v1"] = Field("escalate.gaps/v1", alias="schema")
    case_id: CaseId
    tier: Tier
    steps: tuple[StepRecord, ...]
    """Planned steps that did not end with everything collected."""
    steps_not_listed: int = 0
    withheld: tuple[Reference, ...]
    """Never leaves: redaction could not vouch for it."""
    held_back: tuple[Reference, ...]
    """Left out of this zip for its size."""
    unreadable: tuple[Reference, ...] = ()
    """Sealed, and then not to be read when the zip was made."""
    references: Literal["one file each", "in this list", "counted only"]
    """Where `*.ref.json` would be too many, the lists here replace them; where these are too long too, `counts` do."""
    counts: tuple[LeftOut, ...]


class DumpReport(Document):
    """`<dump>.check.json`: what a dump says of itself, also where the dump is left out or withheld."""

    schema_: Literal["escalate.dump-report/v1"] = Field("escalate.dump-report/v1", alias="schema")
    artifact: ArtifactId
    path: RelativePath
    member: str
    """The name the dump has in a zip that carries it."""
    size: Bytes
    """Of the dump as it was saved; redaction keeps it."""
    check: DumpCheck


class Part(Frozen):
    """Which part of a split bundle this is, from 1."""

    number: int = Field(ge=1)
    of: int = Field(ge=1)


class Summary(Document):
    """00-summary.json: the case on one page, for programs."""

    schema_: Literal["escalate.summary/v1"] = Field("escalate.summary/v1", alias="schema")
    case_id: CaseId
    tool_version: str
    tier: Tier
    title: str
    severity: Severity
    created_at: Utc
    window: Window | None
    answerable_by: Literal["customer", "microsoft", "undetermined"]
    layer: str
    confidence: Confidence
    workers: tuple[str, ...]
    counts: dict[str, int]
    sizes: dict[str, Bytes]
    part: Part | None = None
    """None: the bundle is not split."""


class CitedPaths(Document):
    """13-findings/paths.json: each path that evidence cites, and the member that holds it or stands for it."""

    schema_: Literal["escalate.cited-paths/v1"] = Field("escalate.cited-paths/v1", alias="schema")
    paths: dict[str, str | None]
    windows: dict[str, tuple[KeptLines, ...]] = Field(default_factory=dict)
    """Of a path that is cut: the members that hold some of its lines."""


class KeepList(Document):
    """90-meta/keep-list.json: the identifiers that redaction left alone, so that support can match them."""

    schema_: Literal["escalate.keep-list/v1"] = Field("escalate.keep-list/v1", alias="schema")
    kept: tuple[KeptName, ...]
