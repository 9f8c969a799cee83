"""What is in a bundle, what is not, and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import ArtifactId, Bytes, CaseId, Document, Frozen, RelativePath, Sha256, Utc


class ManifestEntry(Frozen):
    """One member of the zip, other than the manifest itself and SHA256SUMS."""

    path: RelativePath
    size: Bytes
    sha256: Sha256
    artifact: ArtifactId | None = None
    role: Literal["report", "document", "evidence", "reference", "meta"]
    part: int | None = None
    """In which part of a split bundle it is; None: in each of them, or the bundle is not split."""


class HeldBack(Frozen):
    """One artifact that this tier does not carry."""

    artifact: ArtifactId
    reference: RelativePath
    """The `*.ref.json` that stands in its place."""
    size: Bytes
    sha256: Sha256 | None
    why: str
    how_to_ask: str


class KeptLines(Frozen):
    """One window: whole lines in a row of a file that is too large for its zip, as a member of their own."""

    member: RelativePath
    first_line: int = Field(ge=1)
    """The number that the first line of the member has in the whole file; line n of it is `first_line + n - 1`."""
    last_line: int = Field(ge=1)
    size: Bytes


class Cut(Frozen):
    """One file of which this tier carries windows."""

    artifact: ArtifactId
    path: RelativePath
    """As findings cite it."""
    reference: RelativePath
    """The `*.ref.json` that describes the whole file."""
    kept: tuple[KeptLines, ...] = Field(min_length=1)
    lines: int
    """Of the whole file."""
    lines_dropped: int
    bytes_dropped: Bytes
    why: str


class DumpEntry(Frozen):
    """One dump of the case, as it was found when it was saved (before redaction)."""

    artifact: ArtifactId
    path: RelativePath
    """As findings cite it."""
    member: RelativePath
    """The name the dump has in a zip that carries it."""
    carried: Literal["whole", "slim", "no"]
    """Whether this tier has the dump, its stacks and modules alone, or neither."""
    slim: RelativePath | None = None
    """The member with its stacks and modules alone, where this tier has that."""
    report: RelativePath | None
    """The member with the whole result: modules and their build ids, fault, threads."""
    state: Literal["complete", "truncated", "damaged"]
    summary: str
    problems: tuple[str, ...] = ()


class Since(Frozen):
    """The earlier bundle that a delta bundle goes on from."""

    name: str
    sha256: Sha256
    """Of that bundle's zip where it is at hand, else of the manifest or receipt that was named."""
    unchanged: int
    """Artifacts that were in it and are the same."""


class BundleFile(Frozen):
    """One zip of the case."""

    tier: Literal["kit", "full", "delta-kit", "delta-full"]
    path: RelativePath
    """Below the case folder."""
    size: Bytes
    sha256: Sha256
    members: int
    part: int | None = None
    """Of a split bundle, from 1; each part is a zip that opens alone."""


class EncryptedFile(Frozen):
    """An age file beside a zip, for channels that others can read."""

    path: RelativePath
    """Below the case folder."""
    of: RelativePath
    """The zip that is in it."""
    size: Bytes
    sha256: Sha256
    recipients: int


class Manifest(Document):
    """90-meta/manifest.json of one tier."""

    schema_: Literal["escalate.manifest/v1"] = Field("escalate.manifest/v1", alias="schema")
    case_id: CaseId
    tool_version: str
    tier: Literal["kit", "full"]
    collected_at: Utc
    entries: tuple[ManifestEntry, ...]
    held_back: tuple[HeldBack, ...]
    cuts: tuple[Cut, ...] = ()
    """Files of which only windows are in this tier; their line numbers are those of the whole file."""
    dumps: tuple[DumpEntry, ...] = ()
    parts: int = 1
    """Zips that this manifest covers."""
    since: Since | None = None
    unchanged: tuple[RelativePath, ...] = ()
    """Members of the earlier bundle that are not sent again; in a kit at most 1,000 are named."""


class BundleDocument(Document):
    """manifest.json of the case folder: the zips, proved and ready to send."""

    schema_: Literal["escalate.bundle/v1"] = Field("escalate.bundle/v1", alias="schema")
    case_id: CaseId
    bundles: tuple[BundleFile, ...]
    unreadable: tuple[RelativePath, ...] = ()
    """Sealed files that could not be read when the zips were made: a gap, described in each zip."""
    encrypted: tuple[EncryptedFile, ...] = ()
    signature: RelativePath | None = None
    """Of SHA256SUMS, which covers all files of the bundle."""


class Problem(Frozen):
    """One thing `verify` objects to; never the secret itself."""

    check: Literal["archive", "hash", "schema", "layout", "portability", "secret", "known value", "nested"]
    member: str
    line: int | None = None
    detail: str


class VerificationDocument(Document):
    """The result of `escalate verify ZIP`."""

    schema_: Literal["escalate.verification/v1"] = Field("escalate.verification/v1", alias="schema")
    archive: str
    sha256: Sha256
    size: Bytes
    members: int
    bytes_scanned: Bytes
    checks: tuple[str, ...]
    """What was looked for, in words; an absent check was not made."""
    problems: tuple[Problem, ...]
    manifest_sha256: Sha256 | None = None
    """Of the manifest in it: the parts of a split bundle have the same."""
    part: int | None = None
    """Which part of a split bundle it is, from 1."""
    parts: int | None = None


class VerificationSet(Document):
    """The result of `escalate verify ZIP...`: several zips, and whether they belong together."""

    schema_: Literal["escalate.verification-set/v1"] = Field("escalate.verification-set/v1", alias="schema")
    archives: tuple[VerificationDocument, ...]
    problems: tuple[Problem, ...]
    """Of the set as a whole."""
