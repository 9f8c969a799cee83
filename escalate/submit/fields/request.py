"""All rules over one request, before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from escalate.model.submission import TicketRequest
from escalate.submit.fields import (
    attachments,
    classification,
    consents,
    contact,
    email,
    names,
    resource,
    severity,
    start,
    text,
)
from escalate.submit.fields.problem import Problem


def problems(request: TicketRequest, now: datetime, caps: text.Caps = text.DEFAULT_CAPS) -> tuple[Problem, ...]:
    """What is wrong with it, in the order of the form; none that blocks: it may be sent. `now` is aware."""
    return tuple(_all(request, now, caps))


def _all(request: TicketRequest, now: datetime, caps: text.Caps) -> Iterator[Problem]:
    yield from resource.problems(request.resource_id, request.subscription)
    yield from names.ticket_problems(request.name)
    yield from names.workspace_problems(request.workspace)
    yield from text.line_problems(request.title, "title", caps.title, text.SHORTEST_TITLE)
    yield from text.text_problems(request.description, "description", caps.description)
    yield from severity.problems(request.severity, request.require_24x7, request.confirmed_24x7)
    yield from start.problems(request.problem_start, now)
    yield from classification.problems(request.classification.service_id, request.classification.id)
    yield from contact.problems(request.contact, request.severity)
    yield from contact.wire_problems(request.contact)
    for address in request.copies_to:
        yield from email.problems(address, "copies_to")
    yield from _consents(request)
    yield from attachments.problems([(upload.name, upload.size) for upload in request.attachments])


def _consents(request: TicketRequest) -> Iterator[Problem]:
    yield from consents.advanced_problems(request.advanced_diagnostics)
    answered = Counter(consent.type.casefold() for consent in request.secondary_consents)
    yield from (
        Problem(f"consent.{kind}", "this consent is answered twice", "answer it once")
        for kind, times in answered.items()
        if times > 1
    )
    yield from consents.secondary_problems(
        {each.type: each.description for each in request.classification.asks},
        {each.type: each.given for each in request.secondary_consents},
    )
