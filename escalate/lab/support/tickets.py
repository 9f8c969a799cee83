"""Tickets: create, read, list, change."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support import ticket_rules as rules
from escalate.lab.support.casing import spelled
from escalate.lab.support.clock import wire
from escalate.lab.support.desk import PLAN_ID, SupportDesk
from escalate.lab.support.filters import size, wanted
from escalate.lab.support.long_running import accepted
from escalate.lab.support.names import check_ticket_name
from escalate.lab.support.operation import route
from escalate.lab.support.records import Failure, Ticket
from escalate.lab.support.refusals import absent, denied, invalid, malformed
from escalate.lab.world import SUBSCRIPTION, Json

USUAL_PAGE, BIGGEST_PAGE = 25, 100
_MINUTES = {"minimal": 240, "moderate": 120, "critical": 60, "highestcriticalimpact": 60}
"""Until the first answer in ProDirect: 240 and 120 as recorded, 60 by the plans' page."""
_PATCHED = frozenset({"severity", "status", "contactDetails", "advancedDiagnosticConsent", "secondaryConsent"})


def ticket_named(ask: Ask) -> Ticket:
    """The ticket that the path names.

    Raises:
        Refusal: there is none.
    """
    name = ask.args["ticket"]
    ticket = ask.state.support.tickets.get(name.lower())
    if ticket is None:
        raise absent("Microsoft.Support/supportTickets", name)
    return ticket


def as_json(desk: SupportDesk, ticket: Ticket) -> Json:
    """A ticket as answers have it."""
    service, classification = rules.parts(ticket.sent)
    contact = {**ticket.sent["contactDetails"]}
    contact["preferredContactMethod"] = spelled(desk, contact["preferredContactMethod"])
    minutes = _MINUTES[ticket.severity]
    properties: Json = {
        **ticket.sent,
        "supportTicketId": ticket.ticket_id,
        "severity": spelled(desk, ticket.severity),
        "contactDetails": contact,
        "require24X7Response": bool(ticket.sent.get("require24X7Response")),
        "advancedDiagnosticConsent": str(ticket.sent["advancedDiagnosticConsent"]).capitalize(),
        "serviceDisplayName": service.name,
        "problemClassificationDisplayName": classification.name,
        "fileWorkspaceName": ticket.sent.get("fileWorkspaceName") or ticket.ticket_id,
        "supportPlanId": PLAN_ID,
        "supportPlanType": ticket.plan,
        "supportPlanDisplayName": ticket.plan,
        "supportEngineer": {"emailAddress": ticket.engineer} if ticket.engineer else {},
        "serviceLevelAgreement": {
            "startTime": wire(ticket.created),
            "expirationTime": wire(ticket.created + timedelta(minutes=minutes)),
            "slaMinutes": minutes,
        },
        "status": ticket.status,
        "isTemporaryTicket": "No",
        "createdDate": wire(ticket.created),
        "modifiedDate": wire(ticket.modified),
    }
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Support/supportTickets/{ticket.name}",
        "name": ticket.name,
        "type": "Microsoft.Support/supportTickets",
        "properties": properties,
    }


def _create(ask: Ask) -> Response:
    """202 also for a plan that may not: that shows when the operation ends."""
    desk, name = ask.state.support, ask.args["ticket"]
    check_ticket_name(name)
    sent = ask.body().get("properties")
    if not isinstance(sent, dict):
        raise malformed("The request has no properties.")
    rules.check_ticket(desk, sent, SUBSCRIPTION)

    def finish() -> Failure | None:
        failure = desk.plan_failure()
        if failure is None:
            desk.file(name, sent)
        return failure

    return accepted(ask, finish, lambda: as_json(desk, desk.tickets[name.lower()]))


def _get(ask: Ask) -> Response:
    return answer(as_json(ask.state.support, ticket_named(ask)))


def _list(ask: Ask) -> Response:
    """Newest first."""
    desk = ask.state.support
    page = size(ask, usual=USUAL_PAGE, most=BIGGEST_PAGE)
    found = [ticket for ticket in desk.tickets.values() if wanted(ask, _fields(ticket), ticket.created)]
    found.sort(key=lambda ticket: ticket.created, reverse=True)
    return ask.page([as_json(desk, ticket) for ticket in found], page)


def _fields(ticket: Ticket) -> dict[str, str]:
    """What can be filtered by `eq`; services and classifications by their GUID."""
    service, classification = rules.parts(ticket.sent)
    return {
        "status": ticket.status,
        "serviceid": service.guid,
        "problemclassificationid": classification.guid,
    }


def _update(ask: Ask) -> Response:
    """Fields stand at the root; below `properties` they are refused (a third party's report)."""
    desk, ticket, change = ask.state.support, ticket_named(ask), ask.body()
    reached = change.get("contactDetails") or {}
    if "properties" in change or not change or not change.keys() <= _PATCHED or not isinstance(reached, dict):
        raise malformed("The request content could not be deserialized.")
    if (failure := desk.plan_failure()) is not None:
        raise Refusal(400, failure.code, failure.message)
    if ticket.status == "Closed":
        raise denied("The support ticket is closed and cannot be updated.")
    severity = change.get("severity")
    if severity is not None:
        rules.check_severity(desk, str(severity))
        if ticket.working and str(severity).lower() != ticket.severity:
            raise denied("The severity cannot be changed: the support ticket is being worked on by an engineer.")
    contact = {**ticket.sent["contactDetails"], **reached}
    rules.check_contact(contact, str(severity or ticket.severity))
    if "advancedDiagnosticConsent" in change:
        rules.check_consent(change["advancedDiagnosticConsent"])
    if "secondaryConsent" in change:
        rules.check_secondary(rules.parts(ticket.sent)[1], change["secondaryConsent"])
    status = str(change.get("status", ticket.status)).capitalize()
    if status not in ("Open", "Closed", ticket.status):
        raise invalid(f"The value of status '{change['status']}' is not valid.")
    kept = {name: value for name, value in change.items() if name not in ("status", "contactDetails")}
    ticket.sent = {**ticket.sent, **kept, "contactDetails": contact}
    ticket.status = "Closed" if status == "Closed" else "Open" if "status" in change else ticket.status
    ticket.modified = desk.clock.now()
    return answer(as_json(desk, ticket))


_READ, _WRITE = "supportTickets/read", "supportTickets/write"
ROUTES = (
    route("tickets.list", "GET", "subscription", "/supporttickets", _READ, _list),
    route("tickets.get", "GET", "subscription", "/supporttickets/<ticket>", _READ, _get),
    route("tickets.create", "PUT", "subscription", "/supporttickets/<ticket>", _WRITE, _create),
    route("tickets.update", "PATCH", "subscription", "/supporttickets/<ticket>", _WRITE, _update),
)
