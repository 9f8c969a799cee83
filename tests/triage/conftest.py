"""Cases with evidence on disk, made from folders and texts."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.formats.sniff import sniff
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.base import ArtifactId, CollectorId
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.incident import Incident
from escalate.model.observer import QuietObserver
from escalate.model.question import QuestionsDocument
from escalate.model.timeline import TimelineDocument
from escalate.triage.stage import run

Change = Callable[[Path], None]


class Triaged:
    """What triage wrote, with short ways to ask."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.findings = case.read(FindingsDocument)
        self.questions = case.read(QuestionsDocument).questions
        self.exclusions = {row.id: row for row in case.read(ExclusionsDocument).exclusions}
        self.timeline = case.read(TimelineDocument)

    @property
    def who(self) -> str:
        return self.findings.verdict.answerable_by

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.findings.findings}

    @property
    def active(self) -> set[str]:
        return {finding.rule for finding in self.findings.findings if not finding.demoted}

    @property
    def case_artifacts(self) -> tuple[Artifact, ...]:
        return self.case.read(EvidenceDocument).artifacts

    def finding(self, rule: str):
        return next(finding for finding in self.findings.findings if finding.rule == rule)

    def cited(self, path: str) -> list:
        return [entry for entry in self.findings.evidence if entry.path == path]

    def words(self) -> str:
        return "".join(
            self.case.read_bytes(kind).decode() for kind in (FindingsDocument, QuestionsDocument, ExclusionsDocument)
        )

    def sentences(self) -> list[str]:
        """Every sentence that triage itself wrote; titles and excerpts of evidence are not among them."""
        said = [self.findings.verdict.why]
        said += [gate.sentence for gate in self.findings.verdict.gates]
        said += [row.result for row in self.exclusions.values()]
        said += [finding.confidence_why for finding in self.findings.findings]
        return said


def evidence_of(case: Case) -> EvidenceDocument:
    """evidence.json for whatever lies below evidence/, as the collect stage would write it."""
    base = case.path(Room.EVIDENCE)
    artifacts = []
    for number, path in enumerate(sorted(p for p in base.rglob("*") if p.is_file()), start=1):
        name = PurePosixPath(path.relative_to(base))
        entry = sniff(path, name)
        artifacts.append(
            Artifact(
                id=ArtifactId(f"a{number:04d}"),
                path=str(name),
                kind=entry.kind,
                size=path.stat().st_size,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                media_type=entry.media_type,
                collector=CollectorId("path"),
                origin=str(name),
            )
        )
    return EvidenceDocument(
        case_id=case.document.id, target=case.document.target, host="test", artifacts=tuple(artifacts), steps=()
    )


@pytest.fixture
def triaged(make_case, tmp_path):
    """triaged(files, incident): writes evidence, runs the stage, reads the documents back."""
    numbers = iter(range(100))

    def work(files: Mapping[str, str | bytes] | Path, incident: Incident | None = None, **options) -> Triaged:
        case = make_case(incident=incident, name=f"case{next(numbers)}")
        base = case.path(Room.EVIDENCE)
        if isinstance(files, Path):
            shutil.copytree(files, base)
        else:
            for name, content in files.items():
                place = base / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.encode() if isinstance(content, str) else content)
        base.mkdir(exist_ok=True)
        case.write(evidence_of(case))
        run(case, QuietObserver(), **options)
        return Triaged(case)

    return work


@pytest.fixture
def scenario(shared, tmp_path, triaged):
    """scenario(name, change=..., words=...): a worked incident, as it is or varied."""
    numbers = iter(range(100))

    def work(name: str, change: Change | None = None, words: Mapping[str, str] | None = None) -> Triaged:
        folder = tmp_path / f"scenario{next(numbers)}"
        shutil.copytree(shared / "scenarios" / name / "input", folder)
        toml = (shared / "scenarios" / name / "incident.toml").read_text()
        for old, new in (words or {}).items():
            toml = toml.replace(old, new)
            for path in sorted(folder.rglob("*"), reverse=True):
                if path.is_file() and old.encode() in path.read_bytes():
                    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
                if old in path.name:
                    path.rename(path.with_name(path.name.replace(old, new)))
        if change:
            change(folder)
        return triaged(folder, Incident.model_validate(tomllib.loads(toml)))

    return work
