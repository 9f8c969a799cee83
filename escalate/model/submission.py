"""Everything that filing a ticket sends, and the record of how far it has come."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import Field

from escalate.model.base import Bytes, CaseId, Document, Frozen, RelativePath, Sha256, Utc
from escalate.model.incident import Contact, Severity
from escalate.model.ticket import Approval

FILE_BYTES = 5_000_000
"""Most bytes of one file: safe for both readings of the API's "5 MB"."""
CHUNK_BYTES = 2_500_000
"""Bytes of every chunk but the last; a file has at most two."""

SERVICE_ID = r"^/providers/Microsoft\.Support/services/[0-9A-Fa-f-]{36}$"
CLASSIFICATION_ID = r"^/providers/Microsoft\.Support/services/[0-9A-Fa-f-]{36}/problemClassifications/[0-9A-Fa-f-]{36}$"


class ConsentAsked(Frozen):
    """A consent beside advanced diagnostics that a classification asks for (`secondaryConsentEnabled`)."""

    type: str
    description: str = ""
    """What the server says it permits."""


class SecondaryConsent(Frozen):
    """The user's answer to a consent that the classification asks for."""

    type: str
    given: bool


class Classification(Frozen):
    """The service and the problem type a ticket is filed under."""

    service_id: str = Field(pattern=SERVICE_ID)
    service_name: str
    id: str = Field(pattern=CLASSIFICATION_ID)
    name: str
    """As the server displays it: "Category / Topic"."""
    source: Literal["live", "cache", "user"]
    read_at: Utc | None = None
    """When the server listed it; None: the user named it and nobody asked the server."""
    reasons: tuple[str, ...] = ()
    """Why it was chosen."""
    asks: tuple[ConsentAsked, ...] = ()


class Upload(Frozen):
    """One file that goes with the ticket."""

    path: RelativePath
    """Below the case folder."""
    name: str
    """On the server: with an extension, at most 110 characters."""
    size: Bytes
    sha256: Sha256


class TicketRequest(Frozen):
    """All that is sent when a ticket is filed, in the forms of the wire; what a person approves is the digest of this.

    It may hold what the rules forbid: `submit.fields.problems` says so before anything is sent.
    """

    case_id: CaseId
    cloud: str = "public"
    """As in `AzureTarget.cloud`."""
    tenant: str | None = None
    subscription: str
    resource_id: str
    """ARM id of the site; a slot is named in the text."""
    name: str
    """The ticket's resource name, derived from the case id."""
    workspace: str
    """Of the files, derived from the case id; when one expires the next has a suffix (`model.ticket_names`)."""
    title: str
    description: str
    severity: Severity
    require_24x7: bool
    confirmed_24x7: bool = False
    """The user agreed, in so many words, to work with Microsoft around the clock."""
    problem_start: Utc
    classification: Classification
    contact: Contact
    """Time zone by its Windows name, country alpha-3, language as the API lists it."""
    copies_to: tuple[str, ...] = ()
    """More e-mail addresses that get every message."""
    advanced_diagnostics: bool
    secondary_consents: tuple[SecondaryConsent, ...] = ()
    attachments: tuple[Upload, ...] = ()

    def digest(self) -> str:
        """SHA-256 over all of it; equal requests have equal digests."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Phase(StrEnum):
    """How far filing has come; each is reached when the server has confirmed it."""

    APPROVED = "approved"
    WORKSPACE_READY = "workspace ready"
    FILES_DONE = "files done"
    TICKET_SENT = "ticket sent"
    """The PUT is on its way or answered; the ticket was not read back yet."""
    OPEN = "open"
    """The ticket was read back from the server."""
    HANDOFF_ONLY = "handoff only"
    """The API refuses for good; the portal packet is the way."""
    FAILED = "failed"
    """Stopped, and may be tried again."""


class WorkspaceRecord(Frozen):
    """One workspace for files; written before it is asked for."""

    name: str
    intended_at: Utc
    expires_at: Utc | None = None
    """As the server says; None: not confirmed."""
    given_up: bool = False
    """It expires too soon, or holds what is no longer to be sent: the next one is taken."""


class FileRecord(Frozen):
    """One try to bring one file to the server; written before each call."""

    path: RelativePath
    workspace: str
    name: str
    """On the server; a later try of the same file ends in -r2, -r3 before the extension."""
    chunks: int = Field(ge=1, le=2)
    declare_answered: bool = False
    sent: tuple[int, ...] = ()
    """Chunks whose call was begun."""
    done: tuple[int, ...] = ()
    """Chunks the server has confirmed (204)."""

    @property
    def is_complete(self) -> bool:
        """Whether the server has confirmed all of it."""
        return self.declare_answered and len(self.done) == self.chunks


class TicketRecord(Frozen):
    """The ticket itself; written before it is asked for."""

    puts: int = 0
    """PUTs begun."""
    last_put_at: Utc | None = None
    """None: none was begun, or the server certainly did nothing with the last one."""
    workspace: str | None = None
    """That the last PUT named."""
    operation: str | None = Field(default=None, repr=False)
    """URL to poll, signed: a secret. Removed when the operation has ended."""
    support_ticket_id: str | None = None
    status: str | None = None
    created_at: Utc | None = None


class Stop(Frozen):
    """Why filing stopped before its end."""

    code: str | None
    """`error.code` of the server."""
    reason: str
    hint: str
    retryable: bool


class SubmissionState(Document):
    """submission.json, 0600: personal data and a signed URL are in it, so it never leaves the case folder."""

    schema_: Literal["escalate.submission/v1"] = Field("escalate.submission/v1", alias="schema")
    request: TicketRequest
    approval: Approval
    phase: Phase = Phase.APPROVED
    workspaces: tuple[WorkspaceRecord, ...] = ()
    files: tuple[FileRecord, ...] = ()
    ticket: TicketRecord = TicketRecord()
    stop: Stop | None = None
