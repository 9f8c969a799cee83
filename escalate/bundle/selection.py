"""Which of the sealed things fit a zip of limited size, best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from escalate.bundle import places
from escalate.bundle.contents import Contents, Piece
from escalate.bundle.deflate import END, deflated
from escalate.bundle.documents import Reference, Tier
from escalate.bundle.members import Member, of_bytes
from escalate.bundle.names import SUFFIX_OF_REFERENCE, NameBook
from escalate.bundle.windows import CUTTABLE, Cutting, Wanted, cut
from escalate.model.base import ArtifactId, EvidenceId
from escalate.model.finding import FindingsDocument
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.manifest import Cut, KeptLines
from escalate.model.question import QuestionsDocument

KIT_LIMIT = 5_000_000
"""Bytes of the whole finished zip (contract: "Case folder"): the support API's cap on one attachment."""

HOW_TO_ASK = "ask for the full zip of this case; it stands beside the kit"
_TWIN_IS_HERE = "its stacks and modules alone are in {twin}; for all of it, {ask}"
_TOO_LARGE = "left out of the kit for its size"
_CUT = "too large for the kit: only its lines around the incident and those that findings cite are here"

OVERHEAD = 170
"""Bytes a member costs beside its content and name: zip headers, and its two hashes in the manifest and SHA256SUMS."""

_OF_A_WINDOW = 150
"""Bytes of one window's line in the manifest, the reference and the list of cited paths."""
_OF_A_CUT = 500
"""Bytes of what describes one cut file: its `*.ref.json`, and its record in the manifest."""
_SHARE = 4
"""The part of the budget that one text may take when not all of them fit."""
MOST_CITED = 50
"""Lines of one file around which a window is cut."""

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
        Kind.KUDU_MODULE,
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
    cuts: tuple[Cut, ...] = ()


def everything(contents: Contents) -> Selection:
    """The full zip: all that was sealed."""
    return Selection("full", (*contents.documents, *(piece.member for piece in contents.pieces)), ())


class Deflated:
    """Deflated sizes, as the writer will make them; a file is given up as soon as it is over the room asked about."""

    def __init__(self, advance: Callable[[int], None] = lambda _: None) -> None:
        self._advance = advance
        self._exact: dict[str, int] = {}
        self._over: dict[str, int] = {}
        self._windows: dict[str, tuple[int, Cutting | None]] = {}

    def within(self, member: Member, room: int) -> int | None:
        """Size in bytes when it is at most `room`, else None."""
        if room <= 0 or self._over.get(member.name, -1) >= room:
            return None
        if member.name not in self._exact:
            size = _deflated(member, room, self._advance)
            if size is None:
                self._over[member.name] = room
                return None
            self._exact[member.name] = size
        size = self._exact[member.name]
        return size if size <= room else None

    def windows(self, member: Member, wanted: Wanted, room: int, overhead: int) -> Cutting | None:
        """The widest windows of a text within `room` bytes; the file is not read again for less room than before."""
        asked, found = self._windows.get(member.name, (0, None))
        if room <= overhead or (room <= asked and (found is None or found.cost <= room)):
            return found if room > overhead else None
        self._windows[member.name] = room, (found := cut(member, wanted, room, overhead, self._advance))
        return found


def _deflated(member: Member, room: int, advance: Callable[[int], None]) -> int | None:
    if member.packed is not None:
        return member.packed.size if member.packed.size <= room else None
    if member.size > room * 1032 + 1032:  # deflate's best ratio is 1032 to 1
        return None
    size = len(END)
    for chunk in member.chunks():
        size += len(deflated(chunk))
        advance(len(chunk))
        if size > room:
            return None
    return size if size <= room else None


