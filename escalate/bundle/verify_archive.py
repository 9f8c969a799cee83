"""Whether the finished zip is sound, portable, and only what its manifest and SHA256SUMS declare."""

from __future__ import annotations

import re
import stat
import zipfile
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from escalate.bundle import places
from escalate.bundle.documents import CitedPaths, Gaps, KeepList, Reference, Summary
from escalate.bundle.limits import Limits
from escalate.bundle.names import SUFFIX_OF_REFERENCE, fold, name_problems
from escalate.bundle.nested import BROKEN, Findings, Fingerprint
from escalate.bundle.zip_member import READABLE
from escalate.case.custody import break_in
from escalate.errors import DocumentError
from escalate.model.base import Document, parse_document
from escalate.model.custody import CustodyEntry
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.manifest import Manifest, VerificationDocument
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument
from escalate.model.timeline import TimelineDocument

_SCHEMAS: Mapping[str, type[Document]] = {
    places.SUMMARY: Summary,
    places.QUESTIONS: QuestionsDocument,
    places.EXCLUSIONS: ExclusionsDocument,
    places.DIFFERENTIAL: DifferentialDocument,
    places.TIMELINE: TimelineDocument,
    places.FINDINGS: FindingsDocument,
    places.CITED_PATHS: CitedPaths,
    places.PLAN: Plan,
    places.GAPS: Gaps,
    places.REDACTION_REPORT: RedactionDocument,
    places.KEEP_LIST: KeepList,
    places.KIT_VERIFICATION: VerificationDocument,
}
_SUM = re.compile(r"^(?P<sha256>[0-9a-f]{64})  (?P<name>.+)$")


def check_names(archive: zipfile.ZipFile, findings: Findings) -> dict[str, str]:
    """Member to what it may be called in a report; names, flags and types are looked at on the way."""
    shown: dict[str, str] = {}
    infos = archive.infolist()
    for number, info in enumerate(infos, start=1):
        label = shown[info.filename] = findings.scan_name(info.filename, f"member {number}")
        problems = list(name_problems(info.orig_filename))
        if info.flag_bits & 1:
            problems.append("encrypted")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            problems.append("a link or device")
        if info.compress_type not in READABLE:
            problems.append(f"compression method {info.compress_type} is not readable everywhere")
        if not info.flag_bits & 0x800 and not info.orig_filename.isascii():
            problems.append("name is not marked as UTF-8")
        for problem in problems:
            findings.report("portability", label, problem)
    _check_twins([info.filename for info in infos], shown, findings)
    return shown


def _check_twins(names: list[str], shown: Mapping[str, str], findings: Findings) -> None:
    files = Counter(fold(name.removesuffix("/")) for name in names)
    for name in sorted(set(names)):
        if files[fold(name.removesuffix("/"))] > 1:
            findings.report("portability", shown[name], "there twice, or differs from another name only in case")
    folders = {fold(name[:index]) for name in names for index, letter in enumerate(name) if letter == "/"}
    for name in sorted(set(names)):
        if not name.endswith("/") and fold(name) in folders:
            findings.report("portability", shown[name], "both a file and a folder")


