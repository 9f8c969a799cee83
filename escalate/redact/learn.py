"""Learns, before the first file is redacted: who and what is named in the case, and which secrets it gives away."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from escalate.case import private
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.case import CaseDocument
from escalate.model.kind import Kind
from escalate.model.observer import Observer
from escalate.model.target import LocalTarget, PathTarget
from escalate.redact.additions import added_rules, added_words
from escalate.redact.crew import Crew
from escalate.redact.handlers.encoding import encoding_of
from escalate.redact.handlers.registry import CannotRedact, handler_of
from escalate.redact.known import CONFIG_BYTES, Learned, Unsearched, searched
from escalate.redact.learn_detectors import ACCOUNT, HOME, OPTION, SERVER
from escalate.redact.learn_notes import Notes
from escalate.redact.learn_pieces import LearnTask, Search, found_in, matcher_of, tasks_of
from escalate.redact.names import Name, public_suffix, worth_masking
from escalate.redact.rules import EngineInputs, decoded_value, pseudonym_pairs
from escalate.redact.scan import Matcher, Pass
from escalate.redact.settings import options_of, settings_of
from escalate.redact.stop_list import why_not
from escalate.redact.users import local_users

_SETTINGS = (Kind.CONFIG, Kind.PLATFORM_LOG, Kind.SHELL_TRANSCRIPT, Kind.KUDU_PROCESS, Kind.NODE_REPORT)
_PARSED = (Kind.CONFIG, Kind.SHELL_TRANSCRIPT, Kind.KUDU_PROCESS, Kind.NODE_REPORT)
"""What is read as configuration as a whole."""
_PARSED_IF_CALLED = {
    Kind.JSON: re.compile(r"(?i)setting|environ|config|secret|credential|connectionstring|publish|compose|inspect"),
    Kind.XML: re.compile(r"(?i)config|setting|publish|credential"),
    Kind.TEXT: re.compile(
        r"(?i)\.(?:env|ini|properties|conf|cfg|toml|ya?ml|publishsettings|config)$|(?:^|/)\.env|environ"
    ),
    Kind.PROC_OTHER: re.compile(r"(?i)environ"),
}
"""The same if the path says so."""
_ADDRESS = re.compile(r"[0-9.]+")
_EMAIL_LOCAL = re.compile(r"[a-z]{2,}[._][a-z]{2,}[0-9]{0,4}")


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

    Returns what the engine is made of, and what was found here. Nothing is written but the key of the case.
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
    for artifact in evidence.artifacts:
        place = case.path(Room.EVIDENCE, artifact.path)
        # what cannot be read here cannot be redacted either, and is withheld then, with the reason
        with contextlib.suppress(OSError, ValueError, CannotRedact):
            if _is_parsed(artifact) and artifact.size <= CONFIG_BYTES:
                _learn_from_config(place, artifact.path, notes)
            if handler_of(artifact.kind) is not None:
                tasks += tasks_of(settings if artifact.kind in _SETTINGS else plain, place)
    with observer.task("learning names", len(tasks)) as task:
        results = map(found_in, tasks) if crew is None else crew.ordered(found_in, tasks)
        for piece, found in zip(tasks, results, strict=True):
            for label, value in found:
                _note_hit(label, value, notes, Path(piece.path).name)
            task.advance(1)


def _is_parsed(artifact: Artifact) -> bool:
    called = _PARSED_IF_CALLED.get(artifact.kind)
    return artifact.kind in _PARSED or (called is not None and called.search(artifact.path) is not None)


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
        _note_hit(hit.label, hit.value, notes, "case.json")


def _learn_from_config(path: Path, where: str, notes: Notes) -> None:
    data = path.read_bytes()
    text = data.decode(encoding_of(data) or "utf-8-sig", "replace")
    for setting in settings_of(text):
        notes.setting(setting, where)


def _note_hit(label: str, value: bytes, notes: Notes, where: str) -> None:
    text = decoded_value(value)
    if label == OPTION.id:
        for setting in options_of(f" -e {value.decode('utf-8', 'replace')}"):
            notes.setting(setting, where)
    elif label == HOME.id:
        notes.name(Name("user", text))
    elif label == "email":
        local = text.partition("@")[0].casefold()
        if _EMAIL_LOCAL.fullmatch(local):
            notes.name(Name("user", local))
    elif label == SERVER.id:
        if not _ADDRESS.fullmatch(text):  # addresses have pseudonyms of their own, which keep their networks
            notes.name(Name("host", text.casefold()))
    elif label == ACCOUNT.id:
        for service in ("blob", "file", "queue", "table"):
            notes.name(Name("host", f"{text}.{service}.core.windows.net"))
        if re.search(r"[0-9]", text) and len(text) >= 6 and not public_suffix(text):
            notes.name(Name("host", text))
    else:
        notes.value(text, label, where)
