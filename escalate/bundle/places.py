"""Where each thing goes in the zip (contract: "Inside a bundle")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from escalate.bundle.names import MAX_NAME, SUFFIX_OF_DUMP_REPORT, NameBook, portable
from escalate.model.base import ArtifactId
from escalate.model.kind import Kind
from escalate.model.redaction import Sealed, Withheld

START_HERE = "00-START-HERE.md"
REPORT = "00-report.html"
SUMMARY = "00-summary.json"
QUESTIONS = "10-questions/questions.json"
QUESTIONS_PAGE = "10-questions/questions.md"
RUNBOOKS = "10-questions/runbook"
EXCLUSIONS = "11-exclusions/exclusions.json"
TIMELINE = "12-timeline/timeline.json"
FINDINGS = "13-findings/findings.json"
DIFFERENTIAL = "13-findings/differential.json"
FINDINGS_PAGE = "13-findings/findings.md"
CITED_PATHS = "13-findings/paths.json"
MANIFEST = "90-meta/manifest.json"
PLAN = "90-meta/plan.json"
RUN = "90-meta/run.jsonl"
GAPS = "90-meta/gaps.json"
REDACTION_REPORT = "90-meta/redaction-report.json"
KEEP_LIST = "90-meta/keep-list.json"
CUSTODY = "90-meta/custody.jsonl"
KIT_VERIFICATION = "90-meta/kit-verification.json"
SUMS = "90-meta/SHA256SUMS"
SCHEMAS = "90-meta/schemas"

ALWAYS_THERE = (START_HERE, SUMMARY, GAPS, MANIFEST, SUMS)
"""A bundle without one of these was not made by us, or was tampered with."""

_UNKNOWN = "unknown"
_SYSTEM = "system"

_LOGS = "30-logs/{instance}"
_TELEMETRY = "31-telemetry"
_PROCESS = "40-process/{instance}/{pid}"
_NETWORK = "41-network/{instance}"
_PLATFORM = "20-platform"

_FOLDERS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.CONTAINER_LOG: _LOGS,
        Kind.PLATFORM_LOG: _LOGS,
        Kind.EVENT_LOG: _LOGS,
        Kind.W3C_LOG: _LOGS,
        Kind.FAILED_REQUEST: _LOGS,
        Kind.SHELL_TRANSCRIPT: _LOGS,
        Kind.KERNEL_LOG: _LOGS,
        Kind.TEXT: _LOGS,
        Kind.XML: _LOGS,
        Kind.ARCHIVE: _LOGS,
        Kind.BINARY: _LOGS,
        Kind.SQLITE: _LOGS,
        Kind.EVTX: _LOGS,
        Kind.ETL: _LOGS,
        Kind.PICTURE: _LOGS,
        Kind.PDF: _LOGS,
        Kind.EMPTY: _LOGS,
        Kind.COUNTERS: _PLATFORM,
        Kind.DETECTOR: _PLATFORM,
        Kind.RESOURCE_HEALTH: _PLATFORM,
        Kind.SERVICE_HEALTH: _PLATFORM,
        Kind.KUDU_TRACE: _PLATFORM,
        Kind.JSON: _PLATFORM,
        Kind.CONFIG: "21-config",
        Kind.ACTIVITY_LOG: "22-changes",
        Kind.METRICS: _TELEMETRY,
        Kind.LOG_TABLE: _TELEMETRY,
        Kind.CSV: _TELEMETRY,
        Kind.PCAP: _NETWORK,
        Kind.HAR: _NETWORK,
        Kind.KERNEL_DUMP: _PROCESS,
        Kind.PROC_MEMINFO: _PROCESS,
        Kind.PROC_PRESSURE: _PROCESS,
        Kind.PROC_STAT: _PROCESS,
        Kind.PROC_VMSTAT: _PROCESS,
        Kind.PROC_LOADAVG: _PROCESS,
        Kind.PROC_STATUS: _PROCESS,
        Kind.PROC_OTHER: _PROCESS,
        Kind.KUDU_PROCESS: _PROCESS,
        Kind.KUDU_THREAD: _PROCESS,
        Kind.KUDU_MODULE: _PROCESS,
        Kind.THREAD_DUMP: _PROCESS,
        Kind.STACKS: _PROCESS,
        Kind.HS_ERR: _PROCESS,
        Kind.CLASS_HISTOGRAM: _PROCESS,
        Kind.HPROF: _PROCESS,
        Kind.JFR: _PROCESS,
        Kind.MINIDUMP: _PROCESS,
        Kind.ELF_CORE: _PROCESS,
        Kind.GCDUMP: _PROCESS,
        Kind.NETTRACE: _PROCESS,
        Kind.NODE_REPORT: _PROCESS,
    }
)

_LINES = re.compile(r"\.lines-\d+-\d+(?=(?:\.[^./]*)?$)")

_OF_THE_WHOLE_MACHINE = frozenset(kind for kind in Kind if kind.value.startswith("proc-")) | {Kind.KERNEL_DUMP}
_UNTYPED = frozenset({Kind.TEXT, Kind.JSON, Kind.CSV, Kind.XML, Kind.BINARY, Kind.EMPTY})
"""Kinds that say nothing of what a file is about: with a process id they belong to that process."""

_LAYOUT = re.compile(
    r"^(?:00-START-HERE\.md|00-report\.html(?:\.ref\.json)?|00-summary\.json"
    r"|(?:10-questions|11-exclusions|12-timeline|13-findings|20-platform|21-config|22-changes|31-telemetry)/[^/].*"
    r"|30-logs/[^/]+/[^/].*|40-process/[^/]+/[^/]+/[^/].*|41-network/[^/]+/[^/].*"
    r"|90-meta/(?:manifest|plan|gaps|redaction-report|keep-list|kit-verification)\.json"
    r"|90-meta/(?:plan|redaction-report|keep-list)\.json\.ref\.json"
    r"|90-meta/(?:run|custody)\.jsonl(?:\.ref\.json)?|90-meta/SHA256SUMS|90-meta/schemas/[^/]+\.json)$"
)


def fits_layout(member: str) -> bool:
    """Whether the contract knows a place for a member of this name."""
    return _LAYOUT.match(member) is not None


def evidence_names(items: Iterable[Sealed | Withheld]) -> dict[ArtifactId, str]:
    """Artifact to member name, unique and portable; the same for the same items in any order.

    The name ends in the path below `evidence/`, so that a cited path is recognised in it.
    """
    book = NameBook()
    ordered = sorted(items, key=lambda item: (item.path, item.artifact))
    return {item.artifact: book.take(_wanted(item), f"{item.path}\0{item.artifact}") for item in ordered}


def twin_names(items: Iterable[Sealed | Withheld], names: Mapping[ArtifactId, str]) -> dict[ArtifactId, str]:
    """Artifact to the member name of its slim twin, beside that of the dump; `names` are those of all artifacts."""
    twins = {item.artifact: item.slim.path for item in items if isinstance(item, Sealed) and item.slim}
    book = NameBook()
    for name in sorted(names.values()) if twins else ():
        book.take(name, name)
    return {
        artifact: book.take(str(PurePosixPath(names[artifact]).with_name(portable(PurePosixPath(path).name))), path)
        for artifact, path in sorted(twins.items())
    }


def report_names(
    dumps: Iterable[ArtifactId], names: Mapping[ArtifactId, str], taken: Iterable[str]
) -> dict[ArtifactId, str]:
    """Artifact to the member name of what its dump says of itself, beside that of the dump."""
    wanted = sorted(dumps)
    book = NameBook()
    for name in sorted((*names.values(), *taken)) if wanted else ():
        book.take(name, name)
    return {artifact: book.take(names[artifact] + SUFFIX_OF_DUMP_REPORT, names[artifact]) for artifact in wanted}


def window_name(name: str, first: int, last: int, taken: NameBook) -> str:
    """The member name of lines of a file: `x_docker.log` gives `x_docker.lines-1201-1890.log`."""
    path = PurePosixPath(name)
    return taken.take(str(path.with_name(portable(f"{path.stem}.lines-{first}-{last}{path.suffix}"))), name)


def whole_name(member: str) -> str:
    """The name of the whole file that a window is of; any other name is given back."""
    return _LINES.sub("", member)


def _wanted(item: Sealed | Withheld) -> str:
    pattern = _PROCESS if item.pid is not None and item.kind in _UNTYPED else _FOLDERS[item.kind]
    of_no_process = _SYSTEM if item.kind in _OF_THE_WHOLE_MACHINE else _UNKNOWN
    folder = pattern.format(
        instance=portable((item.instance or _UNKNOWN).replace("/", "_"))[:60],
        pid=of_no_process if item.pid is None else item.pid,
    )
    tail = portable(item.path)
    while "/" in tail and len(f"{folder}/{tail}".encode()) > MAX_NAME:
        tail = tail.partition("/")[2]
    return f"{folder}/{tail}"
