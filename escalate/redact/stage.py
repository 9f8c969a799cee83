"""The stage: every artifact becomes Sealed or Withheld, and our own documents become copies that may leave."""

from __future__ import annotations

import difflib
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

import escalate
from escalate.case import private
from escalate.case.layout import SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.portion import Portion
from escalate.case.store import Case
from escalate.errors import EscalateError, UsageError
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.kind import Kind
from escalate.model.observer import Observer
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import Ledger, RedactionDocument, Sealed, Withheld
from escalate.model.timeline import TimelineDocument
from escalate.redact.documents import GUESSABLE, Sealer, small_hashes
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.keep import keep_list
from escalate.redact.known import LEARNED, add_learned
from escalate.redact.learn import learn
from escalate.redact.paths import redacted_paths

NAME = "redact"
READS = (
    EvidenceDocument,
    FindingsDocument,
    QuestionsDocument,
    ExclusionsDocument,
    TimelineDocument,
    CaseDocument,
    Plan,
)
SEALED_STAGES = ("plan", "collect", "triage")
"""Whose journal leaves: what was done to the app, and nothing of what was done to the evidence."""

ON_REQUEST = "you asked for it to be withheld"

_KEPT_HERE = (
    "It stays in the case folder under evidence/. If support asks for it, look at what it holds and hand it over "
    "through the support workspace yourself."
)
_INSTEAD: Mapping[Kind, str] = {
    Kind.HPROF: "A class histogram (--include histogram) names classes and counts without contents. " + _KEPT_HERE,
    Kind.MINIDUMP: "A dump with stacks only (procdump -mm, DOTNET_DbgMiniDumpType=3) holds far less. " + _KEPT_HERE,
    Kind.ELF_CORE: "The stacks of all threads (gdb -batch -ex 'thread apply all bt') say most of it. " + _KEPT_HERE,
    Kind.PCAP: "tshark -q -z conv,tcp -r FILE prints who talked to whom without any content. " + _KEPT_HERE,
    Kind.ARCHIVE: "Unpack it and name the folder as target: what is in it is then redacted file by file. " + _KEPT_HERE,
}
_Item = TypeAdapter[Sealed | Withheld](Sealed | Withheld)


def inputs(case: Case) -> str:
    """Digest of all that this stage reads; what it learns itself is no input, or it would never be done."""
    collected = sorted(value for value, name in private.known_values(case).items() if not name.startswith(LEARNED))
    known = hmac.new(private.case_key(case), json.dumps(collected).encode(), hashlib.sha256).hexdigest()
    return case.digest(READS, escalate.__version__, known)


def run(case: Case, observer: Observer, withhold: Collection[str] = ()) -> RedactionDocument:
    """Redact the case; goes on where a killed run ended.

    `withhold` names files that stay behind whatever could be made of them, by their path below `evidence/` or
    `redacted/`; so do those that an earlier run was told to withhold.

    Raises:
        CaseError: a stage before this one has not run.
        UsageError: no artifact has such a path.
    """
    digest = inputs(case)
    done = case.journal.begin(NAME, digest)
    if not done:
        case.clear(Room.REDACTED)
    evidence = case.read(EvidenceDocument)
    made_of, learned = learn(case, evidence, observer)
    add_learned(case, learned)
    engine = Engine(made_of)
    paths = redacted_paths(engine, (artifact.path for artifact in evidence.artifacts))
    kept_back = _kept_back(case, paths, withhold)
    items: list[Sealed | Withheld] = []
    with observer.task("redacting and proving", sum(2 * artifact.size for artifact in evidence.artifacts)) as task:
        for artifact in evidence.artifacts:
            portion = Portion(task, 2 * artifact.size)
            path = paths[artifact.path]
            item = None if path in kept_back else _earlier(case, done.get(artifact.id), path)
            if item is None:
                if path in kept_back:
                    item = _withheld(engine, artifact, path, ON_REQUEST)
                else:
                    item = _one(case, engine, artifact, path, portion)
                _save_names(case, engine)
                case.journal.step(NAME, artifact.id, item.model_dump(mode="json"))
            items.append(item)
            portion.finish()
    _seal_documents(case, engine, paths, items)
    _save_names(case, engine)
    document = RedactionDocument(
        case_id=case.document.id,
        items=tuple(items),
        totals=_totals(items),
        keep_list=keep_list(),
        known_values=len(made_of.known_values),
    )
    case.write(document)
    case.journal.end(NAME, digest)
    return document


