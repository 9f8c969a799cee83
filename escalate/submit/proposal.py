"""The ticket that would be sent, put together from draft, answers and contact; what nobody answered is listed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalate.azure.support_wire import wire_body
from escalate.case.store import Case
from escalate.errors import TargetError
from escalate.model.answers import Answers
from escalate.model.incident import Contact, Severity
from escalate.model.resource_id import NotASiteIdError, SiteId, read_site_id
from escalate.model.submission import Classification, TicketRequest, Upload
from escalate.model.target import AzureTarget
from escalate.model.ticket import Ticket
from escalate.model.ticket_names import workspace_name
from escalate.submit.fields import problems
from escalate.submit.fields.phone import URGENT
from escalate.submit.fields.problem import Problem

_NOBODY = "00000000-0000-0000-0000-000000000000"
_SERVICE = f"/providers/Microsoft.Support/services/{_NOBODY}"
UNRESOLVED = Classification(
    service_id=_SERVICE,
    service_name="to be resolved when the ticket is filed",
    id=f"{_SERVICE}/problemClassifications/{_NOBODY}",
    name="to be resolved when the ticket is filed",
    source="user",
)
"""Stands where nobody asked the server yet; never sent."""
TO_BE_RESOLVED = "(to be resolved when the ticket is filed)"
TO_BE_ANSWERED = "(to be answered)"


@dataclass(frozen=True, slots=True)
class Whom:
    """The contact in the forms of the wire, and who gets copies; incomplete where nobody answered."""

    contact: Contact
    copies_to: tuple[str, ...] = ()
    missing: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The cloud and the tenant a ticket is filed in."""

    cloud: str
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request, and everything that stands between it and being sent."""

    request: TicketRequest
    unanswered: tuple[Problem, ...]
    """What a person has to say; the request holds stand-ins there."""
    wrong: tuple[Problem, ...]
    """What the rules of the API forbid."""

    @property
    def may_be_sent(self) -> bool:
        """Whether nothing stands against it."""
        return not self.unanswered and not any(each.blocks for each in self.wrong)

    def wire(self) -> dict[str, Any]:
        """The JSON of the PUT; where nobody answered it says so."""
        body = wire_body(self.request, self.request.workspace if self.request.attachments else None)
        properties: dict[str, Any] = body["properties"]
        if self.request.classification == UNRESOLVED:
            properties |= {"serviceId": TO_BE_RESOLVED, "problemClassificationId": TO_BE_RESOLVED}
        if any(each.field == _ADVANCED for each in self.unanswered):
            properties["advancedDiagnosticConsent"] = TO_BE_ANSWERED
        contact = properties["contactDetails"]
        contact |= {name: TO_BE_ANSWERED for name, value in contact.items() if value == ""}
        return body


_ADVANCED = "consent.advanced_diagnostics"


def site_of(case: Case, named: str | None) -> SiteId:
    """The site a ticket is about; a slot is named in the text, the API is given the site.

    Raises:
        TargetError: the case does not say which, or names something else.
    """
    target = case.document.target
    text = named or (target.resource_id if isinstance(target, AzureTarget) else case.incident.target.resource_id)
    hint = "give --resource-id /subscriptions/.../providers/Microsoft.Web/sites/NAME, or [target] in incident.toml"
    if text is None:
        raise TargetError("the case does not say which app in Azure it is about", hint=hint)
    try:
        found = read_site_id(text)
    except NotASiteIdError as error:
        raise TargetError(f"the app's resource id cannot be used: {error}", hint=hint) from error
    return SiteId(found.subscription, found.group, found.site)


def drafted_digest(ticket: Ticket) -> str:
    """SHA-256 over the drafted title and description: what an edit was made of."""
    return hashlib.sha256(f"{ticket.title}\n{ticket.description}".encode()).hexdigest()


def propose(
    case: Case,
    place: Place,
    ticket: Ticket,
    answers: Answers,
    whom: Whom,
    attachments: Sequence[Upload],
    now: datetime,
) -> Proposal:
    """Put it together and look at every rule.

    Raises:
        TargetError: see `site_of`.
    """
    site = site_of(case, answers.resource_id)
    severity = answers.severity or ticket.severity
    start = answers.problem_start or ticket.problem_start
    request = TicketRequest(
        case_id=ticket.case_id,
        cloud=place.cloud,
        tenant=place.tenant,
        subscription=site.subscription,
        resource_id=str(site),
        name=ticket.name,
        workspace=workspace_name(ticket.case_id),
        title=answers.title or ticket.title,
        description=answers.description or ticket.description,
        severity=severity,
        require_24x7=severity in URGENT,
        confirmed_24x7=answers.confirmed_24x7,
        problem_start=start or now,
        classification=answers.classification or UNRESOLVED,
        contact=whom.contact,
        copies_to=whom.copies_to,
        advanced_diagnostics=answers.advanced_diagnostics is True,
        secondary_consents=answers.secondary_consents,
        attachments=tuple(attachments),
    )
    unanswered = (*_unanswered(answers, start, severity), *whom.missing)
    known = {each.field for each in unanswered}
    wrong = tuple(each for each in problems(request, now) if not _said_already(each, known))
    return Proposal(request=request, unanswered=unanswered, wrong=wrong)


def _unanswered(answers: Answers, start: datetime | None, severity: Severity) -> list[Problem]:
    found = []
    if answers.classification is None:
        found.append(
            Problem("classification", "the problem type is not chosen yet", "--classification NAME or ID, or online")
        )
    if answers.advanced_diagnostics is None:
        found.append(
            Problem(
                _ADVANCED,
                "nobody said whether Microsoft may collect diagnostics from the app",
                "--advanced-diagnostics yes|no",
            )
        )
    if start is None:
        found.append(Problem("problem_start", "nobody said when it began", "--problem-start TIME"))
    if severity in URGENT and not answers.confirmed_24x7:
        found.append(
            Problem(
                "severity",
                f"severity {severity} means work around the clock, which nobody agreed to",
                "--confirm-24x7, or --severity moderate",
            )
        )
    return found


def _said_already(problem: Problem, known: set[str]) -> bool:
    return problem.field in known or (problem.field.startswith("contact.") and "contact" in known)


def secondary_unanswered(classification: Classification, answers: Mapping[str, bool]) -> tuple[str, ...]:
    """Types of the consents that the classification asks for and nobody answered."""
    given = {each.casefold() for each in answers}
    return tuple(each.type for each in classification.asks if each.type.casefold() not in given)
