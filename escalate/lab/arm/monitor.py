"""Where telemetry goes: diagnostic settings, the Log Analytics workspace, the Application Insights component."""

from __future__ import annotations

import uuid

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, Route, both
from escalate.lab.arm.sites import has_insights
from escalate.lab.world import TENANT, Json, World

CATEGORIES = (
    "AppServiceAntivirusScanAuditLogs",
    "AppServiceHTTPLogs",
    "AppServiceConsoleLogs",
    "AppServiceAppLogs",
    "AppServiceFileAuditLogs",
    "AppServiceAuditLogs",
    "AppServiceIPSecAuditLogs",
    "AppServicePlatformLogs",
)


def customer_id(world: World) -> str:
    """The workspace's id in queries."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, world.workspace_id))


def app_id(world: World) -> str:
    """The component's id in queries."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, world.component_id))


def _settings(ask: Ask) -> Response:
    """One for the app, to the workspace, when the world has rows of App Service logs; none for anything else."""
    state = ask.state
    there = {table.name for table in state.signals.tables}
    if ask.target is not state.world.app or not there & set(CATEGORIES):
        return answer({"value": []})
    properties = {
        "workspaceId": state.world.workspace_id,
        "storageAccountId": None,
        "eventHubAuthorizationRuleId": None,
        "logAnalyticsDestinationType": None,
        "logs": [
            {"category": name, "enabled": name in there, "retentionPolicy": {"enabled": False, "days": 0}}
            for name in CATEGORIES
        ],
        "metrics": [{"category": "AllMetrics", "enabled": False, "retentionPolicy": {"enabled": False, "days": 0}}],
    }
    setting = {
        "id": f"{ask.resource_id.lower()}/providers/microsoft.insights/diagnosticSettings/to-shop-logs",
        "name": "to-shop-logs",
        "type": "Microsoft.Insights/diagnosticSettings",
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
    return answer({"value": [setting]})


def _workspace(ask: Ask) -> Response:
    world = ask.state.world
    return answer(
        {
            "id": world.workspace_id,
            "name": world.workspace_id.rsplit("/", 1)[-1],
            "type": "Microsoft.OperationalInsights/workspaces",
            "location": world.region,
            "properties": {
                "customerId": customer_id(world),
                "provisioningState": "Succeeded",
                "sku": {"name": "PerGB2018"},
                "retentionInDays": 30,
            },
        }
    )


def _component(ask: Ask) -> Response:
    return answer(_component_of(ask.state.world))


def _components(ask: Ask) -> Response:
    """Of the group: none when the world has no rows of one."""
    return answer({"value": [_component_of(ask.state.world)] if has_insights(ask.state) else []})


def _component_of(world: World) -> Json:
    identifier = app_id(world)
    return {
        "id": world.component_id,
        "name": world.component_id.rsplit("/", 1)[-1],
        "type": "Microsoft.Insights/components",
        "kind": "web",
        "location": world.region,
        "properties": {
            "AppId": identifier,
            "ApplicationId": world.component_id.rsplit("/", 1)[-1],
            "Application_Type": "web",
            "InstrumentationKey": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{world.component_id}#key")),
            "IngestionMode": "LogAnalytics",
            "WorkspaceResourceId": world.workspace_id,
            "TenantId": TENANT,
            "RetentionInDays": 30,
        },
    }


ROUTES = (
    *both("/providers/microsoft.insights/diagnosticsettings", "Microsoft.Insights/diagnosticSettings/read", _settings),
    Route("GET", "workspace", "", "Microsoft.OperationalInsights/workspaces/read", _workspace),
    Route(
        "GET", "group", "/providers/microsoft.insights/components", "Microsoft.Insights/components/read", _components
    ),
    Route("GET", "component", "", "Microsoft.Insights/components/read", _component),
)
