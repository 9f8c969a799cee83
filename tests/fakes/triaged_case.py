"""Small finished cases up to redaction, built from models alone: what draft and bundle read, nothing more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from escalate.case.layout import SEALED_PATHS, Room
from escalate.case.store import Case
from escalate.model.artifact import Artifact, EvidenceDocument, StepRecord
from escalate.model.base import ArtifactId, CaseId, CollectorId, Document, EvidenceId, RuleId, StepId
from escalate.model.case import CaseDocument
from escalate.model.differential import Comparison, DifferentialDocument, Side
from escalate.model.dump import DumpCheck, DumpModule, DumpPlace
from escalate.model.exclusion import Exclusion, ExclusionsDocument
from escalate.model.finding import (
    Evidence,
    Finding,
    FindingsDocument,
    Gate,
    MissingEvidence,
    Polarity,
    Precision,
    Verdict,
)
from escalate.model.incident import Incident, Severity, TargetFacts, Window
from escalate.model.kind import Kind
from escalate.model.outcome import Collected, Denied, Missing, Skipped
from escalate.model.plan import Budget, Plan
from escalate.model.question import Question, QuestionsDocument
from escalate.model.redaction import KeptName, Ledger, RedactionDocument, Sealed, Withheld
from escalate.model.rule import Confidence, Role
from escalate.model.target import PathTarget
from escalate.model.timeline import Coverage, TimelineDocument, TimelineEvent, TimelineGap, TimelineMoment

CASE_ID = CaseId("esc-20260404-060500-3f9a1c")
WORKER = "10-30-0-103"
INSTANCE_ID = "2e9614b903860387ad41d2d4735570ca0c8b29649a02cb187ad6afea560d5745"
RESOURCE_ID = (
    "/subscriptions/0c3f7a52-9d1e-4e2f-8f0b-5a6b7c8d9e0f/resourceGroups/rg-shop/providers/Microsoft.Web/sites/shop"
)
LOG = "LogFiles/2026_04_04_10-30-0-103_default_docker.log"
PLATFORM = "azure/loganalytics/AppServicePlatformLogs.json"
TRANSCRIPT = "ssh/session_20260404T0559Z.txt"
GATE_TITLES = {
    "G1": "The effect is tied to a worker, stamp or volume",
    "G2": "No customer action explains it",
    "G3": "Own resources do not explain it",
    "G4": "No known defect of runtime or library explains it",
    "G5": "A control exists",
    "G6": "The evidence is complete",
    "G7": "The missing fact is held by the host only",
}


def at(hour: int, minute: int, second: int = 0, millisecond: int = 0) -> datetime:
    """A moment of the day of the incident."""
    return datetime(2026, 4, 4, hour, minute, second, millisecond * 1000, tzinfo=UTC)


@dataclass(frozen=True)
class Pieces:
    """The documents of one case; `replace` one of them to plant something."""

    case: CaseDocument
    plan: Plan
    collected: EvidenceDocument
    triage: FindingsDocument
    asked: QuestionsDocument
    ledger: ExclusionsDocument
    timeline: TimelineDocument
    redaction: RedactionDocument
    differential: DifferentialDocument | None = None

    def write(self, root: Path) -> Case:
        """A case folder that redaction has just finished."""
        case = Case.create(root, self.case)
        for document in (
            self.case,
            self.plan,
            self.collected,
            self.triage,
            self.asked,
            self.ledger,
            self.timeline,
        ):
            case.write(document) if document is not self.case else None
            _seal(case, document)
        if self.differential is not None:
            _seal(case, self.differential)
        case.write(self.redaction)
        return case


def _seal(case: Case, document: Document) -> None:
    with case.new_file(Room.REDACTED, SEALED_PATHS[type(document)]) as handle:
        handle.write(document.to_json())


def evidence(number: int, path: str, line: int, when: datetime | None, excerpt: str, **more: object) -> Evidence:
    """One cited place."""
    fields: dict[str, object] = {
        "id": EvidenceId(f"E{number}"),
        "artifact": ArtifactId(f"a{1 if path == LOG else 2 if path == PLATFORM else 3}"),
        "path": path,
        "line": line,
        "ts_utc": when,
        "precision": Precision.MILLISECOND if when else Precision.UNKNOWN,
        "instance": WORKER,
        "polarity": Polarity.SUPPORTS,
        "excerpt": excerpt,
    }
    return Evidence.model_validate(fields | more)


def customer() -> Pieces:
    """Gunicorn kills its own workers; the report blames somebody else."""
    cited = (
        evidence(
            1,
            LOG,
            52,
            at(5, 58, 45, 58),
            "[2026-04-04 05:58:45 +0000] [1904] [CRITICAL] WORKER TIMEOUT (pid:1905)",
            pid=1905,
        ),
        evidence(
            2,
            LOG,
            64,
            at(5, 58, 46, 165),
            "[1904] [ERROR] Worker (pid:1905) was sent SIGKILL! Perhaps out of memory?",
            pid=1905,
        ),
        evidence(
            3,
            "procfs/20260404T055845Z/pressure_memory",
            1,
            at(5, 58, 45),
            "some avg10=0.00 avg60=0.12 avg300=0.40 total=1234",
            polarity="contradicts",
        ),
        evidence(
            4,
            PLATFORM,
            33,
            at(5, 52, 5),
            "State: Started, LastError: ContainerTimeout, LastErrorTimestamp: 04/04/2026 05:46:15",
        ),
        evidence(
            5,
            "procfs/20260404T055845Z/meminfo",
            3,
            at(5, 58, 45),
            "MemAvailable:     491520 kB",
            polarity="contradicts",
        ),
        evidence(
            6,
            "procfs/20260404T055800Z/pressure_memory",
            1,
            at(5, 58, 0),
            "some avg10=0.11 avg60=0.20 avg300=0.41 total=1201",
            polarity="context",
        ),
        evidence(
            7, "procfs/20260404T055800Z/meminfo", 3, at(5, 58, 0), "MemAvailable:     502000 kB", polarity="context"
        ),
        evidence(
            8, "procfs/20260404T055943Z/meminfo", 3, at(5, 59, 43), "MemAvailable:     488100 kB", polarity="context"
        ),
        evidence(
            9,
            "procfs/20260404T055943Z/pressure_memory",
            1,
            at(5, 59, 43),
            "some avg10=0.02 avg60=0.08 avg300=0.33 total=1290",
            polarity="context",
        ),
    )
    findings = (
        _finding(
            "L38", "gunicorn ended its own worker after its worker timeout", Role.FALSE_FRIEND, ("E1", "E2"), hits=4
        ),
        _finding(
            "L51",
            "every worker waits for one outbound call",
            Role.INDICATOR,
            ("E1",),
            hits=4,
            confidence=Confidence.MEDIUM,
        ),
        _finding(
            "L05",
            "old LastError in a later state line",
            Role.FALSE_FRIEND,
            ("E4",),
            demoted="LastErrorTimestamp 05:46:15 is before the window",
        ),
    )
    return _pieces(
        Incident(
            title="The kernel OOM killer is killing our workers",
            symptom="Requests to /outbound hang. The kernel OOM killer is killing our workers. Please escalate.",
            impact="about 40 % of checkout requests fail",
            severity=Severity.MODERATE,
            window=Window(start=at(5, 55), end=at(6, 2)),
            target=_target(),
        ),
        FindingsDocument(
            verdict=Verdict(
                answerable_by="customer",
                layer="application",
                confidence=Confidence.HIGH,
                why="Each SIGKILL comes one second after gunicorn's own WORKER TIMEOUT, and memory was free then",
                gates=_gates("pass pass fail pass unknown pass fail", "E2"),
            ),
            findings=findings,
            evidence=cited,
            missing_evidence=(
                MissingEvidence(
                    what="cgroup memory.events",
                    why="oom_kill counts would close the matter",
                    command="cat /sys/fs/cgroup/memory.events",
                    available_until="gone with the next restart of the container",
                    urgency="now",
                ),
                MissingEvidence(
                    what="py-spy dump of a blocked worker", why="names the call", command="py-spy dump --pid 1905"
                ),
            ),
            remedies=(
                "give requests.get a timeout",
                "raise --timeout above the longest legal request, or use threads",
            ),
        ),
        QuestionsDocument(questions=()),
    )


def undetermined() -> Pieces:
    """One worker is slow and nothing that was collected says why."""
    base = customer()
    cited = (
        evidence(1, LOG, 52, at(5, 58, 45, 58), "request took 30211 ms", pid=1905),
        evidence(2, LOG, 61, at(5, 59, 12, 2), "request took 29877 ms", pid=1905),
    )
    triage = FindingsDocument(
        verdict=Verdict(
            answerable_by="undetermined",
            layer="host_kernel",
            confidence=Confidence.LOW,
            why="Requests are slow on one worker; whether the kernel or the app holds them is not in the evidence",
            gates=_gates("pass unknown unknown pass unknown pass unknown", "E1"),
        ),
        findings=(
            _finding("L25", "requests of half a minute on one worker only", Role.INDICATOR, ("E1", "E2"), hits=17),
        ),
        evidence=cited,
        missing_evidence=(
            MissingEvidence(
                what="kernel stack of the slow thread",
                why="shows what it waits for",
                command="cat /proc/1905/task/*/stack",
            ),
        ),
        remedies=(),
    )
    question = _question("Did the kernel of this worker log a hung task in the window?")
    incident = base.case.incident.model_copy(
        update={"title": "Slow requests", "symptom": "Slow on one worker. It must be the platform.", "impact": ""}
    )
    return replace(
        base,
        case=base.case.model_copy(update={"incident": incident}),
        triage=triage,
        asked=QuestionsDocument(questions=(question,)),
    )


def microsoft() -> Pieces:
    """A mount serves wrong bytes; what was tested points below the app."""
    base = customer()
    cited = (
        evidence(1, TRANSCRIPT, 10, at(5, 59, 2), "* Received HTTP/0.9 when not allowed"),
        evidence(
            2, TRANSCRIPT, 6, None, "//share.file.core.windows.net/data on /mnt/data type cifs (rw,relatime,vers=3.0)"
        ),
        evidence(3, TRANSCRIPT, 19, None, "write-ok", polarity="contradicts"),
    )
    triage = FindingsDocument(
        verdict=Verdict(
            answerable_by="microsoft",
            layer="host_kernel",
            confidence=Confidence.MEDIUM,
            why="read(2) of the file is right and sendfile(2) is wrong on the same mount; the image works elsewhere",
            gates=_gates("pass pass pass pass pass pass pass", "E1"),
        ),
        findings=(
            _finding("L23", "sendfile on a CIFS mount returns wrong data", Role.INDICATOR, ("E1", "E2", "E3"), hits=6),
        ),
        evidence=cited,
        missing_evidence=(),
        remedies=("EnableSendfile Off until answered",),
    )
    question = _question(
        f"Worker {WORKER}, kernel 5.15.0-1113-azure, 05:55 to 06:02 UTC: is this host kernel known for the cifs "
        "sendfile regression, and which host image has the fix?"
    )
    incident = base.case.incident.model_copy(
        update={"title": "Files are corrupt", "symptom": "Apache serves broken files from the mounted share."}
    )
    return replace(
        base,
        case=base.case.model_copy(update={"incident": incident}),
        triage=triage,
        asked=QuestionsDocument(questions=(question,)),
    )


CASES = {"customer": customer, "undetermined": undetermined, "microsoft": microsoft}


def triaged_case(root: Path, verdict: str = "customer") -> Case:
    """A case folder of one of the three verdicts."""
    return CASES[verdict]().write(root)


def _target() -> TargetFacts:
    return TargetFacts(
        resource_id=RESOURCE_ID,
        os="linux",
        sku="B1",
        region="westeurope",
        runtime="Python 3.11, gunicorn --workers 4 --timeout 30",
        instances=(WORKER,),
        instance_ids={WORKER: INSTANCE_ID},
    )


def _finding(
    rule: str,
    title: str,
    role: Role,
    cited: tuple[str, ...],
    *,
    hits: int = 1,
    confidence: Confidence = Confidence.HIGH,
    demoted: str | None = None,
) -> Finding:
    return Finding(
        rule=RuleId(rule),
        title=title,
        layer="application",
        role=role,
        severity="error",
        demoted=demoted is not None,
        demoted_because=demoted,
        confidence=confidence,
        confidence_why="two kinds of source agree",
        evidence=tuple(EvidenceId(one) for one in cited),
        hits=hits,
        instances=(WORKER,),
        first_utc=at(5, 58, 14),
        last_utc=at(5, 59, 43),
    )


def _gates(states: str, cited: str) -> tuple[Gate, ...]:
    return tuple(
        Gate.model_validate(
            {
                "id": name,
                "title": title,
                "state": state,
                "sentence": f"Sentence of {name}",
                "evidence": (cited,) if state != "unknown" else (),
            }
        )
        for (name, title), state in zip(GATE_TITLES.items(), states.split(), strict=True)
    )


def _question(text: str) -> Question:
    return Question(
        id="Q1",
        text=text,
        worker=WORKER,
        instance_id=INSTANCE_ID,
        window_utc=(at(5, 55), at(6, 2)),
        pid=1905,
        host_only_artifact="kernel log of the worker",
        what_the_answer_decides="whether to wait for a host image or to work around it",
        why_only_microsoft="the host's kernel log cannot be read from a site",
        ruled_out=("credentials and network path: writing works", "the image: it serves the file on a VM"),
        evidence=(EvidenceId("E1"),),
    )


def _sealed(number: int, path: str, kind: Kind, size: int) -> Sealed:
    return Sealed(
        artifact=ArtifactId(f"a{number}"),
        path=path,
        kind=kind,
        size=size,
        sha256=hashlib.sha256(path.encode()).hexdigest(),
        original_sha256=None,
        origin=path,
        instance=WORKER,
        ledger=Ledger(handler="text", counts={"ipv4": 2}, lines=90),
    )


def _pieces(incident: Incident, triage: FindingsDocument, asked: QuestionsDocument) -> Pieces:
    target = PathTarget(path="/evidence")
    sealed = (
        _sealed(1, LOG, Kind.CONTAINER_LOG, 18_211),
        _sealed(2, PLATFORM, Kind.LOG_TABLE, 9_004),
        _sealed(3, TRANSCRIPT, Kind.SHELL_TRANSCRIPT, 2_210),
    )
    steps = (
        _step("files", "Evidence folder", Collected(), artifacts=("a1", "a2", "a3")),
        _step("dmesg", "Kernel ring buffer", Denied(reason="EPERM", hint="ask for it in a question to Microsoft")),
        _step(
            "py-spy",
            "Python stacks",
            Missing(reason="py-spy is not installed", hint="pip install py-spy in the container"),
        ),
        _step("core", "Core dump", Skipped(reason="needs consent", hint="run again with --include dumps")),
    )
    return Pieces(
        case=CaseDocument(id=CASE_ID, created_at=at(6, 5), tool_version="0.1.0", target=target, incident=incident),
        plan=Plan(
            case_id=CASE_ID,
            created_at=at(6, 5),
            target=target,
            budget=Budget(max_bytes=10**9, max_seconds=600),
            consents=(),
            steps=(),
        ),
        collected=EvidenceDocument(
            case_id=CASE_ID,
            target=target,
            host="collector",
            artifacts=(
                *(
                    Artifact(
                        id=one.artifact,
                        path=one.path,
                        kind=one.kind,
                        size=one.size,
                        sha256=one.sha256,
                        media_type="text/plain",
                        collector=CollectorId("intake"),
                        origin=one.path,
                        instance=WORKER,
                    )
                    for one in sealed
                ),
                _dump(),
            ),
            steps=steps,
        ),
        triage=triage,
        asked=asked,
        ledger=ExclusionsDocument(
            exclusions=(
                Exclusion(
                    id="memory",
                    cause="memory pressure on the worker",
                    state="ruled out",
                    test="memory stall and MemAvailable samples",
                    result="480 MB were free and nothing stalled",
                    evidence=(EvidenceId("E1"),),
                ),
                Exclusion(
                    id="dependency",
                    cause="slow or unreachable dependency",
                    state="not ruled out",
                    test="texts of all logs",
                    result="every killed worker stood in one outbound call",
                    evidence=(EvidenceId("E1"),),
                ),
                Exclusion(
                    id="dns",
                    cause="name resolution",
                    state="could not test",
                    test="texts of all logs",
                    result="no log covers it",
                    how_to_test="nameresolver shop.example.net in the SSH session of the worker",
                ),
            )
        ),
        timeline=_timeline(),
        differential=_differential(),
        redaction=RedactionDocument(
            case_id=CASE_ID,
            items=(
                *sealed,
                Withheld(
                    artifact=ArtifactId("a9"),
                    path="dumps/1905.core",
                    kind=Kind.ELF_CORE,
                    size=1_204_331_520,
                    sha256=hashlib.sha256(b"core").hexdigest(),
                    origin="gcore 1905",
                    reason="memory image: cannot be redacted",
                    how_to_get="ask in the ticket for a transfer link and name this SHA-256",
                ),
            ),
            totals={"ipv4": 5, "bearer-token": 1},
            keep_list=(KeptName(id="worker", title="worker names"), KeptName(id="resource", title="resource ids")),
            known_values=3,
        ),
    )


def _step(name: str, title: str, outcome: object, artifacts: tuple[str, ...] = ()) -> StepRecord:
    return StepRecord.model_validate(
        {
            "id": StepId(name),
            "collector": CollectorId(name),
            "title": title,
            "outcome": outcome,
            "artifacts": artifacts,
        }
    )


def _timeline() -> TimelineDocument:
    events = [
        _event(
            at(5, 52, 5), PLATFORM_LANE, "platform", "State: Started, Action: None, LastError: ContainerTimeout", None
        ),
        _event(at(5, 56, 1), "activity log", "deployment", "Microsoft.Web/sites/publish/action", None),
        _event(at(6, 1, 30), PLATFORM_LANE, "restart", "Starting container for site shop", None),
        _event(at(6, 4, 30), "escalate", "our footprint", "Evidence folder", None),
    ]
    start = at(5, 58, 14)
    for n in range(4):
        events.append(
            _event(start + timedelta(seconds=29 * n), WORKER, "error", f"WORKER TIMEOUT (pid:190{n + 5})", "E1")
        )
    for n in range(3):
        events.append(_event(start + timedelta(seconds=45 * n), WORKER, "sample", "some avg10=0.00", None))
    return TimelineDocument(
        events=tuple(sorted(events, key=lambda event: event.ts_utc)),
        coverage=(
            Coverage(
                artifact=ArtifactId("a1"), path=LOG, lane=WORKER, first_utc=at(5, 57, 57), last_utc=at(6, 1), records=90
            ),
            Coverage(
                artifact=ArtifactId("a2"),
                path=PLATFORM,
                lane=PLATFORM_LANE,
                first_utc=at(5, 40),
                last_utc=at(6, 3),
                records=41,
            ),
        ),
        gaps=(
            TimelineGap(
                artifact=ArtifactId("a1"),
                path=LOG,
                lane=WORKER,
                start_utc=at(5, 59, 50),
                end_utc=at(6, 0, 40),
                reason="silence",
                sentence="No line for 50 s, where lines are otherwise 2 s apart",
            ),
        ),
        first_bad=TimelineMoment(
            ts_utc=at(5, 58, 14),
            precision=Precision.SECOND,
            sentence="the first worker was killed for its timeout",
            evidence=(EvidenceId("E1"),),
        ),
        last_good=TimelineMoment(
            ts_utc=at(5, 57, 59),
            precision=Precision.SECOND,
            sentence="the last request that ended with 200",
            evidence=(EvidenceId("E1"),),
        ),
    )


def _dump() -> Artifact:
    module = DumpModule(name="python3.11", id="9f6e0e2f8a", base=0x400000, size=6_000_000)
    return Artifact(
        id=ArtifactId("a9"),
        path="dumps/1905.core",
        kind=Kind.ELF_CORE,
        size=1_204_331_520,
        sha256=hashlib.sha256(b"core").hexdigest(),
        media_type="application/x-coredump",
        collector=CollectorId("intake"),
        origin="gcore 1905",
        instance=WORKER,
        dump=DumpCheck(
            format="elf-core",
            state="complete",
            pid=1905,
            process="gunicorn",
            threads=2,
            places=(DumpPlace(frame="libc.so.6+0x8e4a0", threads=2),),
            modules=(module,),
            module_count=41,
            arch="x86_64",
            summary="core of gunicorn (pid 1905), 2 threads, whole",
        ),
    )


def _differential() -> DifferentialDocument:
    sick = Side(name=WORKER, n=120, value=41.7, low=30.0, high=52.0)
    healthy = Side(name="10-30-0-104", n=118, value=0.4, low=0.0, high=1.0)
    errors = Comparison(
        id="D1",
        axis="instances",
        measure="requests that fail",
        unit="percent",
        statistic="share",
        sick=sick,
        healthy=healthy,
        ratio=104.25,
        standardized_difference=1.3,
        strength="large",
        sentence="of 120 requests 50 failed here, of 118 there none",
        evidence=(EvidenceId("E1"),),
    )
    memory = {"id": "D2", "measure": "memory available", "unit": "MB", "statistic": "median", "strength": "none"}
    return DifferentialDocument(
        comparisons=(errors, errors.model_copy(update=memory)),
        not_compared=("no other app of the plan has records",),
    )


PLATFORM_LANE = "platform log"


def _event(when: datetime, lane: str, category: str, title: str, cited: str | None) -> TimelineEvent:
    return TimelineEvent.model_validate(
        {
            "ts_utc": when,
            "precision": Precision.SECOND,
            "lane": lane,
            "category": category,
            "title": title,
            "rule": "L38" if category == "error" else None,
            "evidence": cited,
        }
    )
