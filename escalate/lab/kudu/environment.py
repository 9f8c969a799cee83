"""What the SCM site says of itself: `api/environment`, `api/settings`."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.kudu.answers import as_json
from escalate.lab.kudu.visit import Route, Visit

WINDOWS_VERSION = "105.30103.10400.0"
LINUX_VERSION = "20260914.2"


def environment(visit: Visit) -> Response:
    """Version, and when the site was changed."""
    version = WINDOWS_VERSION if visit.windows else LINUX_VERSION
    return as_json({"version": version, "siteLastModified": visit.state.started.isoformat()})


def settings(visit: Visit) -> Response:
    """Deployment settings and app settings, with their values."""
    return as_json({"SCM_TRACE_LEVEL": "1", "WEBSITE_SITE_NAME": visit.app.name, **visit.app.settings})


ROUTES = (
    Route("/api/environment", ("GET",), environment),
    Route("/api/settings", ("GET",), settings),
)
