"""Every document that is written to disk, by schema name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from escalate.model.answers import Answers
from escalate.model.artifact import EvidenceDocument
from escalate.model.base import Document
from escalate.model.case import CaseDocument
from escalate.model.diff import DiffDocument
from escalate.model.differential import DifferentialDocument
from escalate.model.exclusion import ExclusionsDocument
from escalate.model.finding import FindingsDocument
from escalate.model.follow_up import FollowUp
from escalate.model.manifest import BundleDocument, Manifest, VerificationDocument, VerificationSet
from escalate.model.plan import Plan
from escalate.model.question import QuestionsDocument
from escalate.model.redaction import RedactionDocument
from escalate.model.submission import SubmissionState
from escalate.model.ticket import Receipt, Ticket
from escalate.model.timeline import TimelineDocument

DOCUMENTS: Mapping[str, type[Document]] = MappingProxyType(
    {
        kind.schema_name(): kind
        for kind in (
            CaseDocument,
            Plan,
            EvidenceDocument,
            FindingsDocument,
            QuestionsDocument,
            ExclusionsDocument,
            DifferentialDocument,
            TimelineDocument,
            RedactionDocument,
            Ticket,
            Manifest,
            BundleDocument,
            VerificationDocument,
            VerificationSet,
            DiffDocument,
            Answers,
            SubmissionState,
            Receipt,
            FollowUp,
        )
    }
)


def schema_file_name(schema: str) -> str:
    """`escalate.plan/v1` lives in `plan.v1.schema.json`."""
    name, _, version = schema.removeprefix("escalate.").partition("/")
    return f"{name}.{version}.schema.json"