def _kept_back(case: Case, paths: Mapping[str, str], withhold: Collection[str]) -> frozenset[str]:
    """Redacted paths of what a person wants to stay behind, now or at an earlier run."""
    earlier = case.read(RedactionDocument).items if case.has(RedactionDocument) else ()
    kept = {item.path for item in earlier if isinstance(item, Withheld) and item.reason == ON_REQUEST}
    for name in withhold:
        path = paths.get(name, name)
        if path not in paths.values():
            close = difflib.get_close_matches(name, paths.values(), n=1)
            raise UsageError(
                f"no artifact is called {name!r}",
                hint=f"did you mean {close[0]}?" if close else "the paths stand in redaction.json",
            )
        kept.add(path)
    return frozenset(kept)


def _earlier(case: Case, result: Any, path: str) -> Sealed | Withheld | None:
    """What a killed run made of an artifact, if its file is really there."""
    if result is None:
        return None
    try:
        item = _Item.validate_python(result)
    except ValidationError:
        return None
    if item.path != path:
        return None
    if isinstance(item, Sealed):
        place = case.path(Room.REDACTED, item.path)
        if not place.is_file() or place.stat().st_size != item.size:
            return None
    return item


def _one(case: Case, engine: Engine, artifact: Artifact, path: str, portion: Portion) -> Sealed | Withheld:
    handler = handler_of(artifact.kind)
    if handler is None:
        return _withheld(engine, artifact, path, f"a {artifact.kind} file cannot be redacted yet")
    try:
        with case.new_file(Room.REDACTED, path) as sink:
            ledger = handler.redact(case.path(Room.EVIDENCE, artifact.path), sink, engine, portion.advance)
        return _sealed(engine, artifact, path, ledger, case.path(Room.REDACTED, path))
    except CannotRedact as error:
        return _withheld(engine, artifact, path, str(error))
    except EscalateError as error:
        return _withheld(engine, artifact, path, error.message)
    except UnicodeError as error:
        return _withheld(
            engine,
            artifact,
            path,
            f"it is not valid {error.encoding}" if isinstance(error, UnicodeDecodeError) else "it is not valid text",
        )
    except (OSError, ValueError, LookupError, RecursionError, MemoryError) as error:
        return _withheld(engine, artifact, path, f"reading or redacting it failed: {_plain(error)}")


def _plain(error: Exception) -> str:
    """An error without the path or value it may quote."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _sealed(engine: Engine, artifact: Artifact, path: str, ledger: Ledger, made: Path) -> Sealed:
    with made.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    return Sealed(
        artifact=artifact.id,
        path=path,
        kind=artifact.kind,
        size=made.stat().st_size,
        sha256=sha256,
        original_sha256=artifact.sha256 if artifact.size >= GUESSABLE else None,
        origin=engine.redact_text(artifact.origin),
        site=_maybe(engine, artifact.site),
        instance=_maybe(engine, artifact.instance),
        pid=artifact.pid,
        captured_at=artifact.captured_at,
        ledger=ledger,
    )


def _withheld(engine: Engine, artifact: Artifact, path: str, reason: str) -> Withheld:
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


def _save_names(case: Case, engine: Engine) -> None:
    if engine.names.changed:
        private.write_map(case, engine.names.map)
        engine.names.changed = False


def _seal_documents(case: Case, engine: Engine, paths: Mapping[str, str], items: list[Sealed | Withheld]) -> None:
    sealed = {item.path: item for item in items if isinstance(item, Sealed)}
    sealer = Sealer(engine, paths, small_hashes(sealed))
    for kind, place in SEALED_PATHS.items():
        copy = sealer.seal(case.completed if kind is CaseDocument else case.read(kind))
        with case.new_file(Room.REDACTED, place) as handle:
            handle.write(copy.to_json())
    with case.new_file(Room.REDACTED, SEALED_JOURNAL) as handle:
        for event in case.journal.events():
            if event.get("stage") in SEALED_STAGES:
                handle.write(json.dumps(sealer.value(event), ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _totals(items: list[Sealed | Withheld]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Sealed):
            total.update(item.ledger.counts)
    return dict(sorted(total.items()))
