"""Why ARM says no before it looks at a resource: version, sign-in, role, and the faults that are switched on."""

from __future__ import annotations

from werkzeug.wrappers import Request

from escalate.lab.arm.answer import Refusal
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.roles import may
from escalate.lab.state import LabState
from escalate.lab.tokens import ARM_AUDIENCES
from escalate.lab.world import SUBSCRIPTION, TENANT

OBJECT_ID = "5b0d2c3e-7f5c-4d0e-9a4e-0c6c6d1f2a11"
"""Of the lab's identity, as refusals name it."""
_STAYS_OPEN = frozenset({("GET", "site", ""), ("GET", "site", "/instances"), ("GET", "plan", "")})
"""What the fault `forbidden` leaves."""


def check_version(request: Request) -> None:
    """Refuse a request without `api-version`."""
    if not request.args.get("api-version"):
        raise Refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )


def check_sign_in(state: LabState, request: Request) -> None:
    """Refuse a request without a token, or with one that is not taken or worn out."""
    header = request.headers.get("Authorization", "")
    if state.tokens.takes(header, ARM_AUDIENCES | {state.arm}, short=state.faults.on("token-expiry")):
        return
    challenge = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}", error="invalid_token", '
        'error_description="The access token is missing, invalid or expired."'
    )
    if header:
        code, message = (
            "ExpiredAuthenticationToken",
            "The access token expiry is in the past, or it is for another use.",
        )
    else:
        code, message = "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
    raise Refusal(401, code, message, {"WWW-Authenticate": challenge})


def check_role(ask: Ask, route: Route) -> None:
    """Refuse what the role does not allow; the refusal names the missing action."""
    if route.action and not may(ask.state.role, _of(ask, route.action)):
        raise forbidden(ask, route.action)


def check_fault(ask: Ask, route: Route) -> None:
    """Refuse what a fault forbids."""
    check_query_faults(ask.state)
    open_ = (route.method, route.scope, route.path) in _STAYS_OPEN
    if ask.state.faults.on("forbidden") and not open_ and route.action:
        raise forbidden(ask, route.action)


def check_query_faults(state: LabState) -> None:
    """Refuse every other request when ARM and the query services throttle."""
    if state.faults.on("throttled") and state.faults.count("throttled") % 2 == 0:
        raise Refusal(
            429,
            "TooManyRequests",
            f"Number of requests for subscription '{SUBSCRIPTION}' exceeded the limit. Try again in '1' seconds.",
            {"Retry-After": "1"},
        )


def _of(ask: Ask, action: str) -> str:
    """The action as it is called on a slot: `Microsoft.Web/sites/slots/...`."""
    provider, _, rest = action.partition("/")
    return f"{provider}/{ask.typed(rest)}" if provider == "Microsoft.Web" else action


def forbidden(ask: Ask, action: str) -> Refusal:
    """403, with the action that is missing and the scope it is missing on."""
    scope = ask.resource_id if ask.scope in ("site", "plan", "workspace", "component") else ask.path
    return Refusal(
        403,
        "AuthorizationFailed",
        f"The client '{OBJECT_ID}' with object id '{OBJECT_ID}' does not have authorization to perform action "
        f"'{_of(ask, action)}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials.",
    )
