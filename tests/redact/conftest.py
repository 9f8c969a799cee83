"""A case with evidence in it, ready to be redacted."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.formats.sniff import sniff
from escalate.model.artifact import Artifact, EvidenceDocument
from escalate.model.base import ArtifactId, CollectorId, EvidenceId, RuleId
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import Evidence, Finding, FindingsDocument, Polarity, Verdict
from escalate.model.incident import Incident
from escalate.model.kind import Kind
from escalate.model.plan import Budget, Plan
from escalate.model.question import QuestionsDocument
from escalate.model.rule import Confidence, Role
from escalate.model.target import PathTarget, Target
from escalate.model.timeline import TimelineDocument
from escalate.redact.engine import Engine
from escalate.redact.rules import EngineInputs

KEY = b"k" * 32


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine that knows detectors only."""
    return Engine(EngineInputs(key=KEY))


@pytest.fixture
def through() -> Callable[[Engine, bytes], bytes]:
    """Redacts bytes as a stream."""

    def run(engine: Engine, data: bytes) -> bytes:
        sink = io.BytesIO()
        engine.redact_stream(io.BytesIO(data), sink, rounds=2)
        return sink.getvalue()

    return run


@pytest.fixture
def filled_case(make_case) -> Callable[..., Case]:
    """Makes a case whose first three stages are done over the given files."""

    def make(
        files: Mapping[str, bytes],
        kinds: Mapping[str, Kind] | None = None,
        incident: Incident | None = None,
        target: Target | None = None,
        excerpt: str = "an excerpt",
        origin: str = "given",
    ) -> Case:
        target = target or PathTarget(path="/home/analyst7/cases/evidence-folder")
        case: Case = make_case(target=target, incident=incident or Incident())
        artifacts = []
        for number, (name, data) in enumerate(sorted(files.items()), start=1):
            with case.new_file(Room.EVIDENCE, name) as handle:
                handle.write(data)
            place = case.path(Room.EVIDENCE, name)
            artifacts.append(
                Artifact(
                    id=ArtifactId(f"A{number}"),
                    path=name,
                    kind=(kinds or {}).get(name) or sniff(place, PurePosixPath(name)).kind,
                    size=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    media_type="text/plain",
                    collector=CollectorId("intake"),
                    origin=f"{origin}/{name}",
                )
            )
        case.write(
            Plan(
                case_id=case.document.id,
                created_at=datetime(2026, 4, 4, tzinfo=UTC),
                target=target,
                budget=Budget(max_bytes=1, max_seconds=1),
                consents=(),
                steps=(),
            )
        )
        case.write(
            EvidenceDocument(
                case_id=case.document.id, target=target, host="laptop-of-jane", artifacts=tuple(artifacts), steps=()
            )
        )
        first = artifacts[0]
        case.write(
            FindingsDocument(
                verdict=Verdict(
                    answerable_by="customer", layer="application", confidence=Confidence.LOW, why="because", gates=()
                ),
                findings=(
                    Finding(
                        rule=RuleId("L1"),
                        title="a title",
                        layer="application",
                        role=Role.INDICATOR,
                        severity="error",
                        confidence=Confidence.LOW,
                        confidence_why="why",
                        evidence=(EvidenceId("E1"),),
                        hits=1,
                    ),
                ),
                evidence=(
                    Evidence(
                        id=EvidenceId("E1"),
                        artifact=first.id,
                        path=first.path,
                        line=1,
                        polarity=Polarity.SUPPORTS,
                        excerpt=excerpt,
                    ),
                ),
                missing_evidence=(),
                remedies=(),
            )
        )
        case.write(QuestionsDocument(questions=()))
        case.write(ExclusionsDocument(exclusions=()))
        case.write(TimelineDocument(events=(), coverage=()))
        for stage in ("plan", "collect", "triage"):
            case.journal.begin(stage, "d")
            for artifact in artifacts:
                case.journal.step(stage, str(artifact.id), artifact.model_dump(mode="json"))
            case.journal.end(stage, "d")
        return case

    return make


@pytest.fixture
def leaving() -> Callable[[Case], bytes]:
    """All bytes and all names below `redacted/`, and redaction.json."""

    def collect(case: Case) -> bytes:
        root: Path = case.path(Room.REDACTED)
        parts = [(case.root / "redaction.json").read_bytes()]
        for place in sorted(root.rglob("*")):
            parts.append(str(place.relative_to(root)).encode())
            if place.is_file():
                parts.append(place.read_bytes())
        return b"\n".join(parts)

    return collect
