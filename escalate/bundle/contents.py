"""What a bundle of this case is made from: what redaction sealed, and what the draft wrote from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from escalate import resources
from escalate.bundle import pages, places
from escalate.bundle.documents import KeepList, Reference
from escalate.bundle.members import Member, PackedForm, changed, of_bytes, of_file, packed_form, read_sealed_file
from escalate.case.layout import RESERVED_BELOW_REDACTED, SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.packed import place_of
from escalate.case.store import Case
from escalate.errors import DocumentError, RedactionRefused
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import ArtifactId
from escalate.model.case import CaseDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.observer import Observer, Task
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument, Sealed, SlimTwin, Withheld
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
    gaps: tuple[StepRecord, ...]

    @property
    def names(self) -> dict[str, str]:
        """Cited path to the member that holds it where there is room for it."""
        sealed = {piece.item.path: piece.member.name for piece in self.pieces}
        return {reference.path: reference.member for reference in self.withheld} | sealed


def gather(case: Case, observer: Observer) -> Contents:
    """Read the case and prove each sealed file unchanged.

    Raises:
        RedactionRefused: a file is gone, a link, or not the bytes that were sealed.
        DocumentError: redact or draft has not run.
    """
    redaction = case.read(RedactionDocument)
    ticket = case.read(Ticket)
    sealed = [item for item in redaction.items if isinstance(item, Sealed)]
    packed = _check(case, sealed, observer)
    evidence = [item for item in redaction.items if item.path.split("/")[0] not in RESERVED_BELOW_REDACTED]
    if len({item.artifact for item in evidence}) != len(evidence):
        raise RedactionRefused(
            "redaction.json describes one artifact twice", hint="run again: escalate redact --case DIR"
        )
    names = places.evidence_names(evidence)
    twins = places.twin_names(evidence, names)
    pieces = tuple(
        Piece(
            item,
            _member(case, item, names[item.artifact], packed.get(item.path)),
            _twin(case, item, twins[item.artifact]) if item.artifact in twins else None,
        )
        for item in evidence
        if isinstance(item, Sealed)
    )
    withheld = tuple(_reference_of_withheld(item, names) for item in evidence if isinstance(item, Withheld))
    findings, questions = case.read_sealed(FindingsDocument), case.read_sealed(QuestionsDocument)
    title = ticket.title
    return Contents(
        case=case.read_sealed(CaseDocument),
        title=title,
        findings=findings,
        questions=questions,
        start_here=_start_here(case, title, findings),
        documents=_documents(
            case, redaction, findings, questions, {item.path: names[item.artifact] for item in evidence}
        ),
        pieces=pieces,
        withheld=withheld,
        gaps=tuple(step for step in case.read_sealed(EvidenceDocument).steps if step.outcome.state != "collected"),
    )


def _check(case: Case, sealed: list[Sealed], observer: Observer) -> dict[str, PackedForm]:
    """Read every sealed file; the deflate streams among them, by path, as they were when they were proved."""
    root = case.path(Room.REDACTED).resolve()
    packed: dict[str, PackedForm] = {}
    with observer.task("comparing with what was sealed", sum(map(_bytes_of, sealed))) as task:
        for item in sealed:
            place = place_of(case, item)
            twin = case.path(Room.REDACTED, item.slim.path) if item.slim else place
            if not (place.resolve().is_relative_to(root) and twin.resolve().is_relative_to(root)):
                raise changed(item.path)
            if item.slim is not None:
                _check_plain(twin, item.slim, task)
            if item.packed is None:
                _check_plain(place, item, task)
                continue
            form = packed_form(place, item.size, item.sha256, task.advance)
            if form is None or (form.size, form.crc32) != (item.packed.size, item.packed.crc32):
                raise changed(item.path)
            packed[item.path] = form
    return packed


def _bytes_of(item: Sealed) -> int:
    return item.size + (item.slim.size if item.slim else 0)


def _check_plain(place: Path, item: Sealed | SlimTwin, task: Task) -> None:
    hasher, size = hashlib.sha256(), 0
    for chunk in read_sealed_file(place):
        hasher.update(chunk)
        size += len(chunk)
        task.advance(len(chunk))
    if (size, hasher.hexdigest()) != (item.size, item.sha256):
        raise changed(item.path)


def _member(case: Case, item: Sealed, name: str, packed: PackedForm | None) -> Member:
    return Member(name, "evidence", place_of(case, item), item.size, item.sha256, item.artifact, packed)


def _twin(case: Case, item: Sealed, name: str) -> Member | None:
    if item.slim is None:
        return None
    place = case.path(Room.REDACTED, item.slim.path)
    return Member(name, "evidence", place, item.slim.size, item.slim.sha256, item.artifact)


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
        *(
            of_file(f"{places.SCHEMAS}/{schema.name}", "meta", schema)
            for schema in sorted(resources.schemas().glob("*.schema.json"))
        ),
    )
