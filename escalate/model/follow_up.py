"""What was said and sent to a ticket after it was filed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import CaseId, Document, Frozen, Sha256, Utc
from escalate.model.submission import Upload


class NoteRecord(Frozen):
    """One message of ours; written before it is sent."""

    number: int = Field(ge=1)
    name: str
    """On the server: of number and digest, so that a retry cannot post it twice."""
    subject: str
    """As sent: with pseudonyms."""
    digest: Sha256
    """Over case id, subject and body as sent."""
    intended_at: Utc
    put_at: Utc | None = None
    """When the last PUT began whose answer may be lost."""
    operation: str | None = Field(default=None, repr=False)
    """URL to poll, signed: a secret. Removed when the message was read back."""
    sent_at: Utc | None = None
    """When the server confirmed it; None: nobody knows yet."""


class DeliveryRecord(Frozen):
    """One file that was sent to the ticket's own workspace; written before it is sent."""

    upload: Upload
    workspace: str
    intended_at: Utc
    name: str | None = None
    """On the server."""
    sent_at: Utc | None = None


class FollowUp(Document):
    """follow-up.json, 0600: it may hold a signed URL, so it never leaves the case folder."""

    schema_: Literal["escalate.follow-up/v1"] = Field("escalate.follow-up/v1", alias="schema")
    case_id: CaseId
    ticket_name: str
    notes: tuple[NoteRecord, ...] = ()
    deliveries: tuple[DeliveryRecord, ...] = ()