def best_of(contents: Contents, budget: int, measure: Deflated) -> Selection:
    """Documents first, then evidence by value, as much as deflates into `budget` bytes.

    While all texts fit, they are whole. If one does not, each may take a quarter of the budget, and of a larger one
    the widest windows around the incident that do; what is then left over makes whole what it can. Smaller things go
    on being tried after one that does not fit; the slim twin of a dump in its place.
    """
    whole = _Packing(contents, budget, measure, share=budget).pack()
    if not any(reference.kind in CUTTABLE for reference in whole.held_back):
        return whole
    return _Packing(contents, budget, measure, share=budget // _SHARE).pack()


class _Packing:
    """One filling of a kit."""

    def __init__(self, contents: Contents, budget: int, measure: Deflated, share: int) -> None:
        self._contents = contents
        self._measure = measure
        self._room = budget
        self._share = share
        self._cutting = share < budget
        self._carried: list[Member] = []
        self._held_back: dict[str, Reference] = {}
        self._cuts: dict[str, tuple[Piece, Cut, tuple[Member, ...], int]] = {}
        self._names = NameBook()

    def pack(self) -> Selection:
        """Everything in order, and once more what was cut."""
        contents = self._contents
        for name in sorted(contents.members) if self._cutting else ():
            self._names.take(name, name)
        for member in contents.documents:
            if not self._take(member, self._room):
                self._held_back[member.name] = _reference(member, None, None)
        for piece in by_value(contents):
            cuttable = piece.item.kind in CUTTABLE
            if self._take(piece.member, min(self._room, self._share) if cuttable else self._room):
                continue
            if cuttable and self._cutting and self._cut(piece):
                continue
            if not self._take(piece.member, self._room):
                twin = piece.slim if piece.slim and self._take(piece.slim, self._room) else None
                self._held_back[piece.member.name] = _reference(piece.member, piece, twin)
        for name, (piece, _, windows, cost) in list(self._cuts.items()):
            if self._take(piece.member, self._room + cost):
                self._carried = [member for member in self._carried if member not in windows]
                self._room += cost
                del self._cuts[name], self._held_back[name]
        cuts = tuple(cut for _, cut, _, _ in self._cuts.values())
        return Selection("kit", tuple(self._carried), tuple(self._held_back.values()), cuts)

    def _take(self, member: Member, room: int) -> bool:
        size = self._measure.within(member, room - _overhead(member.name))
        if size is None:
            return False
        self._carried.append(member)
        self._room -= size + _overhead(member.name)
        return True

    def _cut(self, piece: Piece) -> bool:
        overhead = _overhead(piece.member.name) + _OF_A_WINDOW
        room = min(self._room, self._share) - _OF_A_CUT
        cutting = self._measure.windows(piece.member, _wanted(self._contents, piece), room, overhead)
        if cutting is None:
            return False
        names = [
            places.window_name(piece.member.name, kept.first_line, kept.last_line, self._names) for kept in cutting.kept
        ]
        windows = tuple(
            of_bytes(name, "evidence", kept.data, piece.item.artifact)
            for name, kept in zip(names, cutting.kept, strict=True)
        )
        lines = tuple(
            KeptLines(member=name, first_line=kept.first_line, last_line=kept.last_line, size=len(kept.data))
            for name, kept in zip(names, cutting.kept, strict=True)
        )
        reference = _reference(piece.member, piece, None, lines)
        cut = Cut(
            artifact=piece.item.artifact,
            path=piece.item.path,
            reference=piece.member.name + SUFFIX_OF_REFERENCE,
            kept=lines,
            lines=cutting.lines,
            lines_dropped=cutting.lines - sum(each.last_line - each.first_line + 1 for each in lines),
            bytes_dropped=piece.member.size - sum(each.size for each in lines),
            why=_CUT,
        )
        self._carried += windows
        self._room -= cutting.cost + _OF_A_CUT
        self._held_back[piece.member.name] = reference
        self._cuts[piece.member.name] = piece, cut, windows, cutting.cost + _OF_A_CUT
        return True


def _overhead(name: str) -> int:
    return OVERHEAD + 3 * len(name.encode())


def _wanted(contents: Contents, piece: Piece) -> Wanted:
    """The lines of a file that count most, and the time of the incident: as given, or as the proofs tell it."""
    ids = _proofs(contents.findings, contents.questions)
    own = [entry for entry in contents.findings.evidence if entry.artifact == piece.item.artifact and entry.line]
    ordered = sorted(own, key=lambda entry: entry.id not in ids)
    cited = tuple(dict.fromkeys(entry.line for entry in ordered if entry.line))[:MOST_CITED]
    window = contents.case.incident.window
    if window is None:
        times = [entry.ts_utc for entry in contents.findings.evidence if entry.ts_utc and entry.id in ids]
        window = Window(start=min(times), end=max(times)) if times else None
    return Wanted(piece.item.kind, cited, window)


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


def _proofs(findings: FindingsDocument, questions: QuestionsDocument) -> set[EvidenceId]:
    """What proves a finding that counts, a gate or a question."""
    ids = {each for finding in findings.findings if not finding.demoted for each in finding.evidence}
    ids |= {each for question in questions.questions for each in question.evidence}
    return ids | {each for gate in findings.verdict.gates for each in gate.evidence}


def _cited(findings: FindingsDocument, questions: QuestionsDocument) -> tuple[set[ArtifactId], set[ArtifactId]]:
    """Artifacts that prove something; and artifacts that are mentioned at all."""
    ids = _proofs(findings, questions)
    return {entry.artifact for entry in findings.evidence if entry.id in ids}, {
        entry.artifact for entry in findings.evidence
    }


def _reference(member: Member, piece: Piece | None, twin: Member | None, kept: tuple[KeptLines, ...] = ()) -> Reference:
    facts = _FACTS_OF_OURS if piece is None else {"kind": piece.item.kind.value, "origin": piece.item.origin}
    return Reference(
        id=member.artifact or ArtifactId(member.name),
        member=member.name,
        path=member.name if piece is None else piece.item.path,
        size=member.size,
        sha256=member.sha256,
        captured_at=None if piece is None else piece.item.captured_at,
        why=_CUT if kept else _TOO_LARGE,
        how_to_ask=_TWIN_IS_HERE.format(twin=twin.name, ask=HOW_TO_ASK) if twin else HOW_TO_ASK,
        kept=kept,
        **facts,
    )


_FACTS_OF_OURS: Mapping[str, str] = MappingProxyType({"kind": "document", "origin": "written by escalate"})
