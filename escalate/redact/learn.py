"""Learns, before the first file is redacted: who and what is named in the case, and which secrets it gives away."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from escalate.case import private
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.kind import Kind
from escalate.model.observer import Observer
from escalate.model.target import LocalTarget, PathTarget
from escalate.redact.additions import added_rules, added_words
from escalate.redact.crew import Crew
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.known import Learned, Unsearched, searched
from escalate.redact.learn_archive import ArchiveTask, notes_of
from escalate.redact.learn_config import SETTINGS, is_parsed, note_config
from escalate.redact.learn_hits import note_hit
from escalate.redact.learn_notes import Notes
from escalate.redact.learn_pieces import LearnTask, Search, found_in, matcher_of, tasks_of
from escalate.redact.names import Name, worth_masking
from escalate.redact.rules import EngineInputs, pseudonym_pairs
from escalate.redact.scan import Matcher, Pass
from escalate.redact.stop_list import why_not
from escalate.redact.users import local_users


def own_names(document: CaseDocument, evidence: EvidenceDocument) -> tuple[str, ...]:
    """What the site itself is called: never a secret, never a person."""
    facts = document.incident.target
    found = {*facts.instances, *facts.instance_ids, *facts.instance_ids.values(), *facts.sibling_apps}
    sites = set(facts.sibling_apps)
    if facts.resource_id:
        parts = facts.resource_id.strip("/").split("/")
        found |= {part for part in parts if len(part) > 2}
        sites |= {parts[place + 1] for place, part in enumerate(parts[:-1]) if part.casefold() in ("sites", "slots")}
    for worker in evidence.workers:
        found |= {worker.arm_id, *worker.infixes, *worker.containers}
        found |= {name for name in (worker.machine, worker.computer, worker.metric) if name}
    for artifact in evidence.artifacts:
        found |= {name for name in (artifact.site, artifact.instance) if name}
        sites |= {artifact.site} if artifact.site else set()
    found |= {f"{site}{suffix}" for site in sites for suffix in (".azurewebsites.net", ".scm.azurewebsites.net")}
    return tuple(sorted(found))


def searched_values(case: Case, evidence: EvidenceDocument) -> tuple[str, ...]:
    """The known secret values that are distinctive enough to be looked for everywhere; the verifier gets the same."""
    return searched(case, own_names(case.completed, evidence))


def learn(
    case: Case, evidence: EvidenceDocument, observer: Observer, key: bytes = b"", crew: Crew | None = None
) -> tuple[EngineInputs, Learned]:
    """Read everything once, before the first file is redacted; `key` stands in for that of the case (a dry run).

    Returns what the engine is made of, and what was found here. Nothing stays written but the key of the case.
    """
    document = case.completed
    own = own_names(document, evidence)
    key = key or private.case_key(case)
    notes = Notes(own=own)
    _learn_from_case(document, evidence, notes)
    _learn_from_evidence(case, evidence, key, notes, observer, crew)
    words = added_words(case)
    asked = {word.text.casefold() for word in words}
    inputs = EngineInputs(
        key=key,
        known_values=tuple(sorted({*searched(case, own), *notes.values})),
        names=(*words, *(name for name in worth_masking(notes.names, own) if name.text.casefold() not in asked)),
        own_names=own,
        pseudonyms=pseudonym_pairs(private.read_map(case)),
        own_rules=added_rules(case),
    )
    for value, name in private.known_values(case).items():
        reason = why_not(value, own, asked=name.startswith(private.ASKED))
        if reason is not None:
            notes.skip(name, reason)
    unsearched = tuple(Unsearched(name, reason) for name, reason in sorted(notes.unsearched.items()))
    return inputs, Learned(notes.values, unsearched)


def _learn_from_evidence(
    case: Case, evidence: EvidenceDocument, key: bytes, notes: Notes, observer: Observer, crew: Crew | None
) -> None:
    plain, settings = Search(key, notes.own, settings=False), Search(key, notes.own, settings=True)
    _learn_from_texts(_texts(case.completed, evidence), matcher_of(plain), notes)
    tasks: list[LearnTask] = []
    archives: list[ArchiveTask] = []
    scratch = str(case.scratch("learning").resolve())
    for artifact in evidence.artifacts:
        place = case.path(Room.EVIDENCE, artifact.path)
        # what cannot be read here cannot be redacted either, and is withheld then, with the reason
        with contextlib.suppress(OSError, ValueError, CannotRedact):
            if is_parsed(artifact.kind, artifact.path, artifact.size):
                note_config(place, artifact.path, notes)
            if artifact.kind is Kind.ARCHIVE:
                archives.append(ArchiveTask(plain, settings, str(place.resolve()), artifact.path, scratch))
            elif handler_of(artifact.kind) is not None:
                tasks += tasks_of(settings if artifact.kind in SETTINGS else plain, place)
    with observer.task("learning names", len(tasks) + len(archives)) as task:
        results = map(found_in, tasks) if crew is None else crew.ordered(found_in, tasks)
        for piece, found in zip(tasks, results, strict=True):
            for label, value in found:
                note_hit(label, value, notes, Path(piece.path).name)
            task.advance(1)
        for inside in map(notes_of, archives) if crew is None else crew.ordered(notes_of, archives):
            notes.merge(inside)
            task.advance(1)


def _learn_from_case(document: CaseDocument, evidence: EvidenceDocument, notes: Notes) -> None:
    contact = document.incident.contact
    both = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    for text in (both, contact.first_name, contact.last_name):
        if text:
            notes.name(Name("person", text))
    if contact.email:
        notes.name(Name("user", contact.email.partition("@")[0]))
    if contact.phone:
        notes.name(Name("phone", contact.phone))
        notes.name(Name("phone", re.sub(r"[^\d+]", "", contact.phone)))
    if isinstance(evidence.target, LocalTarget):
        for user in local_users():
            notes.name(Name("user", user))


def _texts(document: CaseDocument, evidence: EvidenceDocument) -> Iterator[str]:
    incident = document.incident
    yield from (incident.title, incident.symptom, incident.impact)
    for target in (document.target, evidence.target):
        if isinstance(target, PathTarget):
            yield target.path + "/"
        elif isinstance(target, LocalTarget):
            yield from target.logs
    for artifact in evidence.artifacts:
        yield f"/{artifact.path}\n{artifact.origin}"


def _learn_from_texts(texts: Iterator[str], matcher: Matcher, notes: Notes) -> None:
    scan = Pass(matcher)
    scan.found = []
    for text in texts:
        scan.feed(text.encode("utf-8", "surrogatepass") + b"\n")
    scan.finish()
    for hit in scan.found:
        note_hit(hit.label, hit.value, notes, "case.json")
