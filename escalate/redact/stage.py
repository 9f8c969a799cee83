"""The stage: every artifact becomes Sealed or Withheld, and our own documents become copies that may leave."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import escalate
from escalate.case import private
from escalate.case.layout import LATER_DOCUMENTS, SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.base import Document
from escalate.model.case import CaseDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.observer import Observer, Task
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument, Sealed, Withheld
from escalate.model.timeline import TimelineDocument
from escalate.redact.additions import added
from escalate.redact.canary import untrusted
from escalate.redact.choices import choices
from escalate.redact.documents import Sealer, small_hashes
from escalate.redact.engine import Engine
from escalate.redact.handlers.registry import suffix_of_kind
from escalate.redact.keep import keep_list
from escalate.redact.known import LEARNED, add_learned
from escalate.redact.learn import learn
from escalate.redact.paths import redacted_paths
from escalate.redact.stop_list import stop_list
from escalate.redact.team import hired
from escalate.redact.unsearched import unsearched
from escalate.redact.wishes import RedactionWishes
from escalate.redact.work import Work

NAME = "redact"
READS: tuple[type[Document], ...] = (
    EvidenceDocument,
    FindingsDocument,
    QuestionsDocument,
    ExclusionsDocument,
    DifferentialDocument,
    TimelineDocument,
    CaseDocument,
    Plan,
)
SEALED_STAGES = ("plan", "collect", "triage")
"""Whose journal leaves: what was done to the app, and nothing of what was done to the evidence."""

_NO_WISHES = RedactionWishes()


def inputs(case: Case) -> str:
    """Digest of all that this stage reads; what it learns itself is no input, or it would never be done."""
    collected = sorted(value for value, name in private.known_values(case).items() if not name.startswith(LEARNED))
    known = _keyed(case, json.dumps(collected))
    reads = [kind for kind in READS if _is_there(case, kind)]
    return case.digest(reads, escalate.__version__, known, _keyed(case, added(case)))


def _is_there(case: Case, kind: type[Document]) -> bool:
    """A document that this case must have, or has although it need not."""
    return kind not in LATER_DOCUMENTS or case.has(kind)


def _keyed(case: Case, text: str) -> str:
    """A hash from which nothing follows without the key of the case."""
    return hmac.new(private.case_key(case), text.encode(), hashlib.sha256).hexdigest()


def run(
    case: Case, observer: Observer, wishes: RedactionWishes = _NO_WISHES, executor: Executor | None = None
) -> RedactionDocument:
    """Redact the case; goes on where a killed run ended.

    Files that an earlier run was told to withhold, or to let go as they are, stay so. `executor` does the work
    instead of processes of this machine; its workers must see the case folder under the same path.

    Raises:
        CaseError: a stage before this one has not run.
        UsageError: no artifact has a path that a wish names, or its kind needs no such wish.
    """
    digest = inputs(case)
    done = case.journal.begin(NAME, digest)
    if wishes.national_ids:
        done = {}  # a killed run may not have looked for them
    if not done:
        case.clear(Room.REDACTED)
    evidence = case.read(EvidenceDocument)
    size = sum(artifact.size for artifact in evidence.artifacts)
    with hired(executor, wishes.workers, size) as crew:
        made_of, learned = learn(case, evidence, observer, crew=crew)
        add_learned(case, learned)
        asked = replace(made_of, heap_values=wishes.heap == "keep-values", national_ids=wishes.national_ids)
        engine = Engine(asked)
        paths = redacted_paths(engine, {one.path: suffix_of_kind(one.kind) for one in evidence.artifacts})
        samples = ((one.kind, case.path(Room.EVIDENCE, one.path)) for one in evidence.artifacts)
        doubted = untrusted(engine, samples, case.scratch("canaries"))
        work = Work(case, engine, paths, choices(case, evidence, paths, wishes), crew, doubted)
        with observer.task("redacting and proving", 2 * size) as task:
            items = {item.artifact: item for item in _each(work, evidence, done, task)}
    ordered = [items[artifact.id] for artifact in evidence.artifacts]
    _seal_documents(case, engine, paths, ordered)
    _save_names(case, engine)
    document = RedactionDocument(
        case_id=case.document.id,
        items=tuple(ordered),
        totals=_totals(ordered),
        keep_list=(*keep_list(), *stop_list()),
        known_values=len(made_of.known_values),
        unsearched=unsearched(engine, learned),
    )
    case.write(document)
    case.journal.end(NAME, digest)
    return document


def _each(work: Work, evidence: EvidenceDocument, done: Mapping[str, Any], task: Task) -> Iterator[Sealed | Withheld]:
    """Every item, as soon as it is there; what a killed run had made is not made again."""
    waiting: list[Artifact] = []
    for artifact in evidence.artifacts:
        item = work.earlier(artifact, done.get(artifact.id))
        if item is None:
            waiting.append(artifact)
        else:
            task.advance(2 * artifact.size)
            yield item
    for artifact, item in work.results(waiting, task):
        _save_names(work.case, work.engine)
        work.case.journal.step(NAME, artifact.id, item.model_dump(mode="json"))
        yield item


def _save_names(case: Case, engine: Engine) -> None:
    if engine.names.changed:
        private.write_map(case, engine.names.map)
        engine.names.changed = False


def _seal_documents(case: Case, engine: Engine, paths: Mapping[str, str], items: Sequence[Sealed | Withheld]) -> None:
    sealed = {item.path: item for item in items if isinstance(item, Sealed)}
    sealer = Sealer(engine, paths, small_hashes(sealed))
    for kind, place in SEALED_PATHS.items():
        if not _is_there(case, kind):
            continue
        copy = sealer.seal(case.completed if kind is CaseDocument else case.read(kind))
        with case.new_file(Room.REDACTED, place) as handle:
            handle.write(copy.to_json())
    with case.new_file(Room.REDACTED, SEALED_JOURNAL) as handle:
        for event in case.journal.events():
            if event.get("stage") in SEALED_STAGES:
                handle.write(json.dumps(sealer.value(event), ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _totals(items: Sequence[Sealed | Withheld]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Sealed):
            total.update(item.ledger.counts)
    return dict(sorted(total.items()))
