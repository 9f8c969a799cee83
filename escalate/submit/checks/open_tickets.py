"""Whether the ticket, or another about the same resource, is open already."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import SupportTicket
from escalate.model.resource_id import same_resource
from escalate.submit.checks.check import Check

NAME = "open tickets"
LOOK_BACK = timedelta(days=14)


def own_name(support: Support, name: str) -> Check:
    """Whether our name is free; a ticket that has it is ours, because it derives from the case."""
    try:
        found = support.ticket(name)
        if found is not None:
            return Check(
                "name",
                "warning",
                f"the ticket {name} is filed already ({found.support_ticket_id or 'no number yet'})",
                hint="escalate submit goes on with it and files nothing",
                ticket=name,
            )
        checked = support.check_ticket_name(name)
    except SupportFailure as failure:
        return Check("name", "unknown", f"the name {name} could not be checked: {failure.reason}")
    if checked.available:
        return Check("name", "ok", f"the name {name} is free")
    return Check(
        "name",
        "stop",
        f"the name {name} cannot be taken: {checked.message or checked.reason}",
        hint="report this: names derive from the case id; a new case has another",
        code="name-taken",
    )


def open_tickets(
    support: Support, now: datetime, resource_id: str, title: str, *, own: str, allow: bool
) -> tuple[Check, ...]:
    """One finding for each open ticket of the last two weeks that names the resource or has the same title."""
    since = (now - LOOK_BACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        found = support.tickets(f"Status eq 'Open' and CreatedDate ge {since}")
    except SupportFailure as failure:
        return (Check(NAME, "unknown", f"open tickets could not be listed: {failure.reason}"),)
    hits = [each for each in found if each.name != own and _same(each, resource_id, title)]
    if not hits:
        return (Check(NAME, "ok", f"no other open ticket of the last {LOOK_BACK.days} days is about this app"),)
    return tuple(_hit(each, allow=allow) for each in hits)


def _same(found: SupportTicket, resource_id: str, title: str) -> bool:
    if found.status not in (None, "open"):
        return False
    if found.resource_id and same_resource(found.resource_id, resource_id):
        return True
    return not found.resource_id and _normal(found.title) == _normal(title)


def _normal(title: str) -> str:
    return " ".join(title.casefold().split())


def _hit(found: SupportTicket, *, allow: bool) -> Check:
    number = found.support_ticket_id or found.name
    return Check(
        NAME,
        "warning" if allow else "stop",
        f"ticket {number} ({found.name}) about this app is open, filed {_day(found.created_at)}",
        hint="send the kit to it instead: escalate ticket attach KIT.zip --case DIR, with the case it was filed from,"
        " or by its page in the portal; or file another with --allow-duplicate",
        code="" if allow else "duplicate",
        ticket=found.name,
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "at an unknown time"
