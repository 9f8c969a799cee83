"""case.json: what the case is about."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import CaseId, Document, Utc
from escalate.model.incident import Incident
from escalate.model.target import Target


class CaseDocument(Document):
    """case.json; written once, when the case is opened."""

    schema_: Literal["escalate.case/v1"] = Field("escalate.case/v1", alias="schema")
    id: CaseId
    created_at: Utc
    tool_version: str
    target: Target
    incident: Incident
