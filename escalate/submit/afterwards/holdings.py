"""What a case has in hand: sealed and withheld evidence, where it stands in the kit, and what was sent already."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from escalate.case.store import Case
from escalate.errors import DocumentError
from escalate.model.base import ArtifactId, Sha256, parse_document
from escalate.model.case import CaseDocument
from escalate.model.finding import Evidence, FindingsDocument
from escalate.model.follow_up import FollowUp
from escalate.model.incident import Incident
from escalate.model.manifest import BundleDocument, Manifest
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.submission import SubmissionState
from escalate.model.target import AzureTarget, LocalTarget
from escalate.model.timeline import TimelineDocument, TimelineEvent

_MANIFEST = "90-meta/manifest.json"
_MOST_BYTES = 50_000_000
_CHANGES = frozenset({"deployment", "change", "platform", "restart"})


@dataclass(frozen=True, slots=True)
class Member:
    """An artifact inside a zip of the case."""

    bundle: str
    """File name of the zip."""
    path: str
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything an ask can be answered from. Only sealed documents are read: nothing here names what redaction hid."""

    case_folder: str
    target: str
    """The app, as `escalate build` takes it; for the user's own eyes."""
    incident: Incident
    items: tuple[Sealed | Withheld, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    members: Mapping[ArtifactId, Member] = field(default_factory=dict)
    changes: tuple[TimelineEvent, ...] = ()
    sent: frozenset[str] = frozenset()
    """File names of zips that the ticket has."""

    @property
    def platform(self) -> str | None:
        """Of the app; `local` where this machine was collected from."""
        return "local" if self.target.startswith("local") else self.incident.target.os


def read_holdings(case: Case) -> Holdings:
    """The holdings of a case that was bundled."""
    findings = case.read_sealed(FindingsDocument)
    timeline = case.read_sealed(TimelineDocument)
    return Holdings(
        case_folder=str(case.root),
        target=_target(case),
        incident=case.read_sealed(CaseDocument).incident,
        items=case.read(RedactionDocument).items,
        evidence=findings.evidence,
        members=dict(_members(case)),
        changes=tuple(event for event in timeline.events if event.category in _CHANGES),
        sent=frozenset(_sent(case)),
    )


def _target(case: Case) -> str:
    """Where more could be collected: of evidence from elsewhere the app in Azure that it is about."""
    target = case.document.target
    if isinstance(target, LocalTarget):
        return f"local:{target.pid}" if target.pid else "local"
    return target.resource_id if isinstance(target, AzureTarget) else case.incident.target.resource_id or "TARGET"


def _members(case: Case) -> Iterator[tuple[ArtifactId, Member]]:
    """Of every zip; the kit last, so that it goes before the full bundle."""
    if not case.has(BundleDocument):
        return
    for bundle in sorted(case.read(BundleDocument).bundles, key=lambda each: each.tier == "kit"):
        place = case.root / bundle.path
        try:
            with zipfile.ZipFile(place) as zipped:
                if zipped.getinfo(_MANIFEST).file_size > _MOST_BYTES:
                    continue
                manifest = parse_document(Manifest, zipped.read(_MANIFEST), where=f"{bundle.path}: {_MANIFEST}")
        except (OSError, KeyError, zipfile.BadZipFile, DocumentError):
            continue  # moved away or of another version: the evidence itself is still in hand
        for entry in manifest.entries:
            if entry.artifact is not None and entry.role == "evidence":
                yield entry.artifact, Member(place.name, entry.path, entry.sha256)


def _sent(case: Case) -> Iterator[str]:
    if case.has(SubmissionState):
        yield from (each.name for each in case.read(SubmissionState).request.attachments)
    if case.has(FollowUp):
        yield from (each.upload.name for each in case.read(FollowUp).deliveries if each.sent_at is not None)
