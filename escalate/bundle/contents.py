"""What a bundle of this case is made from: what redaction sealed, and what the draft wrote from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from escalate import resources
from escalate.bundle import pages, places
from escalate.bundle.baseline import Baseline
from escalate.bundle.documents import DumpReport, KeepList, Reference
from escalate.bundle.members import Member, UnreadableError, of_bytes, of_file, read_sealed_file
from escalate.bundle.sealed_files import check
from escalate.case import custody
from escalate.case.layout import RESERVED_BELOW_REDACTED, SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.packed import place_of
from escalate.case.store import Case
from escalate.errors import CaseError, DocumentError, RedactionRefused
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import ArtifactId
from escalate.model.case import CaseDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import Since
from escalate.model.observer import Observer
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.ticket import Ticket
from escalate.model.timeline import TimelineDocument

REPORT_FILE = "report-in-zip.html"
START_HERE_FILE = "start-here.md"
RUNBOOK_FOLDER = "runbook"
MAX_START_HERE = 256 * 1024
"""Bytes; START-HERE is in every zip, however small that must be."""


@dataclass(frozen=True)
class Piece:
    """A sealed artifact, and what stands for it in a zip that cannot carry it."""

    item: Sealed
    member: Member
    slim: Member | None = None
    """The slim twin of a dump: for the zip that has no room for the dump itself."""


@dataclass(frozen=True)
class Dump:
    """A dump that was checked when it was saved, and the member that tells the result."""

    report: DumpReport
    member: Member


@dataclass(frozen=True)
class Contents:
    """Everything that may leave, and the description of what may not."""

    case: CaseDocument
    title: str
    findings: FindingsDocument
    questions: QuestionsDocument
    start_here: bytes
    documents: tuple[Member, ...]
    """Most useful first."""
    pieces: tuple[Piece, ...]
    withheld: tuple[Reference, ...]
    unreadable: tuple[Reference, ...]
    """Sealed, and then not to be read."""
    gaps: tuple[StepRecord, ...]
    dumps: tuple[Dump, ...] = ()
    since: Since | None = None
    unchanged: tuple[Piece, ...] = ()
    """Of a delta: what the earlier bundle has."""

    @property
    def names(self) -> dict[str, str]:
        """Cited path to the member that holds it where there is room for it."""
        sealed = {piece.item.path: piece.member.name for piece in (*self.pieces, *self.unchanged)}
        return {each.path: each.member for each in (*self.withheld, *self.unreadable)} | sealed

    @property
    def members(self) -> set[str]:
        """The names that are given out, whether or not a zip has room for them."""
        twins = {piece.slim.name for piece in self.pieces if piece.slim}
        return {*self.names.values(), *twins, *(dump.member.name for dump in self.dumps)}

    def after(self, baseline: Baseline) -> Contents:
        """Only what the earlier bundle does not have, or has in another state."""
        old = tuple(piece for piece in self.pieces if baseline.has(piece.member.name, piece.item.sha256))
        return replace(
            self,
            pieces=tuple(piece for piece in self.pieces if piece not in old),
            since=Since(name=baseline.name, sha256=baseline.sha256, unchanged=len(old)),
            unchanged=old,
        )

    def without(self, place: Path, reason: str) -> Contents | None:
        """As it is when a file cannot be read while it is zipped; None when it is none of the evidence."""
        for piece in self.pieces:
            if piece.member.source == place:
                lost = _reference_of_unreadable(piece.item, piece.member.name, reason)
                rest = tuple(each for each in self.pieces if each is not piece)
                return replace(self, pieces=rest, unreadable=(*self.unreadable, lost))
            if piece.slim is not None and piece.slim.source == place:
                rest = tuple(replace(each, slim=None) if each is piece else each for each in self.pieces)
                return replace(self, pieces=rest)
        return None

    def with_document(self, document: Member) -> Contents:
        """With one more document of ours, after the others."""
        return replace(self, documents=(*self.documents, document))


def gather(case: Case, observer: Observer) -> Contents:
    """Read the case and prove each sealed file unchanged.

    Raises:
        RedactionRefused: a file is a link, or not the bytes that were sealed.
        DocumentError: redact or draft has not run.
        CaseError: a document of ours cannot be read.
    """
    try:
        return _gather(case, observer)
    except UnreadableError as error:
        raise CaseError(
            f"{error.path} cannot be read: {error.reason}", hint="run: escalate redact --case DIR, then escalate draft"
        ) from error


def _gather(case: Case, observer: Observer) -> Contents:
    redaction = case.read(RedactionDocument)
    ticket = case.read(Ticket)
    sealed = [item for item in redaction.items if isinstance(item, Sealed)]
    checked = check(case, sealed, observer)
    evidence = [item for item in redaction.items if item.path.split("/")[0] not in RESERVED_BELOW_REDACTED]
    if len({item.artifact for item in evidence}) != len(evidence):
        raise RedactionRefused(
            "redaction.json describes one artifact twice", hint="run again: escalate redact --case DIR"
        )
    names = places.evidence_names(evidence)
    twins = places.twin_names(evidence, names)
    sealed_evidence = [item for item in evidence if isinstance(item, Sealed)]
    pieces = tuple(
        Piece(
            item,
            Member(
                names[item.artifact],
                "evidence",
                place_of(case, item),
                item.size,
                item.sha256,
                item.artifact,
                checked.packed.get(item.path),
            ),
            _twin(case, item, twins[item.artifact]) if item.artifact in twins and item.path in checked.twins else None,
        )
        for item in sealed_evidence
        if item.path not in checked.unreadable
    )
    unreadable = tuple(
        _reference_of_unreadable(item, names[item.artifact], checked.unreadable[item.path])
        for item in sealed_evidence
        if item.path in checked.unreadable
    )
    withheld = tuple(_reference_of_withheld(item, names) for item in evidence if isinstance(item, Withheld))
    evidence_document = case.read_sealed(EvidenceDocument)
    dumps = _dumps(evidence_document, evidence, names, twins)
    findings, questions = case.read_sealed(FindingsDocument), case.read_sealed(QuestionsDocument)
    title = ticket.title
    return Contents(
        case=case.read_sealed(CaseDocument),
        title=title,
        findings=findings,
        questions=questions,
        start_here=_start_here(case, title, findings),
        documents=(
            *_documents(case, redaction, findings, questions, {item.path: names[item.artifact] for item in evidence}),
            *(dump.member for dump in dumps),
        ),
        pieces=pieces,
        withheld=withheld,
        unreadable=unreadable,
        gaps=tuple(step for step in evidence_document.steps if step.outcome.state != "collected"),
        dumps=dumps,
    )


def _reference_of_withheld(item: Withheld, names: dict[ArtifactId, str]) -> Reference:
    return Reference(
        id=item.artifact,
        member=names[item.artifact],
        path=item.path,
        kind=item.kind.value,
        size=item.size,
        sha256=item.sha256,
        origin=item.origin,
        captured_at=item.captured_at,
        why=f"withheld: {item.reason}",
        how_to_ask=item.how_to_get,
    )


def _twin(case: Case, item: Sealed, name: str) -> Member | None:
    if item.slim is None:
        return None
    place = case.path(Room.REDACTED, item.slim.path)
    return Member(name, "evidence", place, item.slim.size, item.slim.sha256, item.artifact)


def _reference_of_unreadable(item: Sealed, name: str, reason: str) -> Reference:
    return Reference(
        id=item.artifact,
        member=name,
        path=item.path,
        kind=item.kind.value,
        size=item.size,
        sha256=item.sha256,
        origin=item.origin,
        captured_at=item.captured_at,
        why=f"could not be read when the zip was made: {reason}",
        how_to_ask="ask the customer to run `escalate redact` and `escalate bundle` on the case again",
    )


def _dumps(
    document: EvidenceDocument,
    items: list[Sealed | Withheld],
    names: Mapping[ArtifactId, str],
    twins: Mapping[ArtifactId, str],
) -> tuple[Dump, ...]:
    paths = {item.artifact: item.path for item in items}
    checked = [each for each in document.artifacts if each.dump is not None and each.id in paths]
    reports = places.report_names((each.id for each in checked), names, twins.values())
    found = []
    for artifact in checked:
        if artifact.dump is None:
            continue
        report = DumpReport(
            artifact=artifact.id,
            path=paths[artifact.id],
            member=names[artifact.id],
            size=artifact.size,
            check=artifact.dump,
        )
        found.append(Dump(report, of_bytes(reports[artifact.id], "document", report.to_json(), artifact.id)))
    return tuple(found)


def _start_here(case: Case, title: str, findings: FindingsDocument) -> bytes:
    place = case.path(Room.DRAFT, START_HERE_FILE)
    if place.is_file() and place.stat().st_size <= MAX_START_HERE:
        return b"".join(read_sealed_file(place))
    return pages.start_here(case.document.id, title, findings.verdict).encode()


def _documents(
    case: Case,
    redaction: RedactionDocument,
    findings: FindingsDocument,
    questions: QuestionsDocument,
    names: dict[str, str],
) -> tuple[Member, ...]:
    report = case.path(Room.DRAFT, REPORT_FILE)
    if not report.is_file():
        raise DocumentError(f"{report} is not there yet", hint="run: escalate draft --case DIR")

    def sealed(name: str, place: Path) -> list[Member]:
        return [of_file(name, "meta" if name.startswith("90-") else "document", place)] if place.is_file() else []

    below = case.path(Room.REDACTED)
    return (
        *sealed(places.QUESTIONS, below / SEALED_PATHS[QuestionsDocument]),
        of_bytes(places.QUESTIONS_PAGE, "document", pages.questions(questions, findings, names).encode()),
        *(
            of_file(f"{places.RUNBOOKS}/{page.name}", "document", page)
            for page in sorted(case.path(Room.DRAFT, RUNBOOK_FOLDER).glob("*.md"))
        ),
        *sealed(places.FINDINGS, below / SEALED_PATHS[FindingsDocument]),
        of_bytes(places.FINDINGS_PAGE, "document", pages.findings(findings, names).encode()),
        *sealed(places.EXCLUSIONS, below / SEALED_PATHS[ExclusionsDocument]),
        *sealed(places.DIFFERENTIAL, below / SEALED_PATHS[DifferentialDocument]),
        of_file(places.REPORT, "report", report),
        of_bytes(places.KEEP_LIST, "meta", KeepList(kept=redaction.keep_list).to_json()),
        *sealed(places.PLAN, below / SEALED_PATHS[Plan]),
        *sealed(places.TIMELINE, below / SEALED_PATHS[TimelineDocument]),
        of_bytes(places.REDACTION_REPORT, "meta", redaction.to_json()),
        *sealed(places.RUN, below / SEALED_JOURNAL),
        *([of_bytes(places.CUSTODY, "meta", chain)] if (chain := custody.travelling(custody.read(case))) else []),
        *(
            of_file(f"{places.SCHEMAS}/{schema.name}", "meta", schema)
            for schema in sorted(resources.schemas().glob("*.schema.json"))
        ),
    )
