"""From what was approved to the bytes of the wire, and from the library's models to plain values."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from azure.mgmt.support import models

from escalate.azure.support_values import (
    AskedConsent,
    Communication,
    ProblemType,
    RemoteFile,
    SupportService,
    SupportTicket,
    Workspace,
)
from escalate.model.incident import Contact
from escalate.model.submission import TicketRequest


def ticket_model(request: TicketRequest, workspace: str | None) -> models.SupportTicketDetails:
    """The body of the PUT; `workspace` is the one that holds the files, None when there are none."""
    return models.SupportTicketDetails(
        title=request.title,
        description=request.description,
        service_id=request.classification.service_id,
        problem_classification_id=request.classification.id,
        severity=str(request.severity),
        require24_x7_response=request.require_24x7,
        problem_start_time=request.problem_start.astimezone(UTC).replace(microsecond=0),
        advanced_diagnostic_consent=_yes_no(request.advanced_diagnostics),
        contact_details=contact_model(request.contact, request.copies_to),
        technical_ticket_details=models.TechnicalTicketDetails(resource_id=request.resource_id),
        file_workspace_name=workspace,
        secondary_consent=[
            models.SecondaryConsent(type=each.type, user_consent=_yes_no(each.given))
            for each in request.secondary_consents
        ]
        or None,
    )


def wire_body(request: TicketRequest, workspace: str | None) -> dict[str, Any]:
    """The JSON of the PUT, as the library writes it; nothing is sent."""
    return dict(ticket_model(request, workspace).serialize())


def contact_model(contact: Contact, copies_to: tuple[str, ...]) -> models.ContactProfile:
    """The contact as the server wants it; what is missing is left out."""
    return models.ContactProfile(
        first_name=contact.first_name or "",
        last_name=contact.last_name or "",
        preferred_contact_method=contact.method or "",
        primary_email_address=contact.email or "",
        additional_email_addresses=list(copies_to) or None,
        phone_number=contact.phone,
        preferred_time_zone=contact.time_zone or "",
        country=contact.country or "",
        preferred_support_language=contact.language or "",
    )


def update_model(
    *,
    severity: str | None,
    status: str | None,
    advanced_diagnostics: bool | None,
    contact: Contact | None,
) -> models.UpdateSupportTicket:
    """The body of the PATCH: only what changes, at the root, without `properties`."""
    return models.UpdateSupportTicket(
        severity=severity,
        status=status,
        advanced_diagnostic_consent=None if advanced_diagnostics is None else _yes_no(advanced_diagnostics),
        contact_details=None
        if contact is None
        else models.UpdateContactProfile(
            first_name=contact.first_name,
            last_name=contact.last_name,
            preferred_contact_method=contact.method,
            primary_email_address=contact.email,
            phone_number=contact.phone,
            preferred_time_zone=contact.time_zone,
            country=contact.country,
            preferred_support_language=contact.language,
        ),
    )


def service(found: models.Service) -> SupportService:
    """A service."""
    return SupportService(
        id=_text(found.id), name=_text(found.display_name), resource_types=tuple(found.resource_types or ())
    )


def problem_type(found: models.ProblemClassification) -> ProblemType:
    """A classification."""
    return ProblemType(
        id=_text(found.id),
        name=_text(found.display_name),
        consents=tuple(
            AskedConsent(type=_text(each.type), description=_text(each.description))
            for each in found.secondary_consent_enabled or ()
        ),
    )


def ticket(found: models.SupportTicketDetails) -> SupportTicket:
    """A ticket."""
    sla = found.service_level_agreement
    return SupportTicket(
        name=_text(found.name),
        support_ticket_id=found.support_ticket_id or None,
        title=_text(found.title),
        severity=_word(found.severity),
        status=_word(found.status),
        created_at=found.created_date,
        modified_at=found.modified_date,
        resource_id=found.technical_ticket_details.resource_id if found.technical_ticket_details else None,
        service_id=found.service_id,
        service_name=found.service_display_name,
        classification_id=found.problem_classification_id,
        classification_name=found.problem_classification_display_name,
        advanced_diagnostics=_word(found.advanced_diagnostic_consent),
        require_24x7=found.require24_x7_response,
        workspace=found.file_workspace_name,
        engineer=found.support_engineer.email_address if found.support_engineer else None,
        plan=found.support_plan_display_name or found.support_plan_type,
        sla_start=sla.start_time if sla else None,
        sla_until=sla.expiration_time if sla else None,
        sla_minutes=sla.sla_minutes if sla else None,
    )


def workspace(found: models.FileWorkspaceDetails) -> Workspace:
    """A workspace."""
    return Workspace(name=_text(found.name), expires_at=found.expiration_time)


def remote_file(found: models.FileDetails) -> RemoteFile:
    """A file."""
    return RemoteFile(
        name=_text(found.name), size=found.file_size, chunk_size=found.chunk_size, chunks=found.number_of_chunks
    )


def communication(found: models.CommunicationDetails) -> Communication:
    """A message."""
    return Communication(
        name=_text(found.name),
        subject=_text(found.subject),
        body=_text(found.body),
        direction=_word(found.communication_direction),
        kind=_word(found.communication_type),
        sender=found.sender,
        created_at=found.created_date,
    )


def _yes_no(given: bool) -> str:
    return "Yes" if given else "No"


def _text(value: str | None) -> str:
    return value or ""


def _word(value: object) -> str | None:
    """A member of a closed list, or a text of any casing."""
    text = getattr(value, "value", value)
    return text.casefold() if isinstance(text, str) else None
