"""What the user decided about a ticket before it is filed: kept so that nothing is asked or typed twice."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Document, Sha256, Utc
from escalate.model.incident import Severity
from escalate.model.submission import Classification, SecondaryConsent


class Answers(Document):
    """answers.json; holds no contact. What is None was not decided: the draft's own word counts, or it is asked."""

    schema_: Literal["escalate.answers/v1"] = Field("escalate.answers/v1", alias="schema")
    drafted: Sha256 | None = None
    """Of the drafted title and description that were edited; an edit of another draft is not used."""
    title: str | None = None
    description: str | None = None
    severity: Severity | None = None
    confirmed_24x7: bool = False
    advanced_diagnostics: bool | None = None
    classification: Classification | None = None
    secondary_consents: tuple[SecondaryConsent, ...] = ()
    problem_start: Utc | None = None
    resource_id: str | None = None