def overlapping(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether members share bytes, as bombs without nesting do, or lie outside of the file."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < end:
            return True
        end = info.header_offset + 30 + len(info.orig_filename) + info.compress_size
    return end > size


def check_layout(names: list[str], shown: Mapping[str, str], findings: Findings) -> None:
    """Whether it is a bundle of ours, and nothing in it stands where the contract knows no place."""
    for required in places.ALWAYS_THERE:
        if required not in names:
            findings.report("layout", required, "missing: not a bundle of escalate, or not all of one")
    for name in names:
        if not places.fits_layout(name):
            findings.report("layout", shown[name], "stands outside of the layout of a bundle")


def check_declared(
    archive: zipfile.ZipFile, read: Mapping[str, Fingerprint], shown: Mapping[str, str], findings: Findings
) -> None:
    """Compare what was read with manifest.json and SHA256SUMS."""
    if places.MANIFEST in read:
        manifest = _document(archive, places.MANIFEST, Manifest, findings)
        if manifest is not None:
            findings.identity.manifest_sha256 = read[places.MANIFEST].sha256
            _check_manifest(manifest, _part_of(archive, manifest, findings), read, shown, findings)
    if places.SUMS in read:
        data = _bytes(archive, places.SUMS, findings)
        lines = [_SUM.match(line) for line in (data or b"").decode("utf-8", "replace").splitlines()]
        if None in lines:
            findings.report("schema", places.SUMS, "a line that sha256sum would not read")
        sums = {line["name"]: line["sha256"] for line in lines if line}
        rest = {name: stream for name, stream in read.items() if name != places.SUMS}
        _compare(sums, rest, "SHA256SUMS", shown, findings)


def _part_of(archive: zipfile.ZipFile, manifest: Manifest, findings: Findings) -> int | None:
    """Which part of a split bundle this is; None when it is not split, or does not say."""
    if manifest.parts == 1:
        return None
    findings.identity.parts = manifest.parts
    data = _bytes(archive, places.SUMMARY, findings)
    try:
        summary = parse_document(Summary, data or b"", where=places.SUMMARY)
    except (DocumentError, RecursionError):
        return None  # reported where schemas are checked
    findings.identity.part = summary.part.number if summary.part else None
    return findings.identity.part


def _check_manifest(
    manifest: Manifest,
    part: int | None,
    read: Mapping[str, Fingerprint],
    shown: Mapping[str, str],
    findings: Findings,
) -> None:
    """Everything the manifest says of this zip; what it says of other parts is for those."""
    here = [entry for entry in manifest.entries if entry.part in (None, part)]
    elsewhere = {entry.path for entry in manifest.entries if entry.part not in (None, part)}
    declared = {entry.path: entry.sha256 for entry in here}
    for entry in sorted(here, key=lambda entry: entry.path):
        if entry.path in read and read[entry.path].size != entry.size:
            findings.report("hash", shown[entry.path], "another size than the manifest says")
    own = {places.MANIFEST, places.SUMS}
    _compare(declared, {name: read[name] for name in read if name not in own}, "the manifest", shown, findings)
    anywhere = elsewhere | set(read)
    for window in (each for cut in manifest.cuts for each in cut.kept):
        if window.member not in anywhere:
            label = findings.scan_name(window.member, "a window")
            findings.report("layout", label, "the manifest says that it holds lines of a cut file: it is not there")
    for held in manifest.held_back:
        if held.reference not in anywhere:
            label = findings.scan_name(held.reference, "a reference")
            findings.report("layout", label, "the manifest says it is there; it is not")


def _compare(
    declared: Mapping[str, str], read: Mapping[str, Fingerprint], by: str, shown: Mapping[str, str], findings: Findings
) -> None:
    for name, stream in sorted(read.items()):
        if name not in declared:
            findings.report("hash", shown[name], f"{by} does not know it: it was added later")
        elif declared[name] != stream.sha256:
            findings.report("hash", shown[name], f"not the bytes that {by} declares")
    for name in sorted(set(declared) - set(read)):
        findings.report("hash", findings.scan_name(name, "a member"), f"{by} declares it; it is not there")


def check_documents(archive: zipfile.ZipFile, names: list[str], shown: Mapping[str, str], findings: Findings) -> None:
    """Whether each JSON document of ours fits its schema."""
    for name in names:
        kind = _SCHEMAS.get(name)
        if name.endswith(SUFFIX_OF_REFERENCE):
            kind = Reference
        if kind is not None:
            _document(archive, name, kind, findings, shown[name])
    if places.CUSTODY in names:
        _check_custody(_bytes(archive, places.CUSTODY, findings) or b"", findings)


def _check_custody(data: bytes, findings: Findings) -> None:
    try:
        chain = [CustodyEntry.model_validate_json(line) for line in data.splitlines()]
    except ValidationError:
        findings.report("schema", places.CUSTODY, "a line that is no entry of custody")
        return
    if problem := break_in(chain):
        findings.report("hash", places.CUSTODY, f"the chain is broken: {problem}")


D = TypeVar("D", bound=Document)


def _document(
    archive: zipfile.ZipFile, name: str, kind: type[D], findings: Findings, shown: str | None = None
) -> D | None:
    data = _bytes(archive, name, findings)
    if data is None:
        return None
    try:
        return parse_document(kind, data, where=shown or name)
    except (DocumentError, RecursionError):
        findings.report("schema", shown or name, f"does not fit {kind.schema_name()}")
        return None


def _bytes(archive: zipfile.ZipFile, name: str, findings: Findings) -> bytes | None:
    limit = findings.limits.document
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except BROKEN:
        return None  # reported when the member was read for its hash
    if len(data) > limit:
        findings.report("schema", name, f"larger than {limit:,} bytes: not read")
        return None
    return data


def expands_too_far(archive: zipfile.ZipFile, size: int, limits: Limits) -> bool:
    """Whether the members together unpack to more than anyone should read."""
    total = sum(info.file_size for info in archive.infolist())
    return total > limits.whole and total > limits.ratio * size
