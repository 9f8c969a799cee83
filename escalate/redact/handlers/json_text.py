"""JSON and lines of JSON: members by name, wherever they stand; every byte that is not replaced stays."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.redact.handlers.json_check import skeleton
from escalate.redact.handlers.json_members import members
from escalate.redact.handlers.structured import Plan, StructuredHandler
from escalate.redact.handlers.structured_names import WAKES
from escalate.redact.handlers.structured_spans import Spans

_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
PLAN = Plan(Spans((WAKES + rb"\\{0,7}\"",), members), skeleton)


def is_json(head: bytes) -> bool:
    """Whether a text begins like JSON."""
    return _BEGIN.match(head) is not None


def _plan(head: bytes) -> Plan | None:
    return PLAN if is_json(head) else None


HANDLER = StructuredHandler(
    "json",
    frozenset(
        {
            Kind.JSON,
            Kind.NODE_REPORT,
            Kind.KUDU_PROCESS,
            Kind.KUDU_THREAD,
            Kind.KUDU_MODULE,
            Kind.KUDU_TRACE,
            Kind.DETECTOR,
            Kind.ACTIVITY_LOG,
            Kind.RESOURCE_HEALTH,
            Kind.SERVICE_HEALTH,
        }
    ),
    _plan,
)
