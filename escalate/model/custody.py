"""The chain of custody: who did what with the evidence, and when; each entry carries the hash of the one before."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field

from escalate.model.base import CaseId, Frozen, Sha256, Utc

Action = Literal["collected", "sealed", "bundled", "signed", "encrypted", "approved", "sent", "purged"]

FIRST = "0" * 64
"""What the first entry names as the one before."""


class CustodyEntry(Frozen):
    """One act; nothing here names a person, so that the chain can travel and still be checked."""

    number: int = Field(ge=1)
    case_id: CaseId
    at: Utc
    action: Action
    subject: str = Field(min_length=1, max_length=200)
    """What it was done to: the name of a file of the case, or of a ticket."""
    sha256: Sha256 | None = None
    """Of the subject as it was then."""
    actor_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    """The first 16 digits of SHA-256 of `<salt>:<actor>`: the same for one person on one machine in one case."""
    tool_version: str
    previous: Sha256
    digest: Sha256

    def true_digest(self) -> str:
        """SHA-256 over the canonical JSON of all other fields (keys in the order of this class)."""
        return hashlib.sha256(self.model_dump_json(exclude={"digest"}).encode()).hexdigest()


class CustodyRecord(Frozen):
    """One line of custody.jsonl: the entry, and what stays with the customer."""

    entry: CustodyEntry
    actor: str
    """User and machine."""
    salt: str
    """Of this case: with it and the actor's name an `actor_id` can be proved later."""
