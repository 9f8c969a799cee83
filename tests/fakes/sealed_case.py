"""Fills a case folder as redact and draft would leave it, for tests of what comes after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from escalate.case.layout import SEALED_JOURNAL, SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument, StepRecord
from escalate.model.base import ArtifactId, CollectorId, Document, EvidenceId, RuleId, StepId
from escalate.model.case import CaseDocument
from escalate.model.exclusion import Exclusion, ExclusionsDocument
from escalate.model.finding import Evidence, Finding, FindingsDocument, Gate, Polarity, Verdict
from escalate.model.incident import Window
from escalate.model.kind import Kind
from escalate.model.outcome import Collected, Denied
from escalate.model.plan import Budget, Plan, Run
from escalate.model.question import Question, QuestionsDocument
from escalate.model.redaction import KeptName, Ledger, RedactionDocument, Sealed, Withheld
from escalate.model.rule import Confidence, Role
from escalate.model.ticket import Ticket
from escalate.model.timeline import TimelineDocument, TimelineEvent

WORKER = "10-30-0-103"
LOG_PATH = "LogFiles/2026_04_04_10-30-0-103_default_docker.log"
START = datetime(2026, 4, 4, 5, 58, 45, tzinfo=UTC)
LOG = "".join(
    f"2026-04-04T05:58:{second:02d}.548020900Z [INFO] GET /{second} 200 4bf92f3577b34da6a3ce929d0e0e47{second:02d}\n"
    for second in range(60)
).encode()
REPORT = b"<!doctype html><title>Case</title><p>Workers were killed while a slow dependency held them.</p>\n"


@dataclass(frozen=True)
class File:
    """One sealed file to be."""

    path: str
    data: bytes
    kind: Kind = Kind.TEXT
    instance: str | None = WORKER
    pid: int | None = None


@dataclass(frozen=True)
class Secret:
    """One withheld file to be."""

    path: str
    kind: Kind = Kind.ELF_CORE
    size: int = 1 << 30
    pid: int | None = 1905
    reason: str = "no handler for memory of this process"


DEFAULT_FILES = (
    File(LOG_PATH, LOG, Kind.CONTAINER_LOG),
    File("azure/detectors/snatportexhaustion.json", b'{"name": "snatportexhaustion"}\n', Kind.DETECTOR, instance=None),
    File("procfs/20260404T055845Z/meminfo", b"MemTotal: 1907932 kB\nMemFree: 96340 kB\n", Kind.PROC_MEMINFO),
    File("proc/1905/stack.txt", b"[<0>] ep_poll+0x2f3/0x400\n", Kind.STACKS, pid=1905),
)
DEFAULT_WITHHELD = (Secret("dumps/core.1905"),)


@dataclass(frozen=True)
class SealedCase:
    """The case, and what stands in it."""

    case: Case
    redaction: RedactionDocument
    by_path: dict[str, ArtifactId] = field(default_factory=dict)


def fill(
    case: Case,
    files: Sequence[File] = DEFAULT_FILES,
    withheld: Sequence[Secret] = DEFAULT_WITHHELD,
    *,
    cited: str | None = LOG_PATH,
    report: bytes = REPORT,
    start_here: bytes | None = b"# Start here\n\nRead 00-report.html first.\n",
) -> SealedCase:
    """Write `redacted/`, redaction.json and `draft/`; `cited` is the path that the finding and question point at."""
    items: list[Sealed | Withheld] = []
    for number, file in enumerate(files, start=1):
        items.append(_sealed(case, ArtifactId(f"A{number}"), file))
    items += [_withheld(ArtifactId(f"W{number}"), secret) for number, secret in enumerate(withheld, start=1)]
    by_path = {item.path: item.artifact for item in items}
    for document in _documents(case, by_path, cited):
        with case.new_file(Room.REDACTED, SEALED_PATHS[type(document)]) as handle:
            handle.write(document.to_json())
    with case.new_file(Room.REDACTED, SEALED_JOURNAL) as handle:
        handle.write(b'{"ts": "2026-04-04T06:00:00.000+00:00", "stage": "collect", "event": "begin", "digest": "0"}\n')
    redaction = RedactionDocument(
        case_id=case.document.id,
        items=tuple(items),
        totals={"SAS": 2},
        keep_list=(KeptName(id="worker", title="names of workers"),),
        known_values=3,
    )
    case.write(redaction)
    _draft(case, report, start_here)
    return SealedCase(case, redaction, by_path)


def _draft(case: Case, report: bytes, start_here: bytes | None) -> None:
    case.write(
        Ticket(
            case_id=case.document.id,
            name="case-esc-20260404-055845-3f9a1c",
            title="Workers killed while a dependency is slow",
            description="See the report.",
            severity=case.document.incident.severity,
            resource_id=None,
            problem_start=START,
        )
    )
    pages = {"ticket.md": b"# Workers killed\n", "report-in-zip.html": report, "start-here.md": start_here}
    for name, data in pages.items():
        if data is not None:
            with case.new_file(Room.DRAFT, name) as handle:
                handle.write(data)


def _sealed(case: Case, artifact: ArtifactId, file: File) -> Sealed:
    with case.new_file(Room.REDACTED, file.path) as handle:
        handle.write(file.data)
    return Sealed(
        artifact=artifact,
        path=file.path,
        kind=file.kind,
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
        original_sha256=None,
        origin=file.path,
        instance=file.instance,
        pid=file.pid,
        captured_at=START,
        ledger=Ledger(handler="text", lines=file.data.count(b"\n")),
    )


def _withheld(artifact: ArtifactId, secret: Secret) -> Withheld:
    return Withheld(
        artifact=artifact,
        path=secret.path,
        kind=secret.kind,
        size=secret.size,
        sha256=hashlib.sha256(secret.path.encode()).hexdigest(),
        origin=secret.path,
        instance=WORKER,
        pid=secret.pid,
        reason=secret.reason,
        how_to_get="ask the customer to open it together with you",
    )


def _documents(case: Case, by_path: dict[str, ArtifactId], cited: str | None) -> Iterable[Document]:
    evidence = (
        (
            Evidence(
                id=EvidenceId("E1"),
                artifact=by_path[cited],
                path=cited,
                line=52,
                ts_utc=START,
                instance=WORKER,
                pid=1905,
                polarity=Polarity.SUPPORTS,
                excerpt="GET /51 200",
            ),
        )
        if cited
        else ()
    )
    ids = tuple(entry.id for entry in evidence)
    document = case.document
    yield document.model_copy(
        update={"incident": document.incident.model_copy(update={"window": Window(start=START, end=START)})}
    )
    yield _plan(document)
    yield EvidenceDocument(case_id=document.id, target=document.target, host="host", artifacts=(), steps=_steps())
    yield FindingsDocument(
        verdict=Verdict(
            answerable_by="customer",
            layer="app",
            confidence=Confidence.HIGH,
            why="A slow dependency holds every worker.",
            gates=(Gate(id="G1", title="named", state="pass", sentence="The worker is known.", evidence=ids),),
        ),
        findings=tuple(_findings(ids)),
        evidence=evidence,
        missing_evidence=(),
        remedies=("Set a timeout on the dependency.",),
    )
    yield QuestionsDocument(questions=tuple(_questions(ids)))
    yield ExclusionsDocument(
        exclusions=(
            Exclusion(id="X1", cause="memory pressure", state="ruled out", test="pressure_memory", result="0.00"),
        )
    )
    yield TimelineDocument(
        events=(TimelineEvent(ts_utc=START, precision="ms", lane=WORKER, category="error", title="worker killed"),),
        coverage=(),
    )


def _findings(ids: tuple[EvidenceId, ...]) -> Iterable[Finding]:
    if ids:
        yield Finding(
            rule=RuleId("L38"),
            title="Workers are killed by their own watchdog",
            layer="app",
            role=Role.INDICATOR,
            severity="error",
            confidence=Confidence.HIGH,
            confidence_why="named in the log",
            evidence=ids,
            hits=3,
            instances=(WORKER,),
        )


def _questions(ids: tuple[EvidenceId, ...]) -> Iterable[Question]:
    if ids:
        yield Question(
            id="Q1",
            text="Was the worker moved?",
            worker=WORKER,
            window_utc=(START, START),
            host_only_artifact="placement log",
            what_the_answer_decides="who mends it",
            why_only_microsoft="the log is on the host",
            ruled_out=("memory",),
            evidence=ids,
        )


def _plan(document: CaseDocument) -> Plan:
    run = Run(
        id=StepId("S1"), collector=CollectorId("proc.status"), title="status", effects="none", seconds=1, max_bytes=1
    )
    return Plan(
        case_id=document.id,
        created_at=START,
        target=document.target,
        budget=Budget(max_bytes=1, max_seconds=1),
        consents=(),
        steps=(run,),
    )


def _steps() -> tuple[StepRecord, ...]:
    collector = CollectorId("proc.status")
    return (
        StepRecord(id=StepId("S1"), collector=collector, title="status", outcome=Collected()),
        StepRecord(
            id=StepId("S2"),
            collector=collector,
            title="kernel stack",
            outcome=Denied(reason="EACCES", hint="sudo cat /proc/1905/stack"),
        ),
    )
