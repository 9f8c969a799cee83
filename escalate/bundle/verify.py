"""Proves a finished bundle, with another reader and another engine than those that made it."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from escalate.bundle import other_readers, places
from escalate.bundle.betterleaks import guest
from escalate.bundle.canaries import missed, new_marker
from escalate.bundle.known_forms import MIN_KNOWN
from escalate.bundle.limits import BombError, Limits
from escalate.bundle.nested import BROKEN, Check, Findings, Fingerprint, walk
from escalate.bundle.second_engine import KNOWN_VALUE, SecondEngine
from escalate.bundle.streams import CHUNK, Ahead
from escalate.bundle.verify_archive import (
    check_declared,
    check_documents,
    check_layout,
    check_names,
    expands_too_far,
    overlapping,
)
from escalate.bundle.verify_secrets import SecretScanner
from escalate.bundle.zip_directory import directory_problem
from escalate.bundle.zip_member import ZipMember, stray_bytes
from escalate.errors import TargetError
from escalate.model.manifest import VerificationDocument
from escalate.model.observer import Observer, Task

WHOLE = "(the zip itself)"
_CHECKS = (
    "archive: directory, CRC of each member, no overlaps, no bomb",
    "portability: names for Windows, macOS and Linux, no links, no encryption, nothing twice",
    "layout: only what the contract knows, nothing of it missing",
    "hashes: SHA256SUMS and the manifest against what was read",
    "schema: each JSON document of ours",
    "secrets: contents and names of members, with an engine of its own, in UTF-8 and UTF-16",
)


def verify(
    archive: Path, *, known: Sequence[bytes] = (), observer: Observer, limits: Limits | None = None
) -> VerificationDocument:
    """Reopen a zip and look at everything in it; what is wrong becomes a problem, never an error.

    `known` are secret values that must not be there in any encoding. A zip that is not ours is scanned all the same.

    Raises:
        TargetError: the file itself cannot be read.
    """
    bounds = limits or Limits()
    marker = new_marker()
    findings = Findings(bounds, SecondEngine((*known, marker)))
    planted, lost = missed(findings.engine, marker)
    for canary in lost:
        findings.report("secret", WHOLE, f"the verifier missed a planted {canary}: it proves nothing")
    try:
        with archive.open("rb") as file, guest() as findings.guest:
            whole = SecretScanner(findings.engine)
            sha256, size = _read_whole(file, whole)
            members = _look_inside(file, size, findings, observer)
            readers = _ask_readers(archive, findings)
            said = _ask(findings)
    except OSError as error:
        raise TargetError(f"{archive}: {error.strerror}", hint="name a zip that can be read") from error
    for leak in whole.finish():
        check: Check = "known value" if leak.rule == KNOWN_VALUE else "secret"
        findings.report(check, WHOLE, f"{leak.rule}, at byte {leak.offset}")
    long_enough = sum(len(value) >= MIN_KNOWN for value in known)
    return VerificationDocument(
        archive=archive.name,
        sha256=sha256,
        size=size,
        members=members,
        bytes_scanned=findings.scanned + size,
        checks=(
            *_CHECKS,
            f"canaries: {planted - len(lost)} of {planted} planted secrets were found by the same search",
            f"nested archives: zip, tar, 7z, gzip, bzip2, xz and zstd to depth {bounds.depth}",
            f"known values: {long_enough} of {len(known)}, in every encoding we know (from {MIN_KNOWN} bytes up)",
            f"other readers: {readers}",
            f"betterleaks: {said}",
        ),
        manifest_sha256=findings.identity.manifest_sha256,
        part=findings.identity.part,
        parts=findings.identity.parts,
        problems=tuple(findings.problems),
    )


def _ask_readers(archive: Path, findings: Findings) -> str:
    """Ask the unzip programs that are here, where our own reader found nothing that could hurt them."""
    if any(problem.check in ("archive", "nested", "portability") for problem in findings.problems):
        return "not asked, the zip is not sound"
    said, complaints = other_readers.ask(archive, findings.identity.unpacked)
    for complaint in complaints:
        findings.report("archive", WHOLE, complaint)
    return said


def _ask(findings: Findings) -> str:
    """Report what betterleaks found; what it was in a few words."""
    if findings.guest is None:
        return "not installed, not asked"
    for seen in findings.guest.seen():
        findings.report("secret", seen.member or WHOLE, f"{seen.rule}, found by betterleaks", seen.line)
    return "texts, what it is sure of" if findings.guest.whole else "it did not come to its end, and proves nothing"


def _read_whole(file: BinaryIO, scanner: SecretScanner) -> tuple[str, int]:
    """Hash and size; comments and bytes between members come before the scanner on the way."""
    hasher, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        hasher.update(chunk)
        scanner.feed(chunk)
        size += len(chunk)
    return hasher.hexdigest(), size


def _look_inside(file: BinaryIO, size: int, findings: Findings, observer: Observer) -> int:
    """The number of members; 0 when it cannot be opened."""
    if problem := directory_problem(file, size, findings.limits):
        findings.report("archive", WHOLE, f"{problem}: not read")
        return 0
    file.seek(0, os.SEEK_SET)
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        findings.report("archive", WHOLE, f"cannot be opened as a zip ({type(error).__name__}): damaged, or no zip")
        return 0
    with archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        shown = check_names(archive, findings)
        check_layout(names, shown, findings)
        if overlapping(archive, size):
            findings.report("archive", WHOLE, "members overlap or lie outside of the file: not read")
        elif expands_too_far(archive, size, findings.limits):
            findings.report("archive", WHOLE, f"unpacks to more than {findings.limits.ratio} times its size: not read")
        else:
            if stray_bytes(file, archive):
                findings.report("archive", WHOLE, "bytes that belong to no member stand before, between or after them")
            findings.identity.unpacked = sum(info.file_size for info in archive.infolist())
            with observer.task("proving the zip", findings.identity.unpacked) as task:
                read = _read_members(file, archive, shown, findings, task)
            if places.MANIFEST in read or places.SUMS in read:
                check_declared(archive, read, shown, findings)
            check_documents(archive, [name for name in names if name in read], shown, findings)
        return len(names)


def _read_members(
    file: BinaryIO, archive: zipfile.ZipFile, shown: dict[str, str], findings: Findings, task: Task
) -> dict[str, Fingerprint]:
    """Read every member whole; those that could be, by name."""
    read: dict[str, Fingerprint] = {}
    for info in archive.infolist():
        if info.is_dir():
            continue
        label = shown[info.filename]
        try:
            with Ahead(ZipMember(file, info)) as ahead:
                read[info.filename] = walk(ahead, label, 0, findings, task.advance)
        except BombError as error:
            findings.report("nested", label, f"{error}: not read further")
        except BROKEN as error:
            findings.report("archive", label, f"cannot be read ({type(error).__name__}): damaged or encrypted")
    return read
