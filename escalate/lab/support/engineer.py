"""The engineer at the other end: takes a ticket, asks, changes severity, closes."""

from __future__ import annotations

import uuid

from escalate.lab.support.desk import SupportDesk
from escalate.lab.support.records import Communication, Severity, Ticket

EMAIL = "kim.engineer@microsoft.example"
"""Nobody's."""


def come(desk: SupportDesk) -> None:
    """Take every open ticket that waited for so long as the lab was set up for, and ask."""
    after = desk.setup.engineer_after
    if after is None:
        return
    for ticket in desk.tickets.values():
        if ticket.engineer is None and ticket.status == "Open" and desk.clock.now() - ticket.created >= after:
            take(desk, ticket)
            ask(desk, ticket)


def take(desk: SupportDesk, ticket: Ticket, *, working: bool = True) -> None:
    """Become the ticket's engineer; while `working`, its severity cannot be changed by the customer."""
    with desk.lock:
        ticket.engineer = EMAIL
        ticket.working = working
        ticket.modified = desk.clock.now()


def ask(desk: SupportDesk, ticket: Ticket, body: str = "", subject: str = "") -> Communication:
    """Write to the customer; without a text, what engineers ask first: a dump, the instance, the time."""
    with desk.lock:
        message = Communication(
            name=str(uuid.uuid4()),
            sender=ticket.engineer or EMAIL,
            subject=subject or f"Your question {ticket.ticket_id}",
            body=body or desk.question,
            created=desk.clock.now(),
            from_engineer=True,
        )
        return desk.add(ticket, message)


def rate(desk: SupportDesk, ticket: Ticket, severity: Severity) -> None:
    """Change the severity, as an engineer may at any time."""
    with desk.lock:
        ticket.sent["severity"] = severity
        ticket.modified = desk.clock.now()


def close(desk: SupportDesk, ticket: Ticket) -> None:
    """Close the ticket."""
    with desk.lock:
        ticket.status = "Closed"
        ticket.working = False
        ticket.modified = desk.clock.now()
