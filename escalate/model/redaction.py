"""What redaction made of each artifact: Sealed or Withheld, nothing else exists for the bundle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from escalate.model.base import ArtifactId, Bytes, CaseId, Document, Frozen, RelativePath, Sha256, Utc
from escalate.model.kind import Kind


class Ledger(Frozen):
    """How often each detector replaced something; never a value, never an excerpt."""

    handler: str
    counts: dict[str, int] = Field(default_factory=dict)
    lines: int | None = None
    """Number of lines, equal before and after."""


class Packed(Frozen):
    """How a large sealed file stands on disk: a raw deflate stream (RFC 1951) that a zip can take as it is."""

    size: Bytes
    """Of `<path>.deflate`."""
    crc32: int = Field(ge=0, lt=1 << 32)
    """Of the unpacked bytes, as a zip states it."""


class SlimTwin(Frozen):
    """The stacks and modules of a sealed dump alone, in a file of its own below `redacted/`.

    Stack words that are neither small numbers nor pointers into their stack or a module read 0x0defaced; all other
    memory is left out.
    """

    path: RelativePath
    kind: Kind
    size: Bytes
    sha256: Sha256
    note: str
    """For a reader who meets the file alone: that it is slim, and of which artifact."""
    ledger: Ledger


class Sealed(Frozen):
    """A redacted file below `redacted/` that may leave; `size` and `sha256` are those of the unpacked bytes."""

    state: Literal["sealed"] = "sealed"
    artifact: ArtifactId
    path: RelativePath
    """Below `redacted/`; differs from the evidence path only where the name itself was redacted."""
    kind: Kind
    size: Bytes
    sha256: Sha256
    original_sha256: Sha256 | None
    """None for files so small that a hash could be guessed back."""
    origin: str
    site: str | None = None
    instance: str | None = None
    pid: int | None = None
    captured_at: Utc | None = None
    packed: Packed | None = None
    """Set where the file stands as `<path>.deflate`."""
    slim: SlimTwin | None = None
    """Its slim twin: of large dumps only."""
    no_slim: str | None = None
    """Why a large dump has no slim twin."""
    ledger: Ledger


class Withheld(Frozen):
    """An artifact that stays; the bundle carries this description in its place."""

    state: Literal["withheld"] = "withheld"
    artifact: ArtifactId
    path: RelativePath
    kind: Kind
    size: Bytes
    sha256: Sha256 | None
    origin: str
    site: str | None = None
    instance: str | None = None
    pid: int | None = None
    captured_at: Utc | None = None
    reason: str = Field(min_length=1)
    how_to_get: str = Field(min_length=1)


STOPPED = "stop:"
"""Begins the id of an entry of the keep list that stops a known value from being looked for."""
NOT_SEARCHED = "Not searched for everywhere: "
"""Begins its title."""


class KeptName(Frozen):
    """A rule of the keep list: identifiers support must be able to match, and values that mean too much else."""

    id: str
    title: str


class Unsearched(Frozen):
    """A setting whose value was not looked for in every file; never the value."""

    name: str = Field(min_length=1, max_length=200)
    """As redaction leaves it."""
    reason: str
    """Id of the entry of the keep list that says why."""


class RedactionDocument(Document):
    """redaction.json; itself free of raw names, so it travels in the bundle."""

    schema_: Literal["escalate.redaction/v1"] = Field("escalate.redaction/v1", alias="schema")
    case_id: CaseId
    items: tuple[Annotated[Sealed | Withheld, Field(discriminator="state")], ...]
    totals: dict[str, int]
    keep_list: tuple[KeptName, ...]
    known_values: int = Field(ge=0)
    """How many known secret values were searched for, in all their forms."""
    unsearched: tuple[Unsearched, ...] = ()
    """Settings whose values were not."""
