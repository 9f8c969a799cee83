"""Completes a selection to a zip: references, gaps, summary, START-HERE, manifest and SHA256SUMS."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from escalate import __version__
from escalate.bundle import pages, places
from escalate.bundle.contents import Contents
from escalate.bundle.documents import CitedPaths, Gaps, LeftOut, Reference, Summary
from escalate.bundle.members import Member, of_bytes
from escalate.bundle.names import SUFFIX_OF_REFERENCE
from escalate.bundle.pages import Windows
from escalate.bundle.selection import Selection
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import HeldBack, Manifest, ManifestEntry

REFERENCE_SHARE = 1_000_000
"""Bytes of a kit that references may take; beyond it they are folded into one list, then into counts."""
_COST_OF_A_FILE = 500
"""Bytes one `*.ref.json` costs, deflated, with its zip headers and its lines in manifest, SHA256SUMS and gaps."""
_STEPS_WHEN_COUNTED = 500


def complete(contents: Contents, selection: Selection, *, terse: bool = False) -> list[Member]:
    """All members of the zip, in their order; `terse` leaves out every list that could be long."""
    left_out = (*contents.withheld, *selection.held_back)
    gaps = _gaps(contents, selection, terse)
    each = gaps.references == "one file each"
    references = [_reference_file(reference) for reference in left_out] if each else []
    dropped = any(reference.member == places.REPORT for reference in selection.held_back)
    closing = pages.what_is_not_here(
        len(selection.held_back) - len(selection.cuts),
        len(selection.cuts),
        len(contents.withheld),
        dropped,
        gaps.references,
    )
    windows = {cut.path: cut.kept for cut in selection.cuts}
    members = [
        *(_with_windows(member, contents, windows) for member in selection.carried),
        *references,
        of_bytes(places.START_HERE, "document", contents.start_here.rstrip(b"\n") + b"\n" + closing.encode()),
        of_bytes(places.SUMMARY, "document", _summary(contents, selection, terse).to_json()),
        of_bytes(places.GAPS, "meta", gaps.to_json()),
    ]
    if not terse:
        present = {member.name for member in members}
        cited = _cited_paths(contents.findings, contents.names, present, windows)
        members.append(of_bytes(places.CITED_PATHS, "document", cited.to_json()))
    members.append(_manifest(contents, selection, members, left_out if each else ()))
    members.append(_sums(members))
    return sorted(members, key=lambda member: member.name)


def _reference_file(reference: Reference) -> Member:
    return of_bytes(reference.member + SUFFIX_OF_REFERENCE, "reference", reference.to_json(), reference.id)


def _gaps(contents: Contents, selection: Selection, terse: bool) -> Gaps:
    left_out = len(contents.withheld) + len(selection.held_back)
    full = Gaps(
        case_id=contents.case.id,
        tier=selection.tier,
        steps=contents.gaps,
        withheld=contents.withheld,
        held_back=selection.held_back,
        references="one file each",
        counts=_counts((*contents.withheld, *selection.held_back)),
    )
    if terse:
        return _counted(full, 0)
    if selection.tier == "full" or left_out * _COST_OF_A_FILE + _deflated_size(full) <= REFERENCE_SHARE:
        return full
    listed = full.model_copy(update={"references": "in this list"})
    if _deflated_size(listed) <= REFERENCE_SHARE:
        return listed
    return _counted(full, _STEPS_WHEN_COUNTED)


def _counted(gaps: Gaps, steps: int) -> Gaps:
    return gaps.model_copy(
        update={
            "references": "counted only",
            "steps": gaps.steps[:steps],
            "steps_not_listed": max(0, len(gaps.steps) - steps),
            "withheld": (),
            "held_back": (),
        }
    )


def _deflated_size(gaps: Gaps) -> int:
    return len(zlib.compress(gaps.to_json()))


def _counts(references: Sequence[Reference]) -> tuple[LeftOut, ...]:
    """Artifacts and bytes by reason; reasons beyond the first twenty are taken together."""
    sums: dict[str, tuple[int, int]] = {}
    for reference in references:
        why = reference.why[:300]
        why = why if why in sums or len(sums) < 20 else "for other reasons"
        number, size = sums.get(why, (0, 0))
        sums[why] = (number + 1, size + reference.size)
    return tuple(LeftOut(why=why, artifacts=number, size=size) for why, (number, size) in sorted(sums.items()))


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


def _summary(contents: Contents, selection: Selection, terse: bool) -> Summary:
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
            "steps with a gap": len(contents.gaps),
        },
        sizes={
            "carried": sum(member.size for member in carried),
            "sealed": sum(piece.item.size for piece in contents.pieces),
            "withheld": sum(reference.size for reference in contents.withheld),
        },
    )


def _manifest(
    contents: Contents, selection: Selection, members: Sequence[Member], references: Sequence[Reference]
) -> Member:
    manifest = Manifest(
        case_id=contents.case.id,
        tool_version=__version__,
        tier=selection.tier,
        collected_at=contents.case.created_at,
        entries=tuple(
            ManifestEntry(path=each.name, size=each.size, sha256=each.sha256, artifact=each.artifact, role=each.role)
            for each in sorted(members, key=lambda member: member.name)
        ),
        held_back=tuple(
            HeldBack(
                artifact=reference.id,
                reference=reference.member + SUFFIX_OF_REFERENCE,
                size=reference.size,
                sha256=reference.sha256,
                why=reference.why,
                how_to_ask=reference.how_to_ask,
            )
            for reference in references
        ),
        cuts=selection.cuts,
    )
    return of_bytes(places.MANIFEST, "meta", manifest.to_json())


def _sums(members: Sequence[Member]) -> Member:
    """In the form of `sha256sum -c`, with paths from the root of the zip."""
    lines = (f"{member.sha256}  {member.name}\n" for member in sorted(members, key=lambda member: member.name))
    return of_bytes(places.SUMS, "meta", "".join(lines).encode())
