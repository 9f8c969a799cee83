"""What will be done, at what cost, and what will not be done and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from escalate.model.base import Bytes, CaseId, CollectorId, Document, Frozen, StepId, Utc
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


class CatalogueEntry(Frozen):
    """One collector: what it gets, why, what it costs, and where that is known from."""

    id: CollectorId
    title: str
    why: str
    """Which of support's usual questions it answers."""
    scope: Literal["system", "process", "intake"]
    runtimes: tuple[str, ...] = ()
    """Only for processes of these runtimes (`java`, `dotnet`, `node`, `python`); empty: any."""
    volatility: int = Field(ge=1, le=5)
    """1 gone in seconds ... 5 retained for weeks; the plan runs 1 first."""
    consent: Consent
    include: str | None = None
    """The `--include` word that gives the consent (dumps, heap, profiles, network, histogram)."""
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
    request: Annotated[FileRequest | CommandRequest, Field(discriminator="method")] | None = None
    """A plain request; without one a collector in Python of the same id does the steps."""


class Run(Frozen):
    """One step that will be done."""

    step: Literal["run"] = "run"
    id: StepId
    collector: CollectorId
    title: str
    pid: int | None = None
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
    budget: Budget
    consents: tuple[str, ...]
    """The `--include` words the user gave."""
    steps: tuple[Annotated[Run | Skip, Field(discriminator="step")], ...]
