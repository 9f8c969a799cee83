"""Chats of a ticket: the lab's engineer does not chat."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.operation import route
from escalate.lab.support.tickets import ticket_named


def _list(ask: Ask) -> Response:
    ticket_named(ask)
    return answer({"value": []})


ROUTES = (
    route(
        "transcripts.list",
        "GET",
        "subscription",
        "/supporttickets/<ticket>/chattranscripts",
        "supportTickets/read",
        _list,
    ),
)
