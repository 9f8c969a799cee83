"""Where things stand in a case folder (contract: "Case folder")."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType

from escalate.model.answers import Answers
from escalate.model.artifact import EvidenceDocument
from escalate.model.base import Document
from escalate.model.case import CaseDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.follow_up import FollowUp
from escalate.model.manifest import BundleDocument
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument
from escalate.model.submission import SubmissionState
from escalate.model.ticket import Receipt, Ticket
from escalate.model.timeline import TimelineDocument


class Room(StrEnum):
    """The folders of a case."""

    EVIDENCE = "evidence"
    TRIAGE = "triage"
    REDACTED = "redacted"
    DRAFT = "draft"
    BUNDLE = "bundle"
    RECEIPTS = "receipts"
    """What the server answered, one file an event."""
    PRIVATE = "private"
    SCRATCH = ".scratch"
    """Half-made files; emptied whenever a case is opened for writing."""


JOURNAL = "journal.jsonl"
LOCK = ".lock"

DOCUMENT_PATHS: Mapping[type[Document], PurePosixPath] = MappingProxyType(
    {
        CaseDocument: PurePosixPath("case.json"),
        Plan: PurePosixPath("plan.json"),
        EvidenceDocument: PurePosixPath("evidence.json"),
        FindingsDocument: PurePosixPath("triage/findings.json"),
        QuestionsDocument: PurePosixPath("triage/questions.json"),
        ExclusionsDocument: PurePosixPath("triage/exclusions.json"),
        DifferentialDocument: PurePosixPath("triage/differential.json"),
        TimelineDocument: PurePosixPath("triage/timeline.json"),
        RedactionDocument: PurePosixPath("redaction.json"),
        Ticket: PurePosixPath("draft/ticket.json"),
        BundleDocument: PurePosixPath("manifest.json"),
        Answers: PurePosixPath("answers.json"),
        SubmissionState: PurePosixPath("submission.json"),
        Receipt: PurePosixPath("receipt.json"),
        FollowUp: PurePosixPath("follow-up.json"),
    }
)

RESERVED_BELOW_REDACTED = ("triage", "case")
"""First folder names below `redacted/` that hold our own documents; evidence may not use them."""

SEALED_PATHS: Mapping[type[Document], PurePosixPath] = MappingProxyType(
    {
        CaseDocument: PurePosixPath("case/case.json"),
        Plan: PurePosixPath("case/plan.json"),
        EvidenceDocument: PurePosixPath("case/evidence.json"),
        FindingsDocument: PurePosixPath("triage/findings.json"),
        QuestionsDocument: PurePosixPath("triage/questions.json"),
        ExclusionsDocument: PurePosixPath("triage/exclusions.json"),
        DifferentialDocument: PurePosixPath("triage/differential.json"),
        TimelineDocument: PurePosixPath("triage/timeline.json"),
    }
)
"""Redacted copies of our own documents, below `redacted/`: all that draft and bundle may read of them."""

LATER_DOCUMENTS: frozenset[type[Document]] = frozenset({DifferentialDocument})
"""Documents that cases of earlier versions do not have; who reads them asks first."""

SEALED_JOURNAL = PurePosixPath("case/run.jsonl")
"""The redacted copy of the journal up to triage."""
