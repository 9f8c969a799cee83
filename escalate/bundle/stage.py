"""Makes the zips of a case and lets one stand only after it was proved clean."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from escalate import __version__
from escalate.bundle import baseline, places
from escalate.bundle.contents import Contents, gather
from escalate.bundle.documents import Tier
from escalate.bundle.members import UnreadableError, of_bytes, read_sealed_file
from escalate.bundle.protect import SUFFIX_OF_AGE, encrypt, recipients_of, sign
from escalate.bundle.tiers import write_full, write_kit, write_parts
from escalate.bundle.verify import WHOLE, verify
from escalate.bundle.wishes import BundleWishes
from escalate.bundle.writer import Written
from escalate.case import custody
from escalate.case.layout import RESERVED_BELOW_REDACTED, Room
from escalate.case.store import Case
from escalate.errors import CaseError, RedactionRefused
from escalate.model.manifest import BundleDocument, BundleFile, EncryptedFile, Problem, VerificationDocument
from escalate.model.observer import Observer
from escalate.model.redaction import RedactionDocument
from escalate.model.ticket import Ticket

NAME = "bundle"
SUMS = "SHA256SUMS"
SUFFIX_OF_VERIFICATION = ".verification.json"
SHOWN = 5
"""Files named in a hint."""

_USUAL = BundleWishes()
_DELTA_STAGE = f"{NAME} of a delta"
"""Its own name in the journal: the zips of the case are as finished as they were before."""
_DELTA: Mapping[Tier, Literal["delta-kit", "delta-full"]] = MappingProxyType({"kit": "delta-kit", "full": "delta-full"})
_Write = Callable[[Contents, Path, Observer], list[tuple[Path, Written]]]


def inputs(case: Case, wishes: BundleWishes = _USUAL) -> str:
    """Digest of what the zips are made from: what was sealed, our own sealed documents, the draft, and the wishes."""
    folders = [case.path(Room.REDACTED, name) for name in RESERVED_BELOW_REDACTED] + [case.path(Room.DRAFT)]
    files = [place for folder in folders if folder.is_dir() for place in folder.rglob("*") if place.is_file()]
    words = [f"{place.relative_to(case.root).as_posix()} {_digest(place)}" for place in sorted(files)]
    words += [f"split {wishes.split}"] if wishes.split else []
    words += [f"since {_digest(wishes.since)}"] if wishes.since else []
    return case.digest([RedactionDocument, Ticket], __version__, *words)


def run(case: Case, observer: Observer, known: Sequence[bytes] = (), wishes: BundleWishes = _USUAL) -> BundleDocument:
    """Write, prove and keep `bundle/<case id>-kit.zip` and `-full.zip`; `known` are secret values nothing may hold.

    With `wishes.since` both are made of what is new, and stand beside the zips that were made before.

    Raises:
        RedactionRefused: something changed since it was redacted, or a finished zip did not prove clean. The zips are
            deleted then and the case lists none.
        DocumentError: redact or draft has not run.
        ConfigError: a recipient, a key or an earlier bundle that was named is none.
    """
    recipients = recipients_of(wishes.encrypt_to)
    earlier = baseline.load(wishes.since, case) if wishes.since else None
    digest, stage = inputs(case, wishes), _DELTA_STAGE if earlier else NAME
    done = case.journal.begin(stage, digest)
    prefix = f"delta-{earlier.sha256[:8]}-" if earlier else ""
    kept = {tier: files for tier in ("kit", "full") if (files := _still_there(case, done.get(tier)))}
    standing = _standing(case) if earlier else None
    if not kept and not earlier:
        _clear(case)
    try:
        contents = gather(case, observer)
        if earlier:
            contents = contents.after(earlier)
        making = _Making(case, contents, known, observer, prefix)
        made = [*standing.bundles] if standing else []
        tiers: tuple[tuple[Tier, _Write], ...] = (("kit", _kit), ("full", _full(wishes.split)))
        for tier, write in tiers:
            files = kept.get(tier) or making.make(tier, write)
            if tier not in kept:
                case.journal.step(stage, tier, {"files": [each.model_dump(mode="json") for each in files]})
            if tier == "kit":
                making.tell_of_kit(files[0])
            made += [each for each in files if each.path not in {one.path for one in made}]
    except RedactionRefused:
        _clear(case)
        raise
    document = BundleDocument(
        case_id=contents.case.id,
        bundles=tuple(made),
        unreadable=tuple(reference.path for reference in making.contents.unreadable),
        encrypted=_encrypted(case, made, recipients, standing, observer),
    )
    _sums(case, document)
    if wishes.sign_with is not None:
        signature = sign(case.path(Room.BUNDLE, SUMS), wishes.sign_with)
        signature.chmod(0o600)
        document = document.model_copy(update={"signature": signature.relative_to(case.root).as_posix()})
        custody.record(case, "signed", SUMS, _digest(case.path(Room.BUNDLE, SUMS)))
    case.write(document)
    case.journal.end(stage, digest)
    return document


def _kit(contents: Contents, place: Path, observer: Observer) -> list[tuple[Path, Written]]:
    return [(place, write_kit(contents, place, observer))]


def _full(split: int | None) -> _Write:
    def write(contents: Contents, place: Path, observer: Observer) -> list[tuple[Path, Written]]:
        if split is not None:
            return write_parts(contents, place.parent, place.stem, split, observer)
        return [(place, write_full(contents, place, observer))]

    return write


class _Making:
    """Makes the zips of one run, going on without a file that the disk does not give."""

    def __init__(self, case: Case, contents: Contents, known: Sequence[bytes], observer: Observer, prefix: str) -> None:
        self._case = case
        self.contents = contents
        self._known = known
        self._observer = observer
        self._prefix = prefix

    def make(self, tier: Tier, write: _Write) -> list[BundleFile]:
        """Write the zips of one tier, prove each, and put them in their place."""
        name = f"{self.contents.case.id}-{self._prefix}{tier}.zip"
        files = []
        for place, written in self._written(tier, name, write):
            proof = verify(place, known=self._known, observer=self._observer)
            if proof.problems or proof.sha256 != written.sha256:
                place.unlink()
                raise _refusal(place.name, proof.problems, self.contents)
            files.append((place, written, proof))
        return [
            self._adopt(tier, place, written, proof, number if len(files) > 1 else None)
            for number, (place, written, proof) in enumerate(files, start=1)
        ]

    def tell_of_kit(self, kit: BundleFile) -> None:
        """The full zip carries the proof of the kit."""
        place = self._case.root / (kit.path + SUFFIX_OF_VERIFICATION)
        if place.is_file():
            self.contents = self.contents.with_document(of_bytes(places.KIT_VERIFICATION, "meta", place.read_bytes()))

    def _written(self, tier: Tier, name: str, write: _Write) -> list[tuple[Path, Written]]:
        while True:
            try:
                return write(self.contents, self._case.scratch(f"{NAME}-{tier}") / name, self._observer)
            except UnreadableError as error:
                rest = self.contents.without(error.path, error.reason)
                if rest is None:
                    raise CaseError(
                        f"{error.path} cannot be read: {error.reason}",
                        hint="run: escalate redact --case DIR, then escalate draft",
                    ) from error
                self._observer.note(f"{error.path.name} cannot be read ({error.reason}); bundled without it")
                self.contents = rest

    def _adopt(
        self, tier: Tier, half_made: Path, written: Written, proof: VerificationDocument, part: int | None
    ) -> BundleFile:
        place = self._case.adopt(Room.BUNDLE, half_made.name, half_made)
        with self._case.new_file(Room.BUNDLE, place.name + SUFFIX_OF_VERIFICATION) as handle:
            handle.write(proof.to_json())
        custody.record(self._case, "bundled", place.name, written.sha256)
        return BundleFile(
            tier=_DELTA[tier] if self._prefix else tier,
            path=place.relative_to(self._case.root).as_posix(),
            size=written.size,
            sha256=written.sha256,
            members=written.members,
            part=part,
        )


def _encrypted(
    case: Case,
    made: Sequence[BundleFile],
    recipients: Sequence[Any],
    standing: BundleDocument | None,
    observer: Observer,
) -> tuple[EncryptedFile, ...]:
    """An age file beside each new zip; those of an earlier run stay only with the zips of that run."""
    files = [*standing.encrypted] if standing else []
    for old in case.path(Room.BUNDLE).glob(f"*{SUFFIX_OF_AGE}"):
        if old.name not in {Path(each.path).name for each in files}:
            old.unlink()
    before = {bundle.path for bundle in standing.bundles} if standing else set()
    for bundle in [each for each in made if each.path not in before] if recipients else ():
        source = case.root / bundle.path
        with observer.task(f"encrypting {source.name}", bundle.size) as task:
            half_made = case.scratch(f"{NAME}-age") / (source.name + SUFFIX_OF_AGE)
            size, sha256 = encrypt(source, half_made, recipients, task.advance)
            place = case.adopt(Room.BUNDLE, half_made.name, half_made)
        custody.record(case, "encrypted", place.name, sha256)
        path = place.relative_to(case.root).as_posix()
        files.append(EncryptedFile(path=path, of=bundle.path, size=size, sha256=sha256, recipients=len(recipients)))
    return tuple(files)


def _sums(case: Case, document: BundleDocument) -> None:
    """What `sha256sum -c` reads, of every file that travels; a signature of an older one would be wrong now."""
    folder = case.path(Room.BUNDLE)
    folder.joinpath(f"{SUMS}.sig").unlink(missing_ok=True)
    sums = {Path(each.path).name: each.sha256 for each in document.bundles}
    sums |= {Path(each.path).name: each.sha256 for each in document.encrypted}
    for bundle in document.bundles:
        proof = case.root / (bundle.path + SUFFIX_OF_VERIFICATION)
        if proof.is_file():
            sums[proof.name] = _digest(proof)
    with case.new_file(Room.BUNDLE, SUMS) as handle:
        handle.write("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())).encode())


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
    files = sorted(
        {path_of.get(places.whole_name(problem.member), "") for problem in problems if problem.member != WHOLE}
    )
    if not files or "" in files:
        return "nothing left this machine; run escalate redact --case DIR again, and report the rule if it stays"
    shown = " ".join(f"--withhold {shlex.quote(path)}" for path in files[:SHOWN])
    more = f" (and {len(files) - SHOWN} more)" if len(files) > SHOWN else ""
    return (
        f"nothing left this machine; to go on without the file: escalate redact --case DIR {shown}{more}, "
        "then escalate build again"
    )


def _standing(case: Case) -> BundleDocument:
    """The zips made before, and their age files, as far as they are still what they were."""
    if not case.has(BundleDocument):
        return BundleDocument(case_id=case.document.id, bundles=())
    document = case.read(BundleDocument)
    return document.model_copy(
        update={
            "bundles": tuple(bundle for bundle in document.bundles if _intact(case, bundle)),
            "encrypted": tuple(each for each in document.encrypted if _intact(case, each)),
        }
    )


def _still_there(case: Case, result: Any) -> list[BundleFile]:
    """The zips an interrupted run finished and proved, if they are still those bytes; else none."""
    try:
        files = [BundleFile.model_validate(each) for each in (result or {}).get("files", ())]
    except (ValidationError, AttributeError):
        return []
    return files if all(_intact(case, bundle) for bundle in files) else []


def _intact(case: Case, file: BundleFile | EncryptedFile) -> bool:
    place = case.root / file.path
    return place.is_file() and _digest(place) == file.sha256


def _clear(case: Case) -> None:
    """No zip of an older run may be taken for one of this case's present state; their manifests stay."""
    kept = baseline.remember(case, case.read(BundleDocument).bundles if case.has(BundleDocument) else ())
    case.clear(Room.BUNDLE)
    for name, data in kept.items():
        with case.new_file(Room.BUNDLE, f"{baseline.EARLIER}/{name}") as handle:
            handle.write(data)
    if case.has(BundleDocument):
        case.write(BundleDocument(case_id=case.document.id, bundles=()))


def _digest(place: Path) -> str:
    hasher = hashlib.sha256()
    for chunk in read_sealed_file(place):
        hasher.update(chunk)
    return hasher.hexdigest()
