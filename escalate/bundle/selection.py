"""Which of the sealed things fit a zip of limited size, best first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escalate.bundle.contents import Contents, Piece
from escalate.bundle.deflate import END, deflated
from escalate.bundle.documents import Reference, Tier
from escalate.bundle.members import Member
from escalate.model.base import ArtifactId
from escalate.model.finding import FindingsDocument
from escalate.model.kind import Kind
from escalate.model.question import QuestionsDocument

KIT_LIMIT = 5_000_000
"""Bytes of the whole finished zip (contract: "Case folder"): the support API's cap on one attachment."""

HOW_TO_ASK = "ask for the full zip of this case; it stands beside the kit"
_TWIN_IS_HERE = "its stacks and modules alone are in {twin}; for all of it, {ask}"
_TOO_LARGE = "left out of the kit for its size"

_OVERHEAD = 170
"""Bytes a member costs beside its content and name: zip headers, and its two hashes in the manifest and SHA256SUMS."""

_STACKS = frozenset({Kind.THREAD_DUMP, Kind.STACKS, Kind.HS_ERR, Kind.CLASS_HISTOGRAM, Kind.NODE_REPORT})
_STATE = frozenset(
    {
        Kind.DETECTOR,
        Kind.COUNTERS,
        Kind.RESOURCE_HEALTH,
        Kind.SERVICE_HEALTH,
        Kind.ACTIVITY_LOG,
        Kind.METRICS,
        Kind.KUDU_PROCESS,
        Kind.KUDU_THREAD,
        Kind.KUDU_TRACE,
        Kind.CONFIG,
        Kind.JSON,
    }
) | {kind for kind in Kind if kind.value.startswith("proc-")}


@dataclass(frozen=True)
class Selection:
    """What one zip carries of documents and evidence, and what it leaves out for its size."""

    tier: Tier
    carried: tuple[Member, ...]
    held_back: tuple[Reference, ...]


def everything(contents: Contents) -> Selection:
    """The full zip: all that was sealed."""
    return Selection("full", (*contents.documents, *(piece.member for piece in contents.pieces)), ())


class Deflated:
    """Deflated sizes, as the writer will make them; a file is given up as soon as it is over the room asked about."""

    def __init__(self) -> None:
        self._exact: dict[str, int] = {}
        self._over: dict[str, int] = {}

    def within(self, member: Member, room: int) -> int | None:
        """Size in bytes when it is at most `room`, else None."""
        if room <= 0 or self._over.get(member.name, -1) >= room:
            return None
        if member.name not in self._exact:
            size = _deflated(member, room)
            if size is None:
                self._over[member.name] = room
                return None
            self._exact[member.name] = size
        size = self._exact[member.name]
        return size if size <= room else None


def _deflated(member: Member, room: int) -> int | None:
    if member.packed is not None:
        return member.packed.size if member.packed.size <= room else None
    if member.size > room * 1032 + 1032:  # deflate's best ratio is 1032 to 1
        return None
    size = len(END)
    for chunk in member.chunks():
        size += len(deflated(chunk))
        if size > room:
            return None
    return size if size <= room else None


def best_of(contents: Contents, budget: int, measure: Deflated) -> Selection:
    """Documents first, then evidence by value, as much as deflates into `budget` bytes.

    Smaller things go on being tried after one that does not fit; the slim twin of a dump in its place.
    """
    room = budget
    carried: list[Member] = []
    held_back: list[Reference] = []
    described = {piece.member.name: piece for piece in contents.pieces}
    ranked = (piece.member for piece in by_value(contents))

    def take(member: Member) -> bool:
        nonlocal room
        overhead = _OVERHEAD + 3 * len(member.name.encode())
        size = measure.within(member, room - overhead)
        if size is None:
            return False
        carried.append(member)
        room -= size + overhead
        return True

    for member in (*contents.documents, *ranked):
        if not take(member):
            piece = described.get(member.name)
            twin = piece.slim if piece else None
            held_back.append(_reference(member, piece, twin if twin and take(twin) else None))
    return Selection("kit", tuple(carried), tuple(held_back))


def by_value(contents: Contents) -> list[Piece]:
    """Evidence in the order in which a reader at support wants it."""
    proof, mentioned = _cited(contents.findings, contents.questions)

    def value(piece: Piece) -> tuple[int, int, str]:
        item = piece.item
        if item.artifact in proof:
            rank = 0
        elif item.kind in _STACKS:
            rank = 1
        elif item.artifact in mentioned:
            rank = 2
        elif item.kind in _STATE:
            rank = 3
        else:
            rank = 4
        return rank, item.size, piece.member.name

    return sorted(contents.pieces, key=value)


def _cited(findings: FindingsDocument, questions: QuestionsDocument) -> tuple[set[ArtifactId], set[ArtifactId]]:
    """Artifacts that prove a finding that counts, a gate or a question; and artifacts that are mentioned at all."""
    ids = {each for finding in findings.findings if not finding.demoted for each in finding.evidence}
    ids |= {each for question in questions.questions for each in question.evidence}
    ids |= {each for gate in findings.verdict.gates for each in gate.evidence}
    return {entry.artifact for entry in findings.evidence if entry.id in ids}, {
        entry.artifact for entry in findings.evidence
    }


def _reference(member: Member, piece: Piece | None, twin: Member | None) -> Reference:
    facts = _FACTS_OF_OURS if piece is None else {"kind": piece.item.kind.value, "origin": piece.item.origin}
    return Reference(
        id=member.artifact or ArtifactId(member.name),
        member=member.name,
        path=member.name if piece is None else piece.item.path,
        size=member.size,
        sha256=member.sha256,
        captured_at=None if piece is None else piece.item.captured_at,
        why=_TOO_LARGE,
        how_to_ask=_TWIN_IS_HERE.format(twin=twin.name, ask=HOW_TO_ASK) if twin else HOW_TO_ASK,
        **facts,
    )


_FACTS_OF_OURS: Mapping[str, str] = MappingProxyType({"kind": "document", "origin": "written by escalate"})
