"""A ticket that a colleague opened about the app before the lab was asked for anything."""

from __future__ import annotations

from datetime import timedelta

from escalate.lab.support.catalogue import SERVICES
from escalate.lab.support.clock import wire
from escalate.lab.support.desk import SupportDesk
from escalate.lab.support.records import Ticket
from escalate.lab.world import Json

NAME = "colleagues-ticket"
_AGE = timedelta(hours=3)


def put(desk: SupportDesk, resource_id: str, *, linux: bool) -> Ticket:
    """Put it there: about that app, open, three hours old, by another person and with other words."""
    service = next(each for each in SERVICES if each.name == ("Web App (Linux)" if linux else "Web App (Windows)"))
    classification = next(each for each in service.classifications if each.name.endswith("reporting errors"))
    sent: Json = {
        "serviceId": service.id,
        "problemClassificationId": classification.id(service),
        "title": "Site answers 502 now and then",
        "description": "Since this morning users see 502 for some seconds. Please check the front ends.",
        "severity": "moderate",
        "advancedDiagnosticConsent": "Yes",
        "problemStartTime": wire(desk.clock.now() - _AGE - timedelta(hours=1)),
        "technicalTicketDetails": {"resourceId": resource_id},
        "contactDetails": {
            "firstName": "Sam",
            "lastName": "Colleague",
            "preferredContactMethod": "email",
            "primaryEmailAddress": "sam.colleague@contoso.example",
            "preferredTimeZone": "W. Europe Standard Time",
            "country": "DEU",
            "preferredSupportLanguage": "en-us",
        },
    }
    with desk.lock:
        ticket = desk.file(NAME, sent)
        ticket.created -= _AGE
        ticket.modified -= _AGE
    return ticket
