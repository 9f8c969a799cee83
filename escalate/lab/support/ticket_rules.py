"""What the service refuses in a ticket before it takes it; the client sends anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from escalate.lab.arm.answer import Refusal
from escalate.lab.support.catalogue import SERVICES, Classification, Service
from escalate.lab.support.desk import SupportDesk
from escalate.lab.support.refusals import invalid, malformed
from escalate.lab.support.setup import EMERGENCY
from escalate.lab.world import Json

SEVERITIES = frozenset({"minimal", "moderate", "critical", "highestcriticalimpact"})
ROUND_THE_CLOCK = frozenset({"critical", "highestcriticalimpact"})
LANGUAGES = frozenset(
    ("en-us", "es-es", "fr-fr", "de-de", "it-it", "ja-jp", "ko-kr", "ru-ru", "pt-br", "zh-tw", "zh-hans")
)
_REQUIRED = (
    "serviceId",
    "title",
    "description",
    "problemClassificationId",
    "severity",
    "contactDetails",
    "advancedDiagnosticConsent",
)
_OPTIONAL = frozenset(
    {
        "require24X7Response",
        "enrollmentId",
        "problemScopingQuestions",
        "supportPlanId",
        "problemStartTime",
        "fileWorkspaceName",
        "technicalTicketDetails",
        "quotaTicketDetails",
        "secondaryConsent",
    }
)
_CONTACT = (
    "firstName",
    "lastName",
    "preferredContactMethod",
    "primaryEmailAddress",
    "preferredTimeZone",
    "country",
    "preferredSupportLanguage",
)
_CONTACT_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "preferredContactMethod": re.compile("email|phone", re.IGNORECASE),
        "primaryEmailAddress": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
        "preferredTimeZone": re.compile(r"[A-Za-z0-9 .()+-]+"),  # a Windows name: `Europe/Berlin` is none
        "country": re.compile("[A-Za-z]{3}"),
    }
)
_CLASSIFICATION = re.compile(
    r"(/providers/microsoft\.support/services/[0-9a-f-]{36})/problemclassifications/[0-9a-f-]{36}"
)
_OLDEST = timedelta(days=548)
"""Ticket data is readable for 18 months."""
_AHEAD = timedelta(minutes=5)


def check_ticket(desk: SupportDesk, sent: Json, subscription: str) -> None:
    """Refuse what is missing or wrong.

    Raises:
        Refusal: the first fault that was found.
    """
    for name in _REQUIRED:
        if sent.get(name) in (None, "", {}):
            raise invalid(f"{name} cannot be empty.")
    for name in sent:
        if name not in _REQUIRED and name not in _OPTIONAL:
            raise invalid(f"{name} cannot be set.")
    check_severity(desk, str(sent["severity"]))
    check_consent(sent["advancedDiagnosticConsent"])
    check_contact(sent["contactDetails"], str(sent["severity"]))
    classification = _classified(str(sent["serviceId"]), str(sent["problemClassificationId"]))
    check_secondary(classification, sent.get("secondaryConsent") or [])
    _check_resource(sent.get("technicalTicketDetails"), subscription)
    _check_start(desk, sent.get("problemStartTime"))
    workspace = sent.get("fileWorkspaceName")
    if workspace is not None and str(workspace).lower() not in desk.workspaces:
        raise invalid(f"The value of fileWorkspaceName '{workspace}' is not valid.")
    if sent.get("require24X7Response") and str(sent["severity"]).lower() == "minimal":
        raise invalid("The value of require24X7Response is not valid for severity minimal.")


def check_severity(desk: SupportDesk, severity: str) -> None:
    """Refuse one that does not exist, or not in this plan.

    Raises:
        Refusal: it does not.
    """
    if severity.lower() not in SEVERITIES:
        raise invalid(f"The value of severity '{severity}' is not valid.")
    if severity.lower() == "highestcriticalimpact" and desk.plan not in EMERGENCY and desk.plan_failure() is None:
        raise invalid("Severity highestcriticalimpact is not available in this support plan.")


def check_consent(value: object) -> None:
    """Refuse anything but Yes and No.

    Raises:
        Refusal: it is something else.
    """
    if str(value).lower() not in ("yes", "no"):
        raise invalid(f"The value of advancedDiagnosticConsent '{value}' is not valid.")


def check_contact(contact: object, severity: str) -> None:
    """Refuse a contact that cannot be reached.

    Raises:
        Refusal: something is missing, or has the wrong form.
    """
    if not isinstance(contact, dict):
        raise malformed("contactDetails is no object.")
    for name in _CONTACT:
        value = contact.get(name)
        if not isinstance(value, str) or not value.strip():
            raise invalid(f"contactDetails.{name} cannot be empty.")
        form = _CONTACT_FORMS.get(name)
        if form is not None and not form.fullmatch(value):
            raise invalid(f"The value of contactDetails.{name} '{value}' is not valid.")
    if contact["preferredSupportLanguage"].lower() not in LANGUAGES:
        raise invalid("The value of contactDetails.preferredSupportLanguage is not valid.")
    by_phone = contact["preferredContactMethod"].lower() == "phone"
    if (by_phone or severity.lower() in ROUND_THE_CLOCK) and not contact.get("phoneNumber"):
        raise invalid("contactDetails.phoneNumber cannot be empty.")


def parts(sent: Json) -> tuple[Service, Classification]:
    """Service and classification of a ticket that was checked."""
    service = next(each for each in SERVICES if each.id.lower() == str(sent["serviceId"]).lower())
    wanted = str(sent["problemClassificationId"]).lower()
    return service, next(each for each in service.classifications if each.id(service).lower() == wanted)


def _classified(service_id: str, classification_id: str) -> Classification:
    service = next((each for each in SERVICES if each.id.lower() == service_id.lower()), None)
    if service is None:
        raise invalid(f"The value of serviceId '{service_id}' is not valid.")
    found = _CLASSIFICATION.fullmatch(classification_id.lower())
    if found is None or found[1] != service.id.lower():
        raise invalid(f"The value of problemClassificationId '{classification_id}' is not valid.")
    for each in service.classifications:
        if each.id(service).lower() == classification_id.lower():
            return each
    raise invalid(f"The value of problemClassificationId '{classification_id}' is not valid.")


def check_secondary(classification: Classification, given: object) -> None:
    """Refuse consents that the classification does not ask for, and the lack of one that it asks for.

    Raises:
        Refusal: one is wrong or missing.
    """
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise malformed("secondaryConsent is no list of objects.")
    known = {each.type.lower() for each in classification.consents}
    types = [str(each.get("type", "")).lower() for each in given]
    if any(each not in known for each in types):
        raise invalid("The value of secondaryConsent.type is not valid for the problem classification.")
    if any(str(each.get("userConsent", "")).lower() not in ("yes", "no") for each in given):
        raise invalid("The value of secondaryConsent.userConsent is not valid.")
    if missing := known - set(types):
        raise invalid(f"secondaryConsent cannot be empty for the problem classification: {', '.join(sorted(missing))}.")


def _check_resource(details: object, subscription: str) -> None:
    resource = details.get("resourceId") if isinstance(details, dict) else None
    if resource is None:
        return
    if not str(resource).lower().startswith(f"/subscriptions/{subscription.lower()}/"):
        raise invalid("The value of technicalTicketDetails.resourceId is not valid: it is in another subscription.")


def _check_start(desk: SupportDesk, start: object) -> None:
    if start is None:
        return
    wrong: Refusal = invalid(f"The value of problemStartTime '{start}' is not valid.")
    try:
        at = datetime.fromisoformat(str(start))
    except ValueError:
        raise wrong from None
    if at.tzinfo is None or not desk.clock.now() - _OLDEST < at < desk.clock.now() + _AHEAD:
        raise wrong
