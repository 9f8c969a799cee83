"""The order of the stages: the only module that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from escalate import __version__
from escalate.bundle import stage as bundle_stage
from escalate.bundle.verify import verify
from escalate.case.store import Case, new_case_id
from escalate.collect import stage as collect_stage
from escalate.collect.plan import Wishes, make_plan
from escalate.draft import stage as draft_stage
from escalate.errors import CaseError, ConfigError
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import CaseId
from escalate.model.case import CaseDocument
from escalate.model.incident import Incident
from escalate.model.manifest import BundleDocument, VerificationDocument
from escalate.model.observer import Observer
from escalate.model.plan import Plan
from escalate.model.target import Target
from escalate.redact import stage as redact_stage
from escalate.redact.learn import searched_values
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
    if document.target != target:
        raise CaseError(
            f"{case.root} is a case about another target", hint="name another folder with --case, or the same target"
        )
    if incident != Incident() and document.incident != incident:
        raise CaseError(
            f"{case.root} was opened with another incident description",
            hint="a case keeps the description it began with: name another folder with --case",
        )


def plan(case: Case, wishes: Wishes, observer: Observer) -> Plan:
    """Make the plan anew."""
    with case.locked():
        observer.stage("plan")
        return make_plan(case, wishes)


def redact(case: Case, observer: Observer, withhold: Sequence[str]) -> None:
    """Redact again, and leave these files behind."""
    with case.locked():
        observer.stage(redact_stage.NAME)
        redact_stage.run(case, observer, withhold)


def run_stage(case: Case, name: str, observer: Observer, rules: Sequence[Path] = ()) -> None:
    """Run one stage again, whether or not its inputs changed.

    Raises:
        KeyError: no such stage.
    """
    with case.locked():
        observer.stage(name)
        _stages(case, rules, observer)[name].run()


def build(case: Case, wishes: Wishes, observer: Observer, rules: Sequence[Path] = ()) -> BundleDocument:
    """Everything from the plan to the proved zips; what is already done over the same inputs is not repeated."""
    with case.locked():
        if not case.has(Plan):
            observer.stage("plan")
            make_plan(case, wishes)
        for name, stage in _stages(case, rules, observer).items():
            if not stage.is_done():
                observer.stage(name)
                stage.run()
        return case.read(BundleDocument)


def verify_archive(archive: Path, case: Case | None, observer: Observer) -> VerificationDocument:
    """Prove a finished zip; with the case at hand its known secret values are looked for as well."""
    return verify(archive, known=_known(case) if case else (), observer=observer)


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


def _stages(case: Case, rules: Sequence[Path], observer: Observer) -> dict[str, _Stage]:
    """All stages after the plan, in order."""

    def stage(name: str, inputs: Callable[[], str], run: Callable[[], object]) -> _Stage:
        return _Stage(is_done=lambda: case.journal.is_done(name, inputs()), run=run)

    return {
        collect_stage.NAME: stage(
            collect_stage.NAME, lambda: collect_stage.inputs(case), lambda: collect_stage.run(case, observer)
        ),
        triage_stage.NAME: stage(
            triage_stage.NAME,
            lambda: triage_stage.inputs(case, rules),
            lambda: triage_stage.run(case, observer, rules),
        ),
        redact_stage.NAME: stage(
            redact_stage.NAME, lambda: redact_stage.inputs(case), lambda: redact_stage.run(case, observer)
        ),
        draft_stage.NAME: stage(
            draft_stage.NAME, lambda: draft_stage.inputs(case), lambda: draft_stage.run(case, observer)
        ),
        bundle_stage.NAME: stage(
            bundle_stage.NAME,
            lambda: bundle_stage.inputs(case),
            lambda: bundle_stage.run(case, observer, _known(case)),
        ),
    }
