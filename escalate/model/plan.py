"""What will be done, at what cost, and what will not be done and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from escalate.model.base import Bytes, CaseId, CollectorId, Document, Frozen, StepId, Utc
from escalate.model.survey import Platform, Survey
from escalate.model.target import Target


class Consent(StrEnum):
    """What a collector needs before it may run."""

    ALWAYS = "always"
    ASK = "ask"
    GUIDED = "guided"
    """Never run by us: the hint says how a person does it."""


class Sensitivity(StrEnum):
    """How dangerous the raw artifact is; redaction decides what may leave."""

    NUMBERS = "numbers"
    NAMES = "names"
    TEXT = "text"
    MEMORY = "memory"


class FileRequest(Frozen):
    """A plain read; `{pid}` stands for the process."""

    method: Literal["file"] = "file"
    reads: tuple[str, ...] = Field(min_length=1)


class CommandRequest(Frozen):
    """A plain command, never through a shell; `{pid}` stands for the process."""

    method: Literal["command"] = "command"
    argv: tuple[str, ...] = Field(min_length=1)
    output: str


class ArmRequest(Frozen):
    """One request to ARM, its answer saved as it came.

    In path, query and output `{site}`, `{plan}`, `{environment}`, `{subscription}`, `{worker}` (ARM instance id),
    `{machine}`, `{sibling}` (resource id), `{name}` (of the sibling), `{start}` and `{end}` (of the window, RFC 3339)
    are filled in. A site without plan or environment skips the requests that name it.
    """

    method: Literal["arm"] = "arm"
    verb: Literal["GET", "POST"] = "GET"
    path: str
    api_version: str = "2025-05-01"
    query: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    paged: bool = False
    """Follow `nextLink` (same host only); the pages are saved as one document with all of `value`."""
    output: str
    """Below `evidence/azure/`."""


class KuduRequest(Frozen):
    """One request to the SCM site, its answer saved as it came; placeholders as in `ArmRequest`."""

    method: Literal["kudu"] = "kudu"
    path: str
    query: dict[str, str] = Field(default_factory=dict)
    output: str
    """Below `evidence/kudu/`."""


class KuduCommandRequest(Frozen):
    """One fixed command in the Kudu site (Windows: beside the app in its sandbox; Linux: in Kudu's own container)."""

    method: Literal["kudu-command"] = "kudu-command"
    command: str
    output: str


class ContainerCommandRequest(Frozen):
    """One fixed shell command in the app's own Linux container, detached and polled through /home."""

    method: Literal["container-command"] = "container-command"
    command: str
    """For `/bin/sh -c`; `{pid}` stands for the main process of the app, `{output}` for a file to write."""
    output: str


class QueryRequest(Frozen):
    """One KQL query over the window; the text is saved as `.kql` beside the result."""

    method: Literal["query"] = "query"
    over: Literal["workspace", "component"]
    """A Log Analytics workspace of the diagnostic settings, or the Application Insights component."""
    tables: tuple[str, ...] = Field(min_length=1)
    """What it reads; a workspace that has none of them answers Missing, with the category to switch on."""
    kql: str
    output: str


Request = Annotated[
    FileRequest
    | CommandRequest
    | ArmRequest
    | KuduRequest
    | KuduCommandRequest
    | ContainerCommandRequest
    | QueryRequest,
    Field(discriminator="method"),
]


class CatalogueEntry(Frozen):
    """One collector: what it gets, why, what it costs, and where that is known from."""

    id: CollectorId
    title: str
    why: str
    """Which of support's usual questions it answers."""
    answers: tuple[str, ...] = ()
    """Support's usual questions it answers, by the keys of `model/usual_questions.py`."""
    scope: Literal["system", "process", "intake", "site", "worker", "worst-worker", "sibling"]
    """What one step is about; the last four only for targets in Azure."""
    platforms: tuple[Platform, ...] = ()
    """Only on these; empty: on all."""
    permission: str | None = None
    """The ARM action it needs (`Microsoft.Web/sites/publish/Action`)."""
    tiers: tuple[str, ...] = ()
    """Only on plans of these tiers; empty: on all."""
    fallbacks: tuple[CollectorId, ...] = ()
    """What is tried, or worth a try, when this does not answer."""
    runtimes: tuple[str, ...] = ()
    """Only for processes of these runtimes (`java`, `dotnet`, `node`, `python`); empty: any."""
    volatility: int = Field(ge=1, le=5)
    """1 gone in seconds ... 5 retained for weeks; the plan runs 1 first."""
    consent: Consent
    include: str | None = None
    """The `--include` word that gives the consent (dumps, heap, profiles, network, histogram, keys)."""
    effects: str
    """What it does to the app, in words a person can agree to."""
    seconds: float = Field(ge=0)
    """Expected duration."""
    timeout_s: float = Field(gt=0)
    stall_s: float = Field(gt=0)
    """Given up when no byte and no sign of life came for this long."""
    max_bytes: Bytes
    sensitivity: Sensitivity
    obtain: str
    """The command that gets it by hand; shown whenever we do not have it."""
    source: str
    """Where the fact that this works is known from."""
    host_owned: bool = False
    """What it asks for belongs to the owner of the host: a refusal is an answer, recorded, and not evidence missing."""
    may_be_absent: bool = False
    """Stamps, tiers or apps without it are ordinary: Missing is an answer, recorded, and not evidence missing."""
    late: bool = False
    """Telemetry that arrives minutes late: asked for again at the end of the collection."""
    request: Request | None = None
    """A plain request; without one a collector in Python of the same id does the steps."""


class Run(Frozen):
    """One step that will be done."""

    step: Literal["run"] = "run"
    id: StepId
    collector: CollectorId
    title: str
    pid: int | None = None
    worker: str | None = None
    """`arm_id` of the worker it is about."""
    sibling: str | None = None
    """Resource id of the sibling app it is about."""
    late: bool = False
    """The second pass for late telemetry."""
    effects: str
    seconds: float
    max_bytes: Bytes


class Skip(Frozen):
    """One step that will not be done."""

    step: Literal["skip"] = "skip"
    id: StepId
    collector: CollectorId
    title: str
    pid: int | None = None
    worker: str | None = None
    sibling: str | None = None
    late: bool = False
    denied: bool = False
    """The role of the signed-in identity does not allow it: recorded as Denied, which is evidence missing."""
    reason: str
    hint: str


class Budget(Frozen):
    """Bounds on the whole collection."""

    max_bytes: Bytes
    max_seconds: float = Field(gt=0)


class Plan(Document):
    """plan.json: the steps in the order in which they run."""

    schema_: Literal["escalate.plan/v1"] = Field("escalate.plan/v1", alias="schema")
    case_id: CaseId
    created_at: Utc
    target: Target
    survey: Survey | None = None
    """Only for targets in Azure."""
    budget: Budget
    consents: tuple[str, ...]
    """The `--include` words the user gave."""
    steps: tuple[Annotated[Run | Skip, Field(discriminator="step")], ...]
