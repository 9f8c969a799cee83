"""What filing leaves behind: the request as it went over the wire, the server's answer, and receipt.json."""

from __future__ import annotations

import json
from dataclasses import asdict

from escalate.azure.support_values import SupportTicket
from escalate.azure.support_wire import wire_body
from escalate.case.forget_contact import REQUEST
from escalate.case.layout import Room
from escalate.case.store import Case
from escalate.model.submission import Phase, SubmissionState, TicketRequest
from escalate.model.ticket import Attachment, Receipt

TICKET = "ticket.json"

CONFIRM_CONSENT = (
    "look in the portal whether the consent to advanced diagnostics arrived as you gave it (the ticket, then Advanced"
    " diagnostic information)"
)
_NOT_FINISHED = "the server has not finished with the ticket: run escalate submit again"
_NO_NUMBER = "the ticket has no number yet: run escalate ticket status"


def write_request(case: Case, request: TicketRequest) -> None:
    """receipts/request.json: the body of the PUT."""
    _write(case, REQUEST, wire_body(request, request.workspace if request.attachments else None))


def write_ticket(case: Case, found: SupportTicket) -> None:
    """receipts/ticket.json: the ticket as it was read back."""
    _write(case, TICKET, asdict(found))


def write_receipt(case: Case) -> Receipt:
    """receipt.json, from what stands in submission.json."""
    state = case.read(SubmissionState)
    request, ticket = state.request, state.ticket
    receipt = Receipt(
        case_id=request.case_id,
        ticket_name=request.name,
        support_ticket_id=ticket.support_ticket_id,
        approval=state.approval,
        attachments=_sent(state),
        cloud=request.cloud,
        tenant=request.tenant,
        subscription=request.subscription,
        resource_id=request.resource_id,
        severity=request.severity,
        advanced_diagnostics=request.advanced_diagnostics,
        service=request.classification.service_name,
        problem_classification=request.classification.name,
        workspace=ticket.workspace,
        status=ticket.status,
        filed_at=ticket.created_at,
        pending=_pending(state),
    )
    case.write(receipt)
    return receipt


def _sent(state: SubmissionState) -> tuple[Attachment, ...]:
    whole = {each.path for each in state.files if each.workspace == state.ticket.workspace and each.is_complete}
    return tuple(
        Attachment(path=each.path, size=each.size, sha256=each.sha256)
        for each in state.request.attachments
        if each.path in whole
    )


def _pending(state: SubmissionState) -> tuple[str, ...]:
    if state.phase is not Phase.OPEN:
        return (_NOT_FINISHED,)
    return (*(() if state.ticket.support_ticket_id else (_NO_NUMBER,)), CONFIRM_CONSENT)


def _write(case: Case, name: str, data: dict[str, object]) -> None:
    with case.new_file(Room.RECEIPTS, name) as handle:
        handle.write(json.dumps(data, ensure_ascii=False, indent=1, default=str).encode() + b"\n")
