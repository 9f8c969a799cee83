"""One side of a comparison: a case that was redacted, or a bundle of one; only what is sealed is read."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from escalate.bundle import places
from escalate.bundle.documents import Summary
from escalate.bundle.limits import Limits
from escalate.bundle.nested import BROKEN
from escalate.bundle.zip_directory import directory_problem
from escalate.case.layout import RESERVED_BELOW_REDACTED, Room
from escalate.case.store import Case
from escalate.errors import ConfigError, DocumentError, TargetError
from escalate.model import diff
from escalate.model.base import Document, parse_document
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.kind import Kind
from escalate.model.manifest import Manifest
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.ticket import Ticket

MAX_CONFIG = 4 << 20
"""Bytes; a larger file of configuration is compared as a whole only."""

D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Item:
    """One file of the evidence; its hash is of what is sealed, or for a withheld one of the original."""

    size: int
    sha256: str | None
    kind: Kind | None
    withheld: bool


@dataclass(frozen=True)
class Compared:
    """What of a side is compared."""

    side: diff.Side
    findings: FindingsDocument
    questions: QuestionsDocument
    exclusions: ExclusionsDocument
    evidence: Mapping[str, Item]
    config: Callable[[str], bytes | None]
    """The content of a file of configuration by its path; None where the side does not carry it, or it is too large."""
    notes: tuple[str, ...] = ()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Compared]:
    """The case in a folder, or the bundle in a zip.

    Raises:
        TargetError: it cannot be read.
        ConfigError: it is neither.
        CaseError: the case was not redacted yet.
    """
    if path.is_dir():
        yield _of_case(path)
        return
    limits = Limits()
    try:
        with path.open("rb") as file:
            if problem := directory_problem(file, file.seek(0, os.SEEK_END), limits):
                raise ConfigError(f"{path} {problem}", hint="prove it first: escalate verify ZIP")
            with _zip(file, path) as archive:
                yield _of_bundle(path, archive)
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror}", hint="name a case folder or a zip that can be read") from error


@contextlib.contextmanager
def _zip(file: BinaryIO, path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise ConfigError(f"{path} is neither a case folder nor a zip", hint="name one of both, twice") from error
    with archive:
        yield archive


def _of_case(path: Path) -> Compared:
    case = Case.open(path)
    redaction = case.read(RedactionDocument)
    title = case.read(Ticket).title if case.has(Ticket) else case.document.id
    small = {item.path for item in redaction.items if isinstance(item, Sealed) and item.packed is None}

    def config(name: str) -> bytes | None:
        place = case.path(Room.REDACTED, name)
        if name not in small or not place.is_file() or place.stat().st_size > MAX_CONFIG:
            return None
        return place.read_bytes()

    return Compared(
        side=diff.Side(name=str(path), case_id=case.document.id, title=title, what="case"),
        findings=case.read_sealed(FindingsDocument),
        questions=case.read_sealed(QuestionsDocument),
        exclusions=case.read_sealed(ExclusionsDocument),
        evidence=_items(redaction),
        config=config,
    )


def _of_bundle(path: Path, archive: zipfile.ZipFile) -> Compared:
    manifest = _need(archive, places.MANIFEST, Manifest, path)
    summary = _need(archive, places.SUMMARY, Summary, path)
    redaction = _maybe(archive, places.REDACTION_REPORT, RedactionDocument, path)
    notes = []
    if redaction is not None:
        evidence = _items(redaction)
    else:
        evidence = {
            entry.path: Item(entry.size, entry.sha256, None, withheld=False)
            for entry in manifest.entries
            if entry.role == "evidence"
        }
        notes.append(f"{path.name} lists no paths: files are compared by their names in the zip")
    members = {entry.artifact: entry.path for entry in manifest.entries if entry.role == "evidence"}
    artifacts = {item.path: item.artifact for item in redaction.items} if redaction else {}

    def config(name: str) -> bytes | None:
        member = members.get(artifacts[name], "") if name in artifacts else ""
        return _bytes(archive, member, MAX_CONFIG)

    return Compared(
        side=diff.Side(name=str(path), case_id=manifest.case_id, title=summary.title, what="bundle"),
        findings=_need(archive, places.FINDINGS, FindingsDocument, path),
        questions=_need(archive, places.QUESTIONS, QuestionsDocument, path),
        exclusions=_need(archive, places.EXCLUSIONS, ExclusionsDocument, path),
        evidence=evidence,
        config=config,
        notes=tuple(notes),
    )


def _items(redaction: RedactionDocument) -> dict[str, Item]:
    return {
        item.path: Item(item.size, item.sha256, item.kind, isinstance(item, Withheld))
        for item in redaction.items
        if item.path.split("/")[0] not in RESERVED_BELOW_REDACTED
    }


def _need(archive: zipfile.ZipFile, name: str, kind: type[D], path: Path) -> D:
    document = _maybe(archive, name, kind, path)
    if document is None:
        raise ConfigError(
            f"{path} holds no {name}",
            hint="of a split bundle name part 1, of a very small kit the full zip; or prove it: escalate verify ZIP",
        )
    return document


def _maybe(archive: zipfile.ZipFile, name: str, kind: type[D], path: Path) -> D | None:
    data = _bytes(archive, name, Limits().document)
    if data is None:
        return None
    try:
        return parse_document(kind, data, where=f"{path}: {name}")
    except DocumentError as error:
        raise ConfigError(error.message, hint="prove it first: escalate verify ZIP") from error


def _bytes(archive: zipfile.ZipFile, name: str, limit: int) -> bytes | None:
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except (*BROKEN, KeyError):
        return None
    return data if len(data) <= limit else None
