"""Where a ticket stands: whose turn it is, since when, how long each side waited, and what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from escalate.azure.support_values import Communication, SupportTicket
from escalate.model.base import Frozen, Utc
from escalate.submit.afterwards.messages import is_our_name
from escalate.submit.afterwards.secure_upload import masked
from escalate.submit.asks import Ask, asks_in

Side = Literal["support", "you"]


class Standing(Frozen):
    """A ticket as it stands; times UTC, spans in hours."""

    name: str
    number: str | None
    title: str
    status: str
    severity: str | None
    service: str | None
    classification: str | None
    advanced_diagnostics: str | None
    plan: str | None
    engineer: str | None
    """The address that the server names; None: nobody has taken it."""
    filed_at: Utc | None
    first_answer_at: Utc | None
    """The first message of support of any kind, an automatic one too."""
    answer_due_at: Utc | None
    """As the service level says."""
    turn: Side | None
    """Whose turn it is; None: closed."""
    turn_since: Utc | None
    rounds: int
    """How often support asked for something and got a message of ours."""
    on_support_h: float
    """All time that the ticket was open and no ask was."""
    on_you_h: float
    """While an ask of support was open."""
    from_support: int
    from_us: int


def standing(ticket: SupportTicket, messages: Sequence[Communication], now: datetime) -> Standing:
    """Pure. The turn passes to us with a message that asks for something, and back with any message of ours.

    A closed ticket waits for nobody: its clock stops with its last change.
    """
    ordered = in_order(messages)
    closed = ticket.status == "closed"
    end = (ticket.modified_at or now) if closed else now
    start = ticket.created_at or (ordered[0].created_at if ordered else None)
    turn: Side = "support"
    since, rounds = start, 0
    waited = {"support": timedelta(), "you": timedelta()}
    for message in ordered:
        at = message.created_at
        if at is None:
            continue
        passes = (not ours(message) and turn == "support" and bool(asks_in(message.body))) or (
            ours(message) and turn == "you"
        )
        if passes:
            waited[turn] += max(at - since, timedelta()) if since else timedelta()
            rounds += turn == "you"
            turn, since = ("you" if turn == "support" else "support"), at
    if since is not None:
        waited[turn] += max(end - since, timedelta())
    theirs = [message for message in ordered if not ours(message)]
    return Standing(
        name=ticket.name,
        number=ticket.support_ticket_id,
        title=ticket.title,
        status=ticket.status or "unknown",
        severity=ticket.severity,
        service=ticket.service_name,
        classification=ticket.classification_name,
        advanced_diagnostics=ticket.advanced_diagnostics,
        plan=ticket.plan,
        engineer=ticket.engineer,
        filed_at=ticket.created_at,
        first_answer_at=next((message.created_at for message in theirs), None),
        answer_due_at=ticket.sla_until,
        turn=None if closed else turn,
        turn_since=None if closed else since,
        rounds=rounds,
        on_support_h=_hours(waited["support"]),
        on_you_h=_hours(waited["you"]),
        from_support=len(theirs),
        from_us=len(ordered) - len(theirs),
    )


def open_asks(messages: Sequence[Communication]) -> tuple[Ask, ...]:
    """What support asked for since our last message; any message of ours counts as an answer to all before it."""
    found: dict[str, Ask] = {}
    for message in in_order(messages):
        if ours(message):
            found.clear()
        else:
            found |= {ask.text.casefold(): ask for ask in asks_in(masked(message.body))}
    return tuple(found.values())


def in_order(messages: Sequence[Communication]) -> tuple[Communication, ...]:
    """Oldest first; those without a time at their place."""
    first = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(messages, key=lambda message: message.created_at or first))


def ours(message: Communication) -> bool:
    """Seen from Microsoft, what the customer writes is inbound (recordings of 2020 and 2024); examples differ."""
    return message.direction == "inbound" or is_our_name(message.name)


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)
