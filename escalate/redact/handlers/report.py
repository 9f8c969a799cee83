"""Reports, stacks, transcripts and settings: environment, arguments and local variables by their names."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.redact.handlers.json_text import PLAN as JSON
from escalate.redact.handlers.json_text import is_json
from escalate.redact.handlers.report_settings import settings
from escalate.redact.handlers.structured import Plan, StructuredHandler
from escalate.redact.handlers.structured_names import WAKES
from escalate.redact.handlers.structured_spans import Spans
from escalate.redact.handlers.xml_text import PLAN as XML
from escalate.redact.handlers.xml_text import is_xml

LINES = Plan(Spans((WAKES + rb"[\"']?\s{0,4}[=:]", WAKES + rb"\x00"), settings))


def _plan(head: bytes) -> Plan:
    if is_json(head):
        return JSON
    return XML if is_xml(head) else LINES


HANDLER = StructuredHandler(
    "report",
    frozenset({Kind.STACKS, Kind.THREAD_DUMP, Kind.HS_ERR, Kind.SHELL_TRANSCRIPT, Kind.CONFIG}),
    _plan,
)
