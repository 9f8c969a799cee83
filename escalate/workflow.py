"""The order of the stages: the only module that knows them all."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from escalate import __version__
from escalate.bundle import stage as bundle_stage
from escalate.bundle.places import evidence_names
from escalate.bundle.second_engine import SecondEngine
from escalate.bundle.verify_secrets import SecretScanner
from escalate.bundle.verify_set import verify_all
from escalate.bundle.wishes import BundleWishes
from escalate.case import custody
from escalate.case.store import Case, new_case_id
from escalate.collect import stage as collect_stage
from escalate.collect.azure_checks import Examination
from escalate.collect.plan import Wishes, make_plan
from escalate.collect.resolve import Sought, resolve
from escalate.collect.sign_in import Access
from escalate.collect.survey import survey, window_of
from escalate.collect.worst_worker import named
from escalate.draft import stage as draft_stage
from escalate.draft.wishes import DraftWishes
from escalate.errors import CaseError, ConfigError, RedactionRefused, TargetError
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident
from escalate.model.manifest import BundleDocument, VerificationSet
from escalate.model.observer import Observer
from escalate.model.plan import CatalogueEntry, Plan
from escalate.model.redaction import RedactionDocument
from escalate.model.resource_id import same_resource
from escalate.model.sign_in import SignIn
from escalate.model.survey import Survey
from escalate.model.target import AzureTarget, Target
from escalate.redact import stage as redact_stage
from escalate.redact.additions import Additions
from escalate.redact.learn import searched_values
from escalate.redact.translate import encode
from escalate.redact.wishes import RedactionWishes
from escalate.triage import stage as triage_stage


@dataclass(frozen=True)
class _Stage:
    is_done: Callable[[], bool]
    """Over its present inputs."""
    run: Callable[[], object]


def open_case(
    folder: Path | None, cases: Path, target: Target, incident: Incident, *, now: datetime | None = None
) -> tuple[Case, bool]:
    """The case to work on, and whether it is new.

    `folder` is the user's `--case`; without it a new folder below `cases` is made. A folder that holds a case of the
    same target is continued.

    Raises:
        CaseError: the folder holds a case about something else.
    """
    created = (now or datetime.now(UTC)).replace(microsecond=0)
    case_id = new_case_id(created)
    root = folder or cases / case_id
    if folder is not None and (folder / "case.json").is_file():
        case = Case.open(folder)
        _same_matter(case, target, incident)
        return case, False
    if folder is not None and folder.is_dir() and not _only_leftovers(folder):
        raise ConfigError(f"{folder} is not empty and holds no case", hint="name a new or empty folder with --case")
    return Case.create(root, _document(case_id, created, target, incident)), True


def _document(case_id: CaseId, created: datetime, target: Target, incident: Incident) -> CaseDocument:
    return CaseDocument(id=case_id, created_at=created, tool_version=__version__, target=target, incident=incident)


def _only_leftovers(folder: Path) -> bool:
    """A run killed before case.json was in place leaves nothing but the scratch room."""
    return all(entry.name in (".scratch", ".lock") for entry in folder.iterdir())


def _same_matter(case: Case, target: Target, incident: Incident) -> None:
    document = case.document
    if not _same_target(document.target, target):
        raise CaseError(
            f"{case.root} is a case about another target", hint="name another folder with --case, or the same target"
        )
    if incident != Incident() and document.incident != incident:
        raise CaseError(
            f"{case.root} was opened with another incident description",
            hint="a case keeps the description it began with: name another folder with --case",
        )


def _same_target(one: Target, other: Target) -> bool:
    """Whether they mean the same thing: the case of names in an ARM id, and the tenant, make no difference."""
    if isinstance(one, AzureTarget) and isinstance(other, AzureTarget):
        return same_resource(one.resource_id, other.resource_id) and one.cloud == other.cloud
    return one == other


def locate(sought: Sought, access: Access) -> AzureTarget:
    """Find an app that is known by name only.

    Raises:
        AccessError: no sign-in, or nothing can be read.
        TargetError: there is none of that name, or more than one.
    """
    found = resolve(access.session(sought.cloud, sought.tenant), sought)
    return AzureTarget(resource_id=str(found), cloud=sought.cloud, tenant=sought.tenant)


def plan(
    case: Case, wishes: Wishes, observer: Observer, access: Access | None = None, instance: str | None = None
) -> Plan:
    """Make the plan anew; of a target in Azure ARM is asked first. `instance` names the worker for intrusive steps.

    Raises:
        AccessError: the target is in Azure, and nobody is signed in or may read it.
        TargetError: the target, or the worker, does not exist.
    """
    with case.locked(), _signed_in(access, observer) as signed_in:
        observer.stage("plan")
        return make_plan(case, wishes, _survey(case, signed_in, instance))


def examine(target: AzureTarget, access: Access, catalogue: Sequence[CatalogueEntry]) -> Examination:
    """What doctor may ask about an app in Azure, after reading ARM.

    Raises:
        AccessError: nobody is signed in or may read it.
        TargetError: it does not exist.
    """
    session = access.of(target)
    return Examination(
        session=session,
        survey=survey(session, target, window_of(Incident())),
        sign_in=access.sign_in,
        catalogue=catalogue,
    )


@contextlib.contextmanager
def _signed_in(access: Access | None, observer: Observer) -> Iterator[Access]:
    """The caller's access, or one of the block's own in the usual way."""
    if access is not None:
        yield access
        return
    with Access(SignIn(), observer.note) as own:
        yield own


def _survey(case: Case, access: Access, instance: str | None) -> Survey | None:
    document = case.document
    if not isinstance(document.target, AzureTarget):
        return None
    facts = document.incident.target
    prefer = [*([instance] if instance else []), *facts.instances, *facts.instance_ids.values()]
    found = survey(access.of(document.target), document.target, window_of(document.incident), prefer)
    if instance is not None and named(found.workers, instance) is None:
        there = ", ".join(f"{worker.label} ({worker.arm_id[:6]})" for worker in found.workers) or "none"
        raise TargetError(f"no worker is called {instance!r}", hint=f"there are: {there}")
    return found


_NOTHING_ADDED = Additions()


def redact(
    case: Case,
    observer: Observer,
    wishes: RedactionWishes,
    additions: Additions = _NOTHING_ADDED,
    executor: Executor | None = None,
) -> None:
    """Redact again, as is wished now."""
    with case.locked():
        observer.stage(redact_stage.NAME)
        additions.save(case)
        redact_stage.run(case, observer, wishes, executor)
        _sealed(case)


def bundle(case: Case, observer: Observer, wishes: BundleWishes) -> BundleDocument:
    """Zip again, as is wished now."""
    with case.locked():
        observer.stage(bundle_stage.NAME)
        return bundle_stage.run(case, observer, _known(case), wishes)


def draft(case: Case, observer: Observer, wishes: DraftWishes) -> None:
    """Draft again, as is wished now.

    Raises:
        UsageError: a packet that does not exist.
        ConfigError: a template of the user's is broken.
    """
    with case.locked():
        observer.stage(draft_stage.NAME)
        draft_stage.run(case, observer, evidence_names, wishes)


def run_stage(
    case: Case, name: str, observer: Observer, rules: Sequence[Path] = (), access: Access | None = None
) -> None:
    """Run one stage again, whether or not its inputs changed.

    Raises:
        KeyError: no such stage.
    """
    with case.locked(), _signed_in(access, observer) as signed_in:
        observer.stage(name)
        _stages(case, rules, observer, signed_in)[name].run()


def build(
    case: Case,
    wishes: Wishes,
    observer: Observer,
    rules: Sequence[Path] = (),
    access: Access | None = None,
    instance: str | None = None,
    additions: Additions = _NOTHING_ADDED,
) -> BundleDocument:
    """Everything from the plan to the proved zips; what is already done over the same inputs is not repeated.

    A plan that stands is carried out as it is: the target is not surveyed again.
    """
    with case.locked(), _signed_in(access, observer) as signed_in:
        additions.save(case)
        if not case.has(Plan):
            observer.stage("plan")
            make_plan(case, wishes, _survey(case, signed_in, instance))
        for name, stage in _stages(case, rules, observer, signed_in).items():
            if not stage.is_done():
                observer.stage(name)
                stage.run()
        return case.read(BundleDocument)


def verify_archives(
    archives: Sequence[Path], case: Case | None, identity: Path | None, observer: Observer
) -> VerificationSet:
    """Prove finished zips; with the case at hand its known secret values are looked for as well."""
    return verify_all(archives, known=_known(case) if case else (), identity=identity, observer=observer)


def is_bundled(case: Case) -> bool:
    """Whether the zips, however they were wished, were made after everything they are made of."""
    if not case.has(BundleDocument):
        return False
    made = False
    for event in case.journal.events():
        if event.get("stage") in _BEFORE_THE_ZIPS and event["event"] == "begin":
            made = False
        elif event.get("stage") == bundle_stage.NAME and event["event"] in ("begin", "end"):
            made = event["event"] == "end"
    return made


_BEFORE_THE_ZIPS = frozenset({collect_stage.NAME, triage_stage.NAME, redact_stage.NAME, draft_stage.NAME})


def sayable(case: Case, words: str) -> str:
    """Words that a person typed, as they may be sent: names by their pseudonyms, secrets masked, then proved.

    Raises:
        RedactionRefused: the proof finds a secret.
    """
    said = encode(case, words)
    prove(case, said)
    return said


def prove(case: Case, *texts: str) -> None:
    """Look for secrets in what is about to be sent, with the engine that proves the zips.

    Raises:
        RedactionRefused: there is one; the message names rule and line, never the secret.
    """
    engine = SecondEngine(_known(case) if case.has(EvidenceDocument) else ())
    for text in texts:
        scanner = SecretScanner(engine)
        scanner.feed(text.encode())
        if leaks := scanner.finish():
            where = "; ".join(f"{each.rule} in line {each.line}" for each in leaks[:5])
            raise RedactionRefused(
                f"the text holds what looks like a secret: {where}", hint="take it out; nothing was sent"
            )


def missing(evidence: EvidenceDocument) -> tuple[StepRecord, ...]:
    """The steps that were tried in vain; not those that were skipped, nor what only the owner of the host may read."""
    return tuple(
        step
        for step in evidence.steps
        if step.outcome.state not in ("collected", "empty", "skipped") and not step.expected
    )


def is_complete(evidence: EvidenceDocument) -> bool:
    """Whether nothing is missing; an empty collection is never complete."""
    return bool(evidence.artifacts) and not missing(evidence)


def _known(case: Case) -> Sequence[bytes]:
    return tuple(value.encode() for value in searched_values(case, case.read(EvidenceDocument)))


def _collect(case: Case, observer: Observer, access: Access) -> EvidenceDocument:
    target = case.document.target
    session = access.of(target) if isinstance(target, AzureTarget) else None
    collected = collect_stage.run(case, observer, sign_in=access.sign_in, session=session)
    custody.record(case, "collected", "evidence.json", hashlib.sha256(case.read_bytes(EvidenceDocument)).hexdigest())
    return collected


def _redact(case: Case, observer: Observer) -> None:
    redact_stage.run(case, observer)
    _sealed(case)


def _sealed(case: Case) -> None:
    custody.record(case, "sealed", "redaction.json", hashlib.sha256(case.read_bytes(RedactionDocument)).hexdigest())


def _stages(case: Case, rules: Sequence[Path], observer: Observer, access: Access) -> dict[str, _Stage]:
    """All stages after the plan, in order."""

    def stage(name: str, inputs: Callable[[], str], run: Callable[[], object]) -> _Stage:
        return _Stage(is_done=lambda: case.journal.is_done(name, inputs()), run=run)

    return {
        collect_stage.NAME: stage(
            collect_stage.NAME, lambda: collect_stage.inputs(case), lambda: _collect(case, observer, access)
        ),
        triage_stage.NAME: stage(
            triage_stage.NAME,
            lambda: triage_stage.inputs(case, rules),
            lambda: triage_stage.run(case, observer, rules),
        ),
        redact_stage.NAME: stage(redact_stage.NAME, lambda: redact_stage.inputs(case), lambda: _redact(case, observer)),
        draft_stage.NAME: stage(
            draft_stage.NAME,
            lambda: draft_stage.inputs(case),
            lambda: draft_stage.run(case, observer, evidence_names),
        ),
        bundle_stage.NAME: stage(
            bundle_stage.NAME,
            lambda: bundle_stage.inputs(case),
            lambda: bundle_stage.run(case, observer, _known(case)),
        ),
    }
