"""What the Support API answers, as plain frozen values; words of closed lists are casefolded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SupportService:
    """An Azure service tickets can be filed under."""

    id: str
    """`/providers/Microsoft.Support/services/{guid}`."""
    name: str
    """Its display name."""
    resource_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """A further consent that a problem type asks for."""

    type: str
    description: str


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A problem classification of a service."""

    id: str
    """`{service id}/problemClassifications/{guid}`."""
    name: str
    """Its display name: "Category / Topic"."""
    consents: tuple[AskedConsent, ...] = ()


@dataclass(frozen=True, slots=True)
class NameCheck:
    """Whether a name may be taken."""

    available: bool
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class SupportTicket:
    """A ticket as the server tells of it; every field may be missing."""

    name: str
    support_ticket_id: str | None = None
    title: str = ""
    severity: str | None = None
    """Casefolded: `minimal`, `moderate`, `critical`, `highestcriticalimpact`."""
    status: str | None = None
    """Casefolded: `open`, `closed`."""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    resource_id: str | None = None
    service_id: str | None = None
    service_name: str | None = None
    classification_id: str | None = None
    classification_name: str | None = None
    advanced_diagnostics: str | None = None
    """Casefolded: `yes`, `no`."""
    require_24x7: bool | None = None
    workspace: str | None = None
    engineer: str | None = field(default=None, repr=False)
    """E-mail address of the engineer who has it."""
    plan: str | None = None
    """Display name of the support plan."""
    sla_start: datetime | None = None
    sla_until: datetime | None = None
    sla_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that the server took: it is done, or an operation has to be watched."""

    operation: str | None = field(default=None, repr=False)
    """URL to poll, signed: a secret. None: done at once."""


@dataclass(frozen=True, slots=True)
class OperationState:
    """How far a long-running operation is."""

    status: str
    """Casefolded: `inprogress`, `succeeded`, `failed`, `canceled`, ..."""
    code: str | None = None
    """`error.code`, when it failed."""
    message: str = ""
    retry_after_s: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ("succeeded", "failed", "canceled", "cancelled")


@dataclass(frozen=True, slots=True)
class Workspace:
    """A place for files."""

    name: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that was declared on the server; says nothing of whether its bytes came."""

    name: str
    size: int | None = None
    chunk_size: int | None = None
    chunks: int | None = None


@dataclass(frozen=True, slots=True)
class Communication:
    """One message of a ticket."""

    name: str
    subject: str = ""
    body: str = field(default="", repr=False)
    direction: str | None = None
    """Casefolded: `inbound` (from the customer), `outbound` (from support)."""
    kind: str | None = None
    """Casefolded: `web`, `phone`."""
    sender: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
