"""One artifact becomes Sealed or Withheld: here, or in the worker of a crew."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from escalate.case.layout import Room
from escalate.case.packed import CHUNK, PACKED_FROM, SUFFIX, PackingSink
from escalate.case.store import Case
from escalate.errors import EscalateError
from escalate.model.artifact import Artifact
from escalate.model.kind import Kind
from escalate.model.redaction import Ledger, Packed, Sealed, SlimTwin, Withheld
from escalate.redact.documents import GUESSABLE
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import FAILURES, CannotRedact, Handler, WritesInOrder, handler_of
from escalate.redact.opaque import AS_IT_IS, may_hold
from escalate.redact.rules import EngineInputs
from escalate.redact.slim import has_slim_form, slim_path, slim_twin

_KEPT_HERE = (
    "It stays in the case folder under evidence/. If support asks for it, look at what it holds and hand it over "
    "through the support workspace yourself."
)
_INSTEAD: Mapping[Kind, str] = {
    Kind.HPROF: "A class histogram (--include histogram) names classes and counts without contents. " + _KEPT_HERE,
    Kind.MINIDUMP: "A dump with stacks only (procdump -mm, DOTNET_DbgMiniDumpType=3) holds far less. " + _KEPT_HERE,
    Kind.ELF_CORE: "The stacks of all threads (gdb -batch -ex 'thread apply all bt') say most of it. " + _KEPT_HERE,
    Kind.KERNEL_DUMP: "What it stopped at stands in its .check.json; crash (bt -a) or !analyze -v tell more. "
    + _KEPT_HERE,
    Kind.PCAP: "tshark -q -z conv,tcp -r FILE prints who talked to whom without any content. " + _KEPT_HERE,
    Kind.ARCHIVE: "Unpack it and name the folder as target: what is in it is then redacted file by file. " + _KEPT_HERE,
}


@dataclass(frozen=True)
class SealTask:
    """All that a worker is told of one artifact."""

    inputs: EngineInputs
    root: str
    artifact: Artifact
    path: str
    as_it_is: bool = False


@dataclass(frozen=True)
class Done:
    """What a worker answers: the item, and the names it met for the first time."""

    item: Sealed | Withheld
    names: tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=1)
def _engine_of(inputs: EngineInputs) -> Engine:
    """Built once in each worker."""
    return Engine(inputs)


def work(task: SealTask) -> Done:
    """Seal or withhold one artifact in a worker."""
    engine = _engine_of(task.inputs)
    item = seal(Case(Path(task.root)), engine, task.artifact, task.path, lambda _: None, as_it_is=task.as_it_is)
    return Done(item, engine.names.take_new())


def seal(
    case: Case,
    engine: Engine,
    artifact: Artifact,
    path: str,
    advance: Callable[[int], None],
    *,
    as_it_is: bool = False,
) -> Sealed | Withheld:
    """Make the file below `redacted/`, or say why there is none. `advance` is told each byte read or proved."""
    handler: Handler | None = AS_IT_IS if as_it_is else handler_of(artifact.kind)
    if handler is None:
        return withheld(engine, artifact, path, f"a {artifact.kind} file cannot be redacted: {may_hold(artifact.kind)}")
    try:
        item = _sealed(case, engine, artifact, path, handler, advance)
    except FAILURES as error:
        return withheld(engine, artifact, path, _reason(error))
    return item if as_it_is else _with_twin(case, engine, artifact, item)


def _with_twin(case: Case, engine: Engine, artifact: Artifact, item: Sealed) -> Sealed:
    """The same item, with the slim twin of a large dump beside it, or the reason why there is none."""
    if not has_slim_form(artifact.kind, artifact.size):
        return item
    path = slim_path(item.path, artifact.kind)
    try:
        with case.scratch_file() as half_made, case.new_file(Room.REDACTED, path) as sink:
            source = case.path(Room.EVIDENCE, artifact.path)
            ledger = slim_twin(source, artifact.kind, half_made, sink, engine)
        size, sha256 = _measured(case.path(Room.REDACTED, path))
    except FAILURES as error:
        return item.model_copy(update={"no_slim": engine.redact_text(_reason(error))})
    note = f"slim form of {item.artifact}: stacks and modules only; stack words that are no pointers read 0x0defaced"
    twin = SlimTwin(path=path, kind=item.kind, size=size, sha256=sha256, note=note, ledger=ledger)
    return item.model_copy(update={"slim": twin})


def _measured(made: Path) -> tuple[int, str]:
    with made.open("rb") as handle:
        return made.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    """What a person is told of a failure: never a path or value that it may quote."""
    if isinstance(error, CannotRedact):
        return str(error)
    if isinstance(error, EscalateError):
        return error.message
    if isinstance(error, UnicodeDecodeError):
        return f"it is not valid {error.encoding}"
    if isinstance(error, UnicodeError):
        return "it is not valid text"
    return f"reading or redacting it failed: {_plain(error)}"


def _plain(error: Exception) -> str:
    """An error without the path or value it may quote."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _sealed(
    case: Case, engine: Engine, artifact: Artifact, path: str, handler: Handler, advance: Callable[[int], None]
) -> Sealed:
    source = case.path(Room.EVIDENCE, artifact.path)
    if artifact.size >= PACKED_FROM:
        ledger, size, sha256, packed = _packed(case, engine, source, path, handler, advance)
    else:
        with case.new_file(Room.REDACTED, path) as sink:
            ledger = handler.redact(source, sink, engine, advance)
        size, sha256 = _measured(case.path(Room.REDACTED, path))
        packed = None
    return Sealed(
        artifact=artifact.id,
        path=path,
        kind=artifact.kind,
        size=size,
        sha256=sha256,
        original_sha256=artifact.sha256 if artifact.size >= GUESSABLE else None,
        origin=engine.redact_text(artifact.origin),
        site=_maybe(engine, artifact.site),
        instance=_maybe(engine, artifact.instance),
        pid=artifact.pid,
        captured_at=artifact.captured_at,
        packed=packed,
        ledger=ledger,
    )


def _packed(
    case: Case, engine: Engine, source: Path, path: str, handler: Handler, advance: Callable[[int], None]
) -> tuple[Ledger, int, str, Packed]:
    """Redact a large file; it never stands on disk unpacked where its handler can write it in order."""
    with case.new_file(Room.REDACTED, path + SUFFIX) as out:
        sink = PackingSink(out)
        ledger = handler.in_order(source, sink, engine, advance) if isinstance(handler, WritesInOrder) else None
        if ledger is None:
            with case.scratch_file() as made:
                ledger = handler.redact(source, made, engine, advance)
                made.flush()
                made.seek(0)
                while data := made.read(CHUNK):
                    sink.write(data)
        sha256, packed = sink.finish()
        return ledger, sink.size, sha256, packed


def withheld(engine: Engine, artifact: Artifact, path: str, reason: str) -> Withheld:
    """The description that stands in the place of an artifact that stays."""
    return Withheld(
        artifact=artifact.id,
        path=path,
        kind=artifact.kind,
        size=artifact.size,
        sha256=artifact.sha256 if artifact.size >= GUESSABLE else None,
        origin=engine.redact_text(artifact.origin),
        site=_maybe(engine, artifact.site),
        instance=_maybe(engine, artifact.instance),
        pid=artifact.pid,
        captured_at=artifact.captured_at,
        reason=engine.redact_text(reason),
        how_to_get=_INSTEAD.get(artifact.kind, _KEPT_HERE),
    )


def _maybe(engine: Engine, text: str | None) -> str | None:
    return None if text is None else engine.redact_text(text)
