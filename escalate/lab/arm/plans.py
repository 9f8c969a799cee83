"""The App Service plan: itself, its quotas, the sites on it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.sites import PAGE, QUOTA_BYTES, site, usage
from escalate.lab.world import GROUP, SUBSCRIPTION

MOST_WORKERS: Mapping[str, int] = MappingProxyType({"Basic": 3, "Standard": 10})
"""Instances a tier may have (Azure App Service limits); 30 in the others."""


def _plan(ask: Ask) -> Response:
    world = ask.state.world
    linux = world.platform.startswith("linux")
    workers = len(ask.state.workers)
    return answer(
        {
            "id": world.plan_id,
            "name": world.plan_id.rsplit("/", 1)[-1],
            "type": "Microsoft.Web/serverfarms",
            "kind": "linux" if linux else "app",
            "location": world.region,
            "tags": {},
            "properties": {
                "status": "Ready",
                "subscription": SUBSCRIPTION,
                "maximumNumberOfWorkers": MOST_WORKERS.get(world.tier, 30),
                "numberOfWorkers": workers,
                "currentNumberOfWorkers": workers,
                "geoRegion": world.region,
                "perSiteScaling": False,
                "elasticScaleEnabled": False,
                "maximumElasticWorkerCount": 1,
                "numberOfSites": len(ask.state.apps),
                "isSpot": False,
                "resourceGroup": GROUP,
                "reserved": linux,
                "isXenon": world.platform == "windows-container",
                "hyperV": world.platform == "windows-container",
                "targetWorkerCount": 0,
                "targetWorkerSizeId": 0,
                "provisioningState": "Succeeded",
                "zoneRedundant": False,
            },
            "sku": {
                "name": world.sku,
                "tier": world.tier,
                "size": world.sku,
                "family": world.sku.rstrip("0123456789v") or world.sku,
                "capacity": workers,
            },
        }
    )


def _sites(ask: Ask) -> Response:
    return ask.page([site(ask.state, app) for app in ask.state.apps], PAGE)


def _usages(ask: Ask) -> Response:
    return ask.page([usage("FileSystemStorage", "Bytes", 0, QUOTA_BYTES)], PAGE)


ROUTES = (
    Route("GET", "plan", "", "Microsoft.Web/serverfarms/read", _plan),
    Route("GET", "plan", "/sites", "Microsoft.Web/serverfarms/sites/read", _sites),
    Route("GET", "plan", "/usages", "Microsoft.Web/serverfarms/usages/read", _usages),
)
