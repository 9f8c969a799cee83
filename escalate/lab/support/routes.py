"""All routes of the support service; tenant-wide tickets are not for technical cases and not here."""

from __future__ import annotations

from escalate.lab.arm.ask import Route
from escalate.lab.support import (
    classifications,
    communications,
    files,
    long_running,
    names,
    provider,
    services,
    tickets,
    transcripts,
    workspaces,
)

ROUTES: tuple[Route, ...] = (
    *provider.ROUTES,
    *services.ROUTES,
    *classifications.ROUTES,
    *names.ROUTES,
    *tickets.ROUTES,
    *communications.ROUTES,
    *transcripts.ROUTES,
    *workspaces.ROUTES,
    *files.ROUTES,
    *long_running.ROUTES,
)
