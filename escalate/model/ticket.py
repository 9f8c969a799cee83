"""The draft of the ticket, and what filing it leaves behind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Bytes, CaseId, Document, Frozen, RelativePath, Sha256, Utc
from escalate.model.incident import Contact, Severity


class Attachment(Frozen):
    """A file that would go with the ticket."""

    path: RelativePath
    size: Bytes
    sha256: Sha256


class Ticket(Document):
    """draft/ticket.json. Title and description caps are ours; the API states none."""

    schema_: Literal["escalate.ticket/v1"] = Field("escalate.ticket/v1", alias="schema")
    case_id: CaseId
    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{2,62}$")
    """The ticket's resource name, derived from the case id: a retry cannot file twice."""
    title: str = Field(max_length=250)
    description: str = Field(max_length=8000)
    severity: Severity
    resource_id: str | None
    problem_start: Utc | None
    service: str = "to be resolved when the ticket is filed"
    problem_classification: str = "to be resolved when the ticket is filed"
    advanced_diagnostics: bool | None = None
    """None: not asked yet; never defaulted."""
    contact: Contact | None = None
    """Filled in when the ticket is filed; drafts hold no personal data."""
    blockers: tuple[str, ...] = ()
    """Sentences: why this ticket must not be filed as it is; empty when nothing stands against it."""


class Approval(Frozen):
    """The user's yes, pinned to bytes."""

    digest: Sha256
    approved_at: Utc


class Receipt(Document):
    """receipt.json: what filing led to."""

    schema_: Literal["escalate.receipt/v1"] = Field("escalate.receipt/v1", alias="schema")
    case_id: CaseId
    ticket_name: str
    support_ticket_id: str | None
    approval: Approval
    attachments: tuple[Attachment, ...]
    cloud: str = "public"
    tenant: str | None = None
    subscription: str | None = None
    """Where the ticket lives; with these and its name it is found again."""
    resource_id: str | None = None
    severity: Severity | None = None
    advanced_diagnostics: bool | None = None
    service: str | None = None
    problem_classification: str | None = None
    workspace: str | None = None
    """That the ticket was filed with; later files go to the one whose name is `support_ticket_id`."""
    status: str | None = None
    filed_at: Utc | None = None
    """When the server says the ticket was created."""
    pending: tuple[str, ...] = ()
    """What is still to be done or awaited, in words."""
