"""What sign-in needs: the managed-identity endpoint of an App Service worker, and the metadata of the cloud."""

from __future__ import annotations

import hmac

from werkzeug.wrappers import Request, Response

from escalate.lab.arm.answer import answer
from escalate.lab.state import LabState
from escalate.lab.world import TENANT

MSI = "/msi/token"
METADATA = "/metadata/endpoints"
CLIENT_ID = "8f6f6c0e-4b1d-4bb2-8d0a-1a0f3a2f7c55"


def token(state: LabState, request: Request) -> Response:
    """`GET /msi/token?resource=...&api-version=2019-08-01`, as App Service answers it inside a worker."""
    given = request.headers.get("X-IDENTITY-HEADER", "")
    if request.method != "GET" or request.args.get("api-version") != "2019-08-01":
        return _refused(400, "The api-version is missing or not supported.")
    if not hmac.compare_digest(given.encode(), state.tokens.identity_header.encode()):
        return _refused(401, "The X-IDENTITY-HEADER is missing or wrong.")
    resource = request.args.get("resource", "")
    if not resource:
        return _refused(400, "The resource is missing.")
    value, expires = state.tokens.issue(resource)
    return answer(
        {
            "access_token": value,
            "client_id": CLIENT_ID,
            "expires_on": str(int(expires.timestamp())),
            "not_before": str(int(state.started.timestamp())),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def endpoints(state: LabState) -> Response:
    """`GET /metadata/endpoints`: ARM, App Service and the query services stand on this port.

    Tokens are for this port too: a sign-in that was not meant for the lab gets none, and nothing real is sent here.
    """
    return answer(
        {
            "name": "EscalateLab",
            "portal": "https://portal.azure.com",
            "authentication": {
                "loginEndpoint": "https://login.microsoftonline.com",
                "audiences": [f"{state.arm}/"],
                "tenant": TENANT,
                "identityProvider": "AAD",
            },
            "resourceManager": f"{state.arm}/",
            "appServiceResourceId": f"{state.arm}/appservice",
            "logAnalyticsResourceId": f"{state.arm}/loganalytics",
            "appInsightsResourceId": f"{state.arm}/applicationinsights",
            "graph": "https://graph.microsoft.com/",
            "graphAudience": "https://graph.microsoft.com/",
            "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
        }
    )


def _refused(status: int, message: str) -> Response:
    return answer({"statusCode": status, "message": message}, status)
