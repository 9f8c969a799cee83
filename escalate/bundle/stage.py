"""Makes the zips of a case and lets one stand only after it was proved clean."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escalate import __version__
from escalate.bundle.contents import Contents, gather
from escalate.bundle.documents import Tier
from escalate.bundle.members import read_sealed_file
from escalate.bundle.tiers import write_full, write_kit
from escalate.bundle.verify import WHOLE, verify
from escalate.bundle.writer import Written
from escalate.case.layout import RESERVED_BELOW_REDACTED, Room
from escalate.case.store import Case
from escalate.errors import RedactionRefused
from escalate.model.manifest import BundleDocument, BundleFile, Problem
from escalate.model.observer import Observer
from escalate.model.redaction import RedactionDocument
from escalate.model.ticket import Ticket

NAME = "bundle"
SUMS = "SHA256SUMS"
SHOWN = 5
"""Files named in a hint."""

_WRITERS: tuple[tuple[Tier, Callable[[Contents, Path, Observer], Written]], ...] = (
    ("kit", write_kit),
    ("full", write_full),
)


def inputs(case: Case) -> str:
    """Digest of what the zips are made from: what was sealed, our own sealed documents, and the draft."""
    folders = [case.path(Room.REDACTED, name) for name in RESERVED_BELOW_REDACTED] + [case.path(Room.DRAFT)]
    files = [place for folder in folders if folder.is_dir() for place in folder.rglob("*") if place.is_file()]
    words = [f"{place.relative_to(case.root).as_posix()} {_digest(place)}" for place in sorted(files)]
    return case.digest([RedactionDocument, Ticket], __version__, *words)


def run(case: Case, observer: Observer, known: Sequence[bytes] = ()) -> BundleDocument:
    """Write, prove and keep `bundle/<case id>-kit.zip` and `-full.zip`; `known` are secret values nothing may hold.

    Raises:
        RedactionRefused: something changed since it was redacted, or a finished zip did not prove clean. The zips are
            deleted then and the case lists none.
        DocumentError: redact or draft has not run.
    """
    digest = inputs(case)
    done = case.journal.begin(NAME, digest)
    kept = {tier: bundle for tier, _ in _WRITERS if (bundle := _still_there(case, done.get(tier)))}
    if not kept:
        _clear(case)
    try:
        contents = gather(case, observer)
        made: list[BundleFile] = []
        for tier, write in _WRITERS:
            bundle = kept.get(tier) or _make(case, contents, tier, write, known, observer)
            if tier not in kept:
                case.journal.step(NAME, tier, bundle.model_dump(mode="json"))
            made.append(bundle)
    except RedactionRefused:
        _clear(case)
        raise
    with case.new_file(Room.BUNDLE, SUMS) as handle:
        handle.write("".join(f"{each.sha256}  {Path(each.path).name}\n" for each in made).encode())
    document = BundleDocument(case_id=contents.case.id, bundles=tuple(made))
    case.write(document)
    case.journal.end(NAME, digest)
    return document


def _make(
    case: Case,
    contents: Contents,
    tier: Tier,
    write: Callable[[Contents, Path, Observer], Written],
    known: Sequence[bytes],
    observer: Observer,
) -> BundleFile:
    name = f"{contents.case.id}-{tier}.zip"
    half_made = case.scratch(f"{NAME}-{tier}") / name
    written = write(contents, half_made, observer)
    proof = verify(half_made, known=known, observer=observer)
    if proof.problems or proof.sha256 != written.sha256:
        half_made.unlink()
        raise _refusal(name, proof.problems, contents)
    place = case.adopt(Room.BUNDLE, name, half_made)
    return BundleFile(
        tier=tier,
        path=place.relative_to(case.root).as_posix(),
        size=written.size,
        sha256=written.sha256,
        members=written.members,
    )


def _refusal(name: str, problems: Sequence[Problem], contents: Contents) -> RedactionRefused:
    if not problems:
        return RedactionRefused(f"{name} changed while it was proved", hint="run again: escalate bundle --case DIR")
    order = ("known value", "secret")
    first = min(problems, key=lambda problem: order.index(problem.check) if problem.check in order else len(order))
    place = f"{first.member} line {first.line}" if first.line else first.member
    others = f" ({len(problems)} problems in all)" if len(problems) > 1 else ""
    return RedactionRefused(
        f"{name} was deleted: {first.check} in {place}: {first.detail}{others}",
        hint=_way_out(problems, contents),
    )


def _way_out(problems: Sequence[Problem], contents: Contents) -> str:
    """Files that can stay behind are named in a command; what stands in our own documents cannot."""
    path_of = {member: path for path, member in contents.names.items()}
    path_of |= {piece.slim.name: piece.item.path for piece in contents.pieces if piece.slim}
    files = sorted({path_of.get(problem.member, "") for problem in problems if problem.member != WHOLE})
    if not files or "" in files:
        return "nothing left this machine; run escalate redact --case DIR again, and report the rule if it stays"
    shown = " ".join(f"--withhold {shlex.quote(path)}" for path in files[:SHOWN])
    more = f" (and {len(files) - SHOWN} more)" if len(files) > SHOWN else ""
    return (
        f"nothing left this machine; to go on without the file: escalate redact --case DIR {shown}{more}, "
        "then escalate build again"
    )


def _still_there(case: Case, result: Any) -> BundleFile | None:
    """The zip an interrupted run finished and proved, if it is still those bytes."""
    try:
        bundle = BundleFile.model_validate(result)
    except ValidationError:
        return None
    place = case.root / bundle.path
    return bundle if place.is_file() and _digest(place) == bundle.sha256 else None


def _clear(case: Case) -> None:
    """No zip of an older run may be taken for one of this case's present state."""
    case.clear(Room.BUNDLE)
    if case.has(BundleDocument):
        case.write(BundleDocument(case_id=case.document.id, bundles=()))


def _digest(place: Path) -> str:
    hasher = hashlib.sha256()
    for chunk in read_sealed_file(place):
        hasher.update(chunk)
    return hasher.hexdigest()
