"""Completes a selection to a zip: references, gaps, summary, START-HERE, manifest and SHA256SUMS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from escalate import __version__
from escalate.bundle import pages, places
from escalate.bundle.contents import Contents
from escalate.bundle.documents import CitedPaths, Gaps, Part, Reference, Summary
from escalate.bundle.gap_list import gaps_of
from escalate.bundle.members import Member, of_bytes
from escalate.bundle.names import SUFFIX_OF_REFERENCE
from escalate.bundle.pages import Windows
from escalate.bundle.selection import Selection
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import DumpEntry, HeldBack, Manifest, ManifestEntry

_MOST_UNCHANGED = 1_000
"""Members of an earlier bundle that the manifest of a kit names."""


@dataclass(frozen=True)
class Body:
    """What a zip carries beside the files that speak of the zip itself."""

    members: tuple[Member, ...]
    gaps: Gaps
    references: tuple[Reference, ...]
    """Of what is left out, one file each; empty where they would be too many."""
    dumps: tuple[DumpEntry, ...]


def complete(contents: Contents, selection: Selection, *, terse: bool = False) -> list[Member]:
    """All members of the zip, in their order; `terse` leaves out every list that could be long."""
    body = body_of(contents, selection, terse=terse)
    return finish(contents, selection, body, [body.members], terse=terse)[0]


def body_of(contents: Contents, selection: Selection, *, terse: bool = False) -> Body:
    """What was selected, with a reference for each thing that was not, and where each cited path is."""
    left_out = (*contents.withheld, *contents.unreadable, *selection.held_back)
    gaps = gaps_of(contents, selection, terse)
    references = left_out if gaps.references == "one file each" else ()
    windows = {cut.path: cut.kept for cut in selection.cuts}
    members = [
        *(_with_windows(member, contents, windows) for member in selection.carried),
        *(_reference_file(reference) for reference in references),
    ]
    if not terse:
        cited = _cited_paths(contents.findings, contents.names, {member.name for member in members}, windows)
        members.append(of_bytes(places.CITED_PATHS, "document", cited.to_json()))
    members.sort(key=lambda member: member.name)
    return Body(tuple(members), gaps, references, _dumps(contents, selection))


def finish(
    contents: Contents, selection: Selection, body: Body, groups: Sequence[Sequence[Member]], *, terse: bool = False
) -> list[list[Member]]:
    """Each group as a zip of its own, with one manifest that covers all: its files, its own pages, its SHA256SUMS."""
    gaps = of_bytes(places.GAPS, "meta", body.gaps.to_json())
    heads: list[tuple[Member, Member]] = []
    for number in range(1, len(groups) + 1):
        part = Part(number=number, of=len(groups)) if len(groups) > 1 else None
        page = _start_here(contents, selection, body, part)
        summary = _summary(contents, selection, part, terse)
        heads.append(
            (of_bytes(places.START_HERE, "document", page), of_bytes(places.SUMMARY, "document", summary.to_json()))
        )
    manifest = _manifest(
        contents, selection, body, [[*own, *head] for own, head in zip(groups, heads, strict=True)], gaps, terse
    )
    zips = []
    for own, head in zip(groups, heads, strict=True):
        members = [*own, *head, gaps, manifest]
        zips.append(sorted((*members, _sums(members)), key=lambda member: member.name))
    return zips


def _start_here(contents: Contents, selection: Selection, body: Body, part: Part | None) -> bytes:
    dropped = any(reference.member == places.REPORT for reference in selection.held_back)
    closing = pages.what_is_not_here(
        pages.LeftOut(
            held_back=len(selection.held_back) - len(selection.cuts),
            cut=len(selection.cuts),
            withheld=len(contents.withheld),
            unreadable=len(contents.unreadable),
            report=dropped,
        ),
        body.gaps.references,
    )
    around = pages.which_zip(part, contents.since) + pages.dumps(body.dumps) + closing + pages.HOW_TO_CHECK
    return contents.start_here.rstrip(b"\n") + b"\n" + around.encode()


def _reference_file(reference: Reference) -> Member:
    return of_bytes(reference.member + SUFFIX_OF_REFERENCE, "reference", reference.to_json(), reference.id)


def _with_windows(member: Member, contents: Contents, windows: Windows) -> Member:
    """The pages that cite lines, made again where a line stands in a window."""
    if not windows:
        return member
    if member.name == places.FINDINGS_PAGE:
        page = pages.findings(contents.findings, contents.names, windows)
    elif member.name == places.QUESTIONS_PAGE:
        page = pages.questions(contents.questions, contents.findings, contents.names, windows)
    else:
        return member
    return of_bytes(member.name, member.role, page.encode())


def _cited_paths(findings: FindingsDocument, names: dict[str, str], present: set[str], windows: Windows) -> CitedPaths:
    paths: dict[str, str | None] = {}
    for path in sorted({entry.path for entry in findings.evidence}):
        member = names.get(path)
        candidates = (member, member + SUFFIX_OF_REFERENCE) if member else ()
        paths[path] = next((name for name in candidates if name in present), None)
    return CitedPaths(paths=paths, windows={path: windows[path] for path in paths if path in windows})


def _summary(contents: Contents, selection: Selection, part: Part | None, terse: bool) -> Summary:
    document, verdict = contents.case, contents.findings.verdict
    workers = {piece.item.instance for piece in contents.pieces if piece.item.instance}
    workers.update(document.incident.target.instances)
    workers.update(name for finding in contents.findings.findings for name in finding.instances)
    cut = {each.member for one in selection.cuts for each in one.kept}
    carried = [member for member in selection.carried if member.role == "evidence"]
    whole = [member for member in carried if member.name not in cut]
    return Summary(
        case_id=document.id,
        tool_version=__version__,
        tier=selection.tier,
        title=contents.title,
        severity=document.incident.severity,
        created_at=document.created_at,
        window=document.incident.window,
        answerable_by=verdict.answerable_by,
        layer=verdict.layer,
        confidence=verdict.confidence,
        workers=() if terse else tuple(sorted(workers)),
        counts={
            "findings": len(contents.findings.findings),
            "questions": len(contents.questions.questions),
            "artifacts carried": len(whole),
            "artifacts cut": len(selection.cuts),
            "artifacts held back": sum(
                reference.kind != "document" and not reference.kept for reference in selection.held_back
            ),
            "artifacts withheld": len(contents.withheld),
            **({"artifacts unreadable": len(contents.unreadable)} if contents.unreadable else {}),
            **({"artifacts unchanged": contents.since.unchanged} if contents.since else {}),
            "steps with a gap": len(contents.gaps),
        },
        sizes={
            "carried": sum(member.size for member in carried),
            "sealed": sum(piece.item.size for piece in contents.pieces),
            "withheld": sum(reference.size for reference in contents.withheld),
        },
        part=part,
    )


def _dumps(contents: Contents, selection: Selection) -> tuple[DumpEntry, ...]:
    carried = {member.name for member in selection.carried}
    slim = {
        piece.item.artifact: piece.slim.name
        for piece in contents.pieces
        if piece.slim is not None and piece.slim.name in carried
    }
    return tuple(
        DumpEntry(
            artifact=dump.report.artifact,
            path=dump.report.path,
            member=dump.report.member,
            carried="whole" if dump.report.member in carried else "slim" if dump.report.artifact in slim else "no",
            slim=slim.get(dump.report.artifact),
            report=dump.member.name if dump.member.name in carried else None,
            state=dump.report.check.state,
            summary=dump.report.check.summary,
            problems=dump.report.check.problems,
        )
        for dump in contents.dumps
    )


def _manifest(
    contents: Contents,
    selection: Selection,
    body: Body,
    groups: Sequence[Sequence[Member]],
    gaps: Member,
    terse: bool,
) -> Member:
    split = len(groups) > 1
    entries = [_entry(each, number if split else None) for number, own in enumerate(groups, start=1) for each in own]
    unchanged = sorted(piece.member.name for piece in contents.unchanged)
    manifest = Manifest(
        case_id=contents.case.id,
        tool_version=__version__,
        tier=selection.tier,
        collected_at=contents.case.created_at,
        entries=tuple(sorted((*entries, _entry(gaps, None)), key=lambda entry: (entry.path, entry.part or 0))),
        held_back=tuple(
            HeldBack(
                artifact=reference.id,
                reference=reference.member + SUFFIX_OF_REFERENCE,
                size=reference.size,
                sha256=reference.sha256,
                why=reference.why,
                how_to_ask=reference.how_to_ask,
            )
            for reference in body.references
        ),
        cuts=selection.cuts,
        dumps=() if terse else body.dumps,
        parts=len(groups),
        since=contents.since,
        unchanged=() if terse else tuple(unchanged[: None if selection.tier == "full" else _MOST_UNCHANGED]),
    )
    return of_bytes(places.MANIFEST, "meta", manifest.to_json())


def _entry(member: Member, part: int | None) -> ManifestEntry:
    return ManifestEntry(
        path=member.name, size=member.size, sha256=member.sha256, artifact=member.artifact, role=member.role, part=part
    )


def _sums(members: Sequence[Member]) -> Member:
    """In the form of `sha256sum -c`, with paths from the root of the zip."""
    lines = (f"{member.sha256}  {member.name}\n" for member in sorted(members, key=lambda member: member.name))
    return of_bytes(places.SUMS, "meta", "".join(lines).encode())
