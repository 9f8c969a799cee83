"""Opens, locks and writes a case folder: temporary name, fsync, rename; 0700 and 0600."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeVar

from filelock import FileLock, Timeout

from escalate.case.journal import Journal
from escalate.case.layout import DOCUMENT_PATHS, JOURNAL, LOCK, SEALED_PATHS, Room
from escalate.errors import CaseError, DocumentError
from escalate.model.artifact import EvidenceDocument
from escalate.model.base import CaseId, Document, parse_document
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

D = TypeVar("D", bound=Document)


def new_case_id(now: datetime) -> CaseId:
    """An id that sorts by time and is safe in file and ticket names: `esc-20260404-055845-3f9a1c`."""
    return CaseId(f"esc-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")


def safe_relative(name: str | PurePosixPath) -> PurePosixPath:
    """A path that stays inside its folder.

    Raises:
        CaseError: absolute, empty, or with `..`, NUL, backslash or drive letter.
    """
    path = PurePosixPath(name)
    bad = (
        path.is_absolute() or not path.parts or any(part == ".." or "\0" in part or "\\" in part for part in path.parts)
    )
    if bad or path.parts[0].endswith(":"):
        raise CaseError(
            f"{str(name)!r} does not stay inside the case folder",
            hint="report this name; nothing was written",
        )
    return path


class Case:
    """One case folder, open for work."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.journal = Journal(root / JOURNAL)

    @classmethod
    def create(cls, root: Path, document: CaseDocument) -> Case:
        """Make the folder and write case.json; an existing case in it is refused."""
        case = cls(root)
        if (root / DOCUMENT_PATHS[CaseDocument]).exists():
            raise CaseError(f"{root} already holds a case", hint="use it with --case, or name another folder")
        make_directory(root)
        case.write(document)
        return case

    @classmethod
    def open(cls, root: Path) -> Case:
        """Open an existing case.

        Raises:
            CaseError: there is none.
        """
        if not (root / DOCUMENT_PATHS[CaseDocument]).is_file():
            raise CaseError(f"{root} holds no case", hint="start one with: escalate build TARGET --case DIR")
        return cls(root)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the case alone; a second run on it is refused. Leftovers of a killed run are cleared.

        Raises:
            CaseError: another run holds it.
        """
        lock = FileLock(self.root / LOCK, timeout=0, mode=FILE_MODE)
        try:
            lock.acquire()
        except Timeout as error:
            raise CaseError(
                f"another run is working on {self.root}",
                hint="wait for it to end, or name another folder with --case",
            ) from error
        try:
            shutil.rmtree(self.root / Room.SCRATCH, ignore_errors=True)
            yield
        finally:
            shutil.rmtree(self.root / Room.SCRATCH, ignore_errors=True)
            lock.release()

    @property
    def document(self) -> CaseDocument:
        """case.json."""
        return self.read(CaseDocument)

    @property
    def incident(self) -> Incident:
        """What the user wrote, with what the target told of itself where they wrote nothing."""
        incident = self.document.incident
        if not self.has(EvidenceDocument):
            return incident
        known = self.read(EvidenceDocument).facts
        return incident.model_copy(update={"target": incident.target.completed_by(known)})

    @property
    def completed(self) -> CaseDocument:
        """case.json with that incident: what redaction learns from, and what it seals."""
        return self.document.model_copy(update={"incident": self.incident})

    def path(self, room: Room, relative: str | PurePosixPath | None = None) -> Path:
        """Where something stands; checks that it stays inside."""
        base = self.root / room
        return base if relative is None else base.joinpath(*safe_relative(relative).parts)

    def has(self, kind: type[Document]) -> bool:
        """Whether that document was written."""
        return (self.root / DOCUMENT_PATHS[kind]).is_file()

    def has_sealed(self, kind: type[Document]) -> bool:
        """Whether redaction wrote a copy of that document."""
        return self.path(Room.REDACTED, SEALED_PATHS[kind]).is_file()

    def read(self, kind: type[D]) -> D:
        """Read a document of the case.

        Raises:
            CaseError: the stage that writes it has not run.
            DocumentError: unreadable, or of an unknown version.
        """
        return parse_document(kind, self.read_bytes(kind), where=str(self.root / DOCUMENT_PATHS[kind]))

    def read_sealed(self, kind: type[D]) -> D:
        """Read the redacted copy of a document; the only form that draft and bundle may read.

        Raises:
            CaseError: redaction has not run, or the copy does not fit its schema.
        """
        place = self.path(Room.REDACTED, SEALED_PATHS[kind])
        try:
            data = place.read_bytes()
        except FileNotFoundError as error:
            raise DocumentError(f"{place} is not there yet", hint="run: escalate redact --case DIR") from error
        return parse_document(kind, data, where=str(place))

    def read_bytes(self, kind: type[Document]) -> bytes:
        """The document as it stands on disk."""
        place = self.root / DOCUMENT_PATHS[kind]
        try:
            return place.read_bytes()
        except FileNotFoundError as error:
            raise DocumentError(
                f"{place} is not there yet",
                hint=f"run the stage that writes {place.name} first: escalate build --case DIR",
            ) from error

    def write(self, document: Document) -> None:
        """Write a document in its place, whole or not at all."""
        with self._atomic(self.root / DOCUMENT_PATHS[type(document)]) as handle:
            handle.write(document.to_json())

    @contextlib.contextmanager
    def new_file(self, room: Room, relative: str | PurePosixPath) -> Iterator[BinaryIO]:
        """Write a file of a room, whole or not at all."""
        with self._atomic(self.path(room, relative)) as handle:
            yield handle

    def replace_journal(self, lines: bytes) -> None:
        """Put a redacted record of the run in the place of the raw one, whole or not at all."""
        with self._atomic(self.root / JOURNAL) as handle:
            handle.write(lines)

    def adopt(self, room: Room, relative: str | PurePosixPath, made: Path) -> Path:
        """Move a file that another program wrote (into `scratch`) to its place."""
        place = self.path(room, relative)
        make_directory(place.parent)
        made.chmod(FILE_MODE)
        with made.open("rb") as handle:
            os.fsync(handle.fileno())
        made.replace(place)
        _sync_directory(place.parent)
        return place

    def scratch(self, name: str) -> Path:
        """A private, empty folder for half-made files; gone when the lock is released, or taken after a kill."""
        folder = self.path(Room.SCRATCH, name)
        shutil.rmtree(folder, ignore_errors=True)
        make_directory(folder)
        return folder

    @contextlib.contextmanager
    def scratch_file(self) -> Iterator[BinaryIO]:
        """A private file for half-made things, removed at the end."""
        make_directory(self.root / Room.SCRATCH)
        temporary = self.root / Room.SCRATCH / f"{secrets.token_hex(8)}.part"
        temporary.touch(FILE_MODE, exist_ok=False)
        try:
            with temporary.open("r+b") as handle:
                yield handle
        finally:
            temporary.unlink(missing_ok=True)

    def clear(self, room: Room) -> None:
        """Empty a room before its stage writes it anew."""
        shutil.rmtree(self.root / room, ignore_errors=True)
        make_directory(self.root / room)

    def digest(self, kinds: Iterable[type[Document]], *extra: str) -> str:
        """SHA-256 over documents and words: the name of a stage's inputs."""
        hasher = hashlib.sha256()
        for kind in kinds:
            hasher.update(hashlib.sha256(self.read_bytes(kind)).digest())
        for word in extra:
            hasher.update(hashlib.sha256(word.encode()).digest())
        return hasher.hexdigest()

    @contextlib.contextmanager
    def _atomic(self, place: Path) -> Iterator[BinaryIO]:
        make_directory(place.parent)
        with self.scratch_file() as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
            handle.close()
            Path(handle.name).replace(place)
            _sync_directory(place.parent)


def make_directory(folder: Path) -> None:
    """Make a folder and its missing parents, each 0700."""
    if folder.is_dir():
        return
    make_directory(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=DIRECTORY_MODE)


def _sync_directory(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
