"""Whether an incident that Azure itself reports covers the app and the time, and so explains the symptom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure
from escalate.submit.checks.check import Check

NAME = "service health"
API = "2025-05-01"
_MARGIN = timedelta(hours=1)
_APP_SERVICE = ("app service", "web app", "function")


def service_health(arm: Arm, subscription: str, resource_id: str, start: datetime) -> tuple[Check, ...]:
    """Events of the resource; where it has no list of its own, those of the subscription about App Service."""
    events = "providers/Microsoft.ResourceHealth/events"
    try:
        found = list(_events(arm, f"{resource_id}/{events}"))
    except AzureFailure:
        try:
            listed = list(_events(arm, f"/subscriptions/{subscription}/{events}"))
        except AzureFailure as failure:
            return (Check(NAME, "unknown", f"service health could not be read: {failure.reason}"),)
        found = [each for each in listed if _about_app_service(each)]
    hits = [each for each in found if _is_incident(each) and _covers(each, start)]
    if not hits:
        return (Check(NAME, "ok", "Azure reports no incident that covers the app and the time"),)
    return tuple(_hit(each) for each in hits)


def _events(arm: Arm, path: str) -> Iterator[Mapping[str, Any]]:
    for page in arm.pages(path, API):
        data = page.json()
        for each in data.get("value", ()) if isinstance(data, dict) else ():
            properties = each.get("properties") if isinstance(each, dict) else None
            if isinstance(properties, dict):
                yield {"name": each.get("name"), **properties}


def _is_incident(event: Mapping[str, Any]) -> bool:
    return str(event.get("eventType", "")).casefold() == "serviceissue"


def _about_app_service(event: Mapping[str, Any]) -> bool:
    said = " ".join(str(event.get(name, "")) for name in ("title", "header", "impact")).casefold()
    return any(each in said for each in _APP_SERVICE)


def _covers(event: Mapping[str, Any], start: datetime) -> bool:
    begun = _moment(event.get("impactStartTime"))
    ended = _moment(event.get("impactMitigationTime"))
    if begun is None:
        return str(event.get("status", "")).casefold() == "active"
    return begun - _MARGIN <= start and (ended is None or start <= ended + _MARGIN)


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hit(event: Mapping[str, Any]) -> Check:
    tracking = event.get("trackingId") or event.get("name") or "without an id"
    status = str(event.get("status", "")).casefold() or "reported"
    return Check(
        NAME,
        "warning",
        f"Azure reports incident {tracking} ({status}) for this app and time: {str(event.get('title', ''))[:200]}",
        hint="read it in Service Health first; if it explains the symptom no ticket is needed, else name its id in"
        " the ticket",
    )
