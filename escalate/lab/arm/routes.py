"""All routes of the lab's ARM."""

from __future__ import annotations

from escalate.lab.arm import (
    activity,
    config,
    container_logs,
    deployments,
    detectors,
    health,
    instances,
    keys,
    kudu,
    metrics,
    monitor,
    network,
    network_trace,
    permissions,
    plans,
    sites,
)
from escalate.lab.arm.ask import Route
from escalate.lab.support.routes import ROUTES as SUPPORT

ROUTES: tuple[Route, ...] = (
    *sites.ROUTES,
    *plans.ROUTES,
    *instances.ROUTES,
    *config.ROUTES,
    *keys.ROUTES,
    *network.ROUTES,
    *deployments.ROUTES,
    *kudu.ROUTES,
    *container_logs.ROUTES,
    *network_trace.ROUTES,
    *detectors.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *activity.ROUTES,
    *monitor.ROUTES,
    *permissions.ROUTES,
    *SUPPORT,
)
