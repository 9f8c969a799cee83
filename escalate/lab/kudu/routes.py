"""Every address of an SCM site."""

from __future__ import annotations

from escalate.lab.kudu import (
    archives,
    commands,
    container_logs,
    daas,
    deployments,
    environment,
    execute,
    files,
    network_capture,
    process_routes,
    startup_logs,
)
from escalate.lab.kudu.visit import Route

ROUTES: tuple[Route, ...] = (
    *environment.ROUTES,
    *files.ROUTES,
    *archives.ROUTES,
    *commands.ROUTES,
    *process_routes.ROUTES,
    *container_logs.ROUTES,
    *startup_logs.ROUTES,
    *execute.ROUTES,
    *network_capture.ROUTES,
    *daas.ROUTES,
    *deployments.ROUTES,
)
