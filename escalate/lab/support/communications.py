"""Messages of a ticket."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.casing import spelled
from escalate.lab.support.clock import wire
from escalate.lab.support.filters import size, wanted
from escalate.lab.support.long_running import accepted
from escalate.lab.support.names import check_communication_name
from escalate.lab.support.operation import route
from escalate.lab.support.records import Communication, Failure, Ticket
from escalate.lab.support.refusals import absent, invalid, malformed
from escalate.lab.support.tickets import ticket_named
from escalate.lab.world import SUBSCRIPTION, Json

BIGGEST_PAGE = 10


def _json(ask: Ask, ticket: Ticket, one: Communication) -> Json:
    """Seen from Microsoft's side, as recorded: what a customer wrote is `Inbound`; the file's examples differ."""
    desk = ask.state.support
    base = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Support/supportTickets/{ticket.name}"
    return {
        "id": f"{base}/communications/{one.name}",
        "name": one.name,
        "type": "Microsoft.Support/communications",
        "properties": {
            "communicationType": spelled(desk, one.kind),
            "communicationDirection": spelled(desk, "outbound" if one.from_engineer else "inbound"),
            "sender": one.sender,
            "subject": one.subject,
            "body": one.body,
            "createdDate": wire(one.created),
        },
    }


def _list(ask: Ask) -> Response:
    """Newest first; attachments are not told."""
    ticket = ticket_named(ask)
    page = size(ask, usual=BIGGEST_PAGE, most=BIGGEST_PAGE)
    found = [each for each in ticket.communications if wanted(ask, {"communicationtype": each.kind}, each.created)]
    return ask.page([_json(ask, ticket, each) for each in reversed(found)], page)


def _named(ask: Ask) -> Communication:
    name = ask.args["communication"]
    found = [each for each in ticket_named(ask).communications if each.name.lower() == name.lower()]
    if not found:
        raise absent("Microsoft.Support/communications", name)
    return found[-1]


def _get(ask: Ask) -> Response:
    return answer(_json(ask, ticket_named(ask), _named(ask)))


def _create(ask: Ask) -> Response:
    """A name that is there already: nothing says what happens; here the ticket gets the message twice."""
    desk, ticket, name = ask.state.support, ticket_named(ask), ask.args["communication"]
    check_communication_name(name)
    sent = ask.body().get("properties")
    if not isinstance(sent, dict):
        raise malformed("The request has no properties.")
    for field in ("subject", "body", "sender"):  # the lab signs in as a service principal: it has no e-mail address
        if not isinstance(sent.get(field), str) or not sent[field].strip():
            raise invalid(f"{field} cannot be empty.")

    def finish() -> Failure | None:
        failure = desk.plan_failure()
        if failure is None:
            message = Communication(name, sent["sender"], sent["subject"], sent["body"], desk.clock.now())
            desk.add(ticket, message)
        return failure

    return accepted(ask, finish, lambda: _json(ask, ticket, _named(ask)))


_BELOW = "/supporttickets/<ticket>/communications"
_READ, _WRITE = "supportTickets/read", "supportTickets/write"
ROUTES = (
    route("communications.list", "GET", "subscription", _BELOW, _READ, _list),
    route("communications.get", "GET", "subscription", f"{_BELOW}/<communication>", _READ, _get),
    route("communications.create", "PUT", "subscription", f"{_BELOW}/<communication>", _WRITE, _create),
)
