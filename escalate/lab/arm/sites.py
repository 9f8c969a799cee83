"""The site: itself, its slots, its host names, its quotas, its extensions and WebJobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.state import LabState, now
from escalate.lab.world import GROUP, SUBSCRIPTION, Json, LabApp

PAGE = 2
"""Small, so that lists have more than one page."""
QUOTA_BYTES = 10 * 1024**3
INSIGHTS_TAG = "hidden-link: /app-insights-resource-id"
"""By this tag the portal finds the Application Insights component of a site."""


def site(state: LabState, app: LabApp) -> Json:
    """The resource, as lists and GET give it."""
    world = state.world
    kind = "Microsoft.Web/sites/slots" if app.slot else "Microsoft.Web/sites"
    label = f"{app.name}-{app.slot}" if app.slot else app.name
    host = f"{label}.azurewebsites.net"
    scm = state.scm[app.resource_id]
    linux = world.platform.startswith("linux")
    tags = {INSIGHTS_TAG: world.component_id} if app is world.app and has_insights(state) else {}
    return {
        "id": app.resource_id,
        "name": f"{app.name}/{app.slot}" if app.slot else app.name,
        "type": kind,
        "kind": app.kind,
        "location": world.region,
        "tags": tags,
        "properties": {
            "name": f"{app.name}({app.slot})" if app.slot else app.name,
            "state": "Running",
            "hostNames": [host],
            "webSpace": f"{GROUP}-{world.region.replace(' ', '')}webspace{'-Linux' if linux else ''}",
            "selfLink": f"{state.arm}{app.resource_id}",
            "repositorySiteName": app.name,
            "usageState": "Normal",
            "enabled": True,
            "adminEnabled": True,
            "enabledHostNames": [host, scm],
            "availabilityState": "Normal",
            "hostNameSslStates": [
                {"name": host, "sslState": "Disabled", "hostType": "Standard"},
                {"name": scm, "sslState": "Disabled", "hostType": "Repository"},
            ],
            "serverFarmId": world.plan_id,
            "reserved": linux,
            "isXenon": world.platform == "windows-container",
            "hyperV": world.platform == "windows-container",
            "lastModifiedTimeUtc": f"{state.started:%Y-%m-%dT%H:%M:%S}.0000000",
            "siteConfig": {
                "numberOfWorkers": len(state.workers),
                "linuxFxVersion": app.runtime if linux else "",
                "windowsFxVersion": app.runtime if world.platform == "windows-container" else "",
                "alwaysOn": bool(app.config.get("alwaysOn", False)),
            },
            "clientAffinityEnabled": True,
            "clientCertEnabled": False,
            "clientCertMode": "Required",
            "hostNamesDisabled": False,
            "containerSize": 0,
            "dailyMemoryTimeQuota": 0,
            "outboundIpAddresses": "20.50.2.10,20.50.2.11",
            "possibleOutboundIpAddresses": "20.50.2.10,20.50.2.11,20.50.2.12",
            "resourceGroup": GROUP,
            "defaultHostName": host,
            "httpsOnly": True,
            "redundancyMode": "None",
            "publicNetworkAccess": "Disabled" if state.faults.on("scm-private") else "Enabled",
            "storageAccountRequired": False,
            "keyVaultReferenceIdentity": "SystemAssigned",
        },
    }


def has_insights(state: LabState) -> bool:
    """Whether the world has rows of an Application Insights component (`AppRequests`, `AppExceptions`, ...)."""
    return any(
        table.name.startswith("App") and not table.name.startswith("AppService") for table in state.signals.tables
    )


def _site(ask: Ask) -> Response:
    return answer(site(ask.state, ask.app))


def _sites(ask: Ask) -> Response:
    """Of a subscription or group: the apps, without their slots."""
    return ask.page([site(ask.state, app) for app in ask.state.apps if app.slot is None], PAGE)


def _slots(ask: Ask) -> Response:
    found = [app for app in ask.state.apps if app.slot and app.name == ask.app.name]
    return ask.page([site(ask.state, app) for app in found], PAGE)


def _host_name_bindings(ask: Ask) -> Response:
    host = str(site(ask.state, ask.app)["properties"]["defaultHostName"])
    properties = {"siteName": ask.app.name, "hostNameType": "Verified", "sslState": "Disabled"}
    return ask.page([ask.resource(f"hostNameBindings/{host}", "sites/hostNameBindings", properties)], PAGE)


def _usages(ask: Ask) -> Response:
    used = sum(path.stat().st_size for path in _files(ask.state.home(ask.app)))
    found = [
        usage("FileSystemStorage", "Bytes", used, QUOTA_BYTES),
        usage("CpuTime", "Milliseconds", 0, -1),
        usage("BytesSent", "Bytes", 0, -1),
    ]
    return ask.page(found, PAGE)


def usage(name: str, unit: str, used: int, limit: int) -> Json:
    """One quota; a limit of -1 is none."""
    return {
        "unit": unit,
        "nextResetTime": f"{now():%Y-%m-%dT23:59:59Z}",
        "currentValue": used,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
    }


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _webjobs(ask: Ask) -> Response:
    """Folders below `App_Data/jobs`, as Kudu finds them."""
    jobs = ask.state.home(ask.app) / "site/wwwroot/App_Data/jobs"
    found = [
        ask.resource(f"webjobs/{folder.name}", "sites/webjobs", {"web_job_type": kind.capitalize(), "using_sdk": False})
        for kind in ("continuous", "triggered")
        for folder in sorted((jobs / kind).glob("*"))
    ]
    return ask.page(found, PAGE)


def _site_extensions(ask: Ask) -> Response:
    """Folders below `SiteExtensions`."""
    found = [
        ask.resource(
            f"siteextensions/{folder.name}",
            "sites/siteextensions",
            {
                "extension_id": folder.name,
                "title": folder.name,
                "extension_type": "Gallery",
                "provisioningState": "Succeeded",
            },
        )
        for folder in sorted((ask.state.home(ask.app) / "SiteExtensions").glob("*"))
    ]
    return ask.page(found, PAGE)


def _subscriptions(ask: Ask) -> Response:
    return ask.page([_subscription_of(ask)], PAGE)


def _subscription(ask: Ask) -> Response:
    return answer(_subscription_of(ask))


def _subscription_of(ask: Ask) -> Json:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "displayName": f"Lab at {urlsplit(ask.state.arm).netloc}",
        "state": "Enabled",
    }


_READ = "Microsoft.Web/sites/read"
ROUTES = (
    Route("GET", "root", "/subscriptions", "", _subscriptions),
    Route("GET", "subscription", "", "Microsoft.Resources/subscriptions/read", _subscription),
    Route("GET", "subscription", "/providers/microsoft.web/sites", _READ, _sites),
    Route("GET", "group", "/providers/microsoft.web/sites", _READ, _sites),
    Route("GET", "site", "", _READ, _site),
    Route("GET", "site", "/slots", "Microsoft.Web/sites/slots/read", _slots),
    Route("GET", "site", "/hostnamebindings", "Microsoft.Web/sites/hostNameBindings/read", _host_name_bindings),
    Route("GET", "site", "/usages", "Microsoft.Web/sites/usages/read", _usages),
    Route("GET", "site", "/webjobs", "Microsoft.Web/sites/webjobs/read", _webjobs),
    Route("GET", "site", "/siteextensions", "Microsoft.Web/sites/siteextensions/read", _site_extensions),
)
