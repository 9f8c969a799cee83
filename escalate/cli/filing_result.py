"""How filing ended, for a person and for a program, with the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.errors import ExitCode
from escalate.model.submission import Phase, Stop, SubmissionState
from escalate.model.ticket import Receipt

Result = tuple[dict[str, Any], str, ExitCode]

SCHEMA = "escalate.submit/v1"


def result_of(case: Case, state: SubmissionState) -> Result:
    """Filed, under way, or not to be filed by API."""
    if state.phase is Phase.OPEN:
        return _filed(case)
    if case.has(Receipt) and state.ticket.last_put_at is not None:
        return _under_way(case, state)
    stop = state.stop or Stop(
        code=None, reason="filing did not begin", hint="run escalate submit again", retryable=True
    )
    return handed_over(case, stop)


def handed_over(case: Case, stop: Stop) -> Result:
    """Not filed: what stands against it, and the packet for the portal."""
    packet = portal_packet(case)
    data = {
        "schema": SCHEMA,
        "filed": False,
        "case": str(case.root),
        "reason": stop.reason,
        "code": stop.code,
        "hint": stop.hint,
        "may_be_tried_again": stop.retryable,
        "portal_packet": str(packet) if packet else None,
        "exit_code": int(ExitCode.PORTAL_PACKET),
    }
    lines = [
        f"not filed: {stop.reason}",
        f"to do     {stop.hint}",
        *([f"packet    {packet}: what to paste into the portal, field by field"] if packet else []),
        *([f"again     escalate submit --case {case.root}"] if stop.retryable else []),
        "Nothing is lost: the kit, the text and your answers are in the case.",
    ]
    return data, "\n".join(lines), ExitCode.PORTAL_PACKET


def portal_packet(case: Case) -> Path | None:
    """What a person pastes where the API says no; the whole text of the ticket where the draft has no packet."""
    places = (case.path(Room.DRAFT, "handoff/portal.md"), case.path(Room.DRAFT, "ticket.md"))
    return next((place for place in places if place.is_file()), None)


def _filed(case: Case) -> Result:
    receipt = case.read(Receipt)
    code = ExitCode.DONE if receipt.support_ticket_id else ExitCode.PENDING
    number = receipt.support_ticket_id or "(no number yet)"
    data = {"schema": SCHEMA, "filed": True, **_facts(case, receipt), "exit_code": int(code)}
    lines = [
        f"filed     ticket {number} ({receipt.ticket_name}), {receipt.status or 'open'}",
        *(f"attached  {each.path}  {each.size:,} bytes  sha256 {each.sha256}" for each in receipt.attachments),
        f"receipt   {case.root / 'receipt.json'}",
        *(f"to do     {each}" for each in receipt.pending),
        f"next      escalate ticket status --case {case.root}",
    ]
    return data, "\n".join(lines), code


def _under_way(case: Case, state: SubmissionState) -> Result:
    receipt = case.read(Receipt)
    stop = state.stop
    data = {
        "schema": SCHEMA,
        "filed": None,
        **_facts(case, receipt),
        "reason": stop.reason if stop else None,
        "code": stop.code if stop else None,
        "exit_code": int(ExitCode.PENDING),
    }
    lines = [
        f"sent, and not confirmed yet: {stop.reason if stop else 'the run was cut short'}",
        f"next      escalate submit --case {case.root}  (it asks how far it is, and files nothing twice)",
    ]
    return data, "\n".join(lines), ExitCode.PENDING


def _facts(case: Case, receipt: Receipt) -> dict[str, Any]:
    return {
        "case": str(case.root),
        "ticket_name": receipt.ticket_name,
        "support_ticket_id": receipt.support_ticket_id,
        "status": receipt.status,
        "workspace": receipt.workspace,
        "attachments": [each.model_dump(mode="json") for each in receipt.attachments],
        "pending": list(receipt.pending),
    }
