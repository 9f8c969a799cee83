"""Plain text and snapshots of /proc, of which some are lists with NULs between: environ, cmdline."""

from __future__ import annotations

from escalate.model.kind import Kind
from escalate.redact.handlers.report import LINES
from escalate.redact.handlers.structured import Plan, StructuredHandler


def _plan(head: bytes) -> Plan | None:
    return LINES if b"\0" in head else None


HANDLER = StructuredHandler("text-list", frozenset({Kind.PROC_OTHER, Kind.TEXT}), _plan)
