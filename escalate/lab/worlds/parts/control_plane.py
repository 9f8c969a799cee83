"""Answers of the control plane about one site: activity log, resource and service health, deployments, siteStatus."""

from __future__ import annotations

from datetime import datetime, timedelta

from escalate.lab.world import GROUP, SUBSCRIPTION, TENANT, Json, LabApp
from escalate.lab.worlds.parts import stamps
from escalate.lab.worlds.parts.noise import Noise

CALLER = "robin.example@contoso.example"
HOST = "azurewebsites.net"


def activity(
    noise: Noise, app: LabApp, at: datetime, operation: str, *, caller: str = CALLER, resource_id: str = ""
) -> Json:
    """One record of the activity log, as ARM gives it: with claims and addresses of people."""
    target = resource_id or app.resource_id
    kind = "serverfarms" if "/serverfarms/" in target else "sites"
    return {
        "authorization": {"action": operation, "scope": target},
        "caller": caller,
        "claims": {
            "aud": "https://management.azure.com/",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": caller,
            "name": "Robin Example",
            "ipaddr": "203.0.113.77",
        },
        "correlationId": noise.guid(),
        "eventDataId": noise.guid(),
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "eventTimestamp": stamps.ticks(at),
        "id": f"{target}/events/{noise.guid()}/ticks/{638_000_000_000_000_000 + int(at.timestamp())}",
        "httpRequest": {"clientRequestId": noise.guid(), "clientIpAddress": "203.0.113.77", "method": "POST"},
        "level": "Informational",
        "operationId": noise.guid(),
        "operationName": {"value": operation, "localizedValue": operation},
        "properties": {"statusCode": "OK", "serviceRequestId": noise.guid(), "eventCategory": "Administrative"},
        "resourceGroupName": GROUP,
        "resourceId": target,
        "resourceProviderName": {"value": "Microsoft.Web", "localizedValue": "Microsoft.Web"},
        "resourceType": {"value": f"Microsoft.Web/{kind}", "localizedValue": f"Microsoft.Web/{kind}"},
        "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
        "subStatus": {"value": "OK", "localizedValue": "OK (HTTP Status Code: 200)"},
        "submissionTimestamp": stamps.ticks(at + timedelta(seconds=70)),
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
    }


def available(at: datetime) -> Json:
    """Resource health: nothing known."""
    return {
        "availabilityState": "Available",
        "title": "Available",
        "summary": "There aren't any known Azure platform problems affecting this web app.",
        "reasonType": "",
        "category": "Not Applicable",
        "context": "Not Applicable",
        "occuredTime": stamps.seconds(at),
        "reportedTime": stamps.seconds(at + timedelta(minutes=3)),
        "reasonChronicity": "Persistent",
    }


def unavailable(
    at: datetime,
    title: str,
    summary: str,
    *,
    event_id: str = "",
    until: datetime | None = None,
    state: str = "Unavailable",
) -> Json:
    """Resource health: the platform itself did it."""
    found: Json = {
        "availabilityState": state,
        "title": title,
        "summary": summary,
        "detailedStatus": title,
        "reasonType": "Unplanned",
        "context": "Platform Initiated",
        "category": "Unplanned",
        "rootCauseAttributionTime": stamps.seconds(at + timedelta(minutes=9)),
        "healthEventType": "Downtime",
        "healthEventCause": "PlatformInitiated",
        "healthEventCategory": "Unplanned",
        "occuredTime": stamps.seconds(at),
        "reportedTime": stamps.seconds(at + timedelta(minutes=4)),
        "reasonChronicity": "Transient",
        "recommendedActions": [
            {
                "action": "To start troubleshooting, open the resource health page",
                "actionUrl": "<#ResourceHealth>",
                "actionUrlText": "Resource health",
            }
        ],
    }
    if event_id:
        found["healthEventId"] = event_id
        found["serviceImpactingEvents"] = [
            {
                "eventStartTime": stamps.seconds(at),
                "eventStatusLastModifiedTime": stamps.seconds(at + timedelta(minutes=20)),
                "correlationId": event_id,
                "status": {"value": "Resolved" if until else "Active"},
                "incidentProperties": {
                    "title": title,
                    "service": "App Service",
                    "region": "West Europe",
                    "incidentType": "Unplanned",
                },
            }
        ]
    if until is not None:
        found["recentlyResolved"] = {
            "unavailableOccuredTime": stamps.seconds(at),
            "resolvedTime": stamps.seconds(until),
            "unavailableSummary": summary,
        }
    return found


def service_event(tracking_id: str, title: str, summary: str, at: datetime, until: datetime | None) -> Json:
    """A service health event; its name is the tracking id. Without an end it is active."""
    status = "Resolved" if until else "Active"
    last = until + timedelta(minutes=12) if until else at + timedelta(minutes=50)
    found: Json = {
        "_name": tracking_id,
        "eventType": "ServiceIssue",
        "eventSource": "ServiceHealth",
        "status": status,
        "title": title,
        "summary": summary,
        "header": "Your service might have been impacted by an Azure service issue",
        "level": "Warning",
        "eventLevel": "Warning",
        "impactStartTime": stamps.seconds(at),
        "lastUpdateTime": stamps.seconds(last),
        "impact": [
            {
                "impactedService": "App Service",
                "impactedRegions": [
                    {
                        "impactedRegion": "West Europe",
                        "status": status,
                        "impactedSubscriptions": [SUBSCRIPTION],
                        "lastUpdateTime": stamps.seconds(until or last),
                    }
                ],
            }
        ],
        "isHIR": False,
        "enableMicrosoftSupport": True,
        "platformInitiated": True,
        "priority": 1,
    }
    if until is not None:
        found["impactMitigationTime"] = stamps.seconds(until)
    return found


def deployment(
    app: LabApp,
    name: str,
    at: datetime,
    message: str,
    *,
    status: int = 4,
    deployer: str = "GitHub",
    active: bool = True,
) -> Json:
    """A deployment as Kudu and ARM give it; status 3 failed, 4 succeeded."""
    done = stamps.ticks(at + timedelta(seconds=48))
    return {
        "id": name,
        "status": status,
        "status_text": "",
        "author_email": CALLER,
        "author": "Robin Example",
        "deployer": deployer,
        "message": message,
        "progress": "",
        "received_time": stamps.ticks(at),
        "start_time": stamps.ticks(at),
        "end_time": done,
        "last_success_end_time": done if status == 4 else None,
        "complete": True,
        "active": active,
        "is_temp": False,
        "is_readonly": False,
        "url": f"https://{app.name}.scm.{HOST}/api/deployments/{name}",
        "log_url": f"https://{app.name}.scm.{HOST}/api/deployments/{name}/log",
        "site_name": app.name,
        "provisioningState": None,
    }


NEVER = "0001-01-01T00:00:00"


def site_status(
    state: str = "Started", details: str = "", *, error: str | None = None, told: str = "", at: datetime | None = None
) -> Json:
    """Fields of siteStatus for one instance; `at` is when the last error happened."""
    return {
        "state": state,
        "details": details or f"Site is {state.lower()}.",
        "lastError": error,
        "lastErrorDetails": told or None,
        "lastErrorTimestamp": stamps.seconds(at) if at else NEVER,
    }
