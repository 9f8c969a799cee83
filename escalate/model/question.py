"""The closed questions only Microsoft can answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from escalate.model.base import Document, EvidenceId, Frozen, Utc


class Question(Frozen):
    """One closed question; without a ruled-out list it may not be filed."""

    id: str = Field(pattern=r"^Q[1-5]$")
    text: str
    worker: str | None = None
    instance_id: str | None = None
    window_utc: tuple[Utc, Utc] | None = None
    pid: int | None = None
    host_only_artifact: str
    what_the_answer_decides: str
    why_only_microsoft: str
    ruled_out: tuple[str, ...] = Field(min_length=1)
    evidence: tuple[EvidenceId, ...] = Field(min_length=1)
    status: Literal["open", "answered", "declined"] = "open"


class QuestionsDocument(Document):
    """triage/questions.json."""

    schema_: Literal["escalate.questions/v1"] = Field("escalate.questions/v1", alias="schema")
    questions: tuple[Question, ...] = Field(max_length=5)
