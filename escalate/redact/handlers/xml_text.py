"""XML: event logs, traces of failed requests, web.config, publish profiles; tags and their order stay."""

from __future__ import annotations

import re

from escalate.model.kind import Kind
from escalate.redact.handlers.structured import Plan, StructuredHandler
from escalate.redact.handlers.structured_names import WAKES
from escalate.redact.handlers.structured_spans import Spans
from escalate.redact.handlers.xml_check import tags
from escalate.redact.handlers.xml_secrets import secrets

_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!A-Za-z]")
_FIELDS = (
    rb"(?:buffer|entity|headers|headername|url|querystring|referer|query|user|username|userid|login|upn"
    rb"|ip|clientip|clientipaddress|remoteip|remoteaddress|remoteaddr|clientaddress|calleripaddress)"
)
PLAN = Plan(
    Spans(
        (
            rb"<(?:[\w.-]{1,40}:)?[\w.-]{0,60}" + WAKES + rb"[\s/>]",
            rb"[\s\"'\w:.-]" + WAKES + rb"(?:\s{0,4}=|[\"'])",
            _FIELDS + rb"(?:\s{0,4}=\s{0,4}[\"']|[\"'])",
        ),
        secrets,
    ),
    tags,
)


def is_xml(head: bytes) -> bool:
    """Whether a text begins like XML."""
    return _BEGIN.match(head) is not None


def _plan(head: bytes) -> Plan | None:
    return PLAN if is_xml(head) else None


HANDLER = StructuredHandler("xml", frozenset({Kind.XML, Kind.EVENT_LOG, Kind.FAILED_REQUEST}), _plan)
