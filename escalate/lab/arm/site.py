"""The WSGI application of ARM: finds the route, checks version, sign-in, role and faults, and asks the view."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from escalate.lab.arm.answer import Refusal
from escalate.lab.arm.ask import Ask, Route, Scope
from escalate.lab.arm.identity import METADATA, MSI, endpoints, token
from escalate.lab.arm.operations import Operations
from escalate.lab.arm.query import QuerySite
from escalate.lab.arm.refuse import check_fault, check_query_faults, check_role, check_sign_in, check_version
from escalate.lab.arm.routes import ROUTES
from escalate.lab.state import LabState
from escalate.lab.world import GROUP, SUBSCRIPTION, LabApp

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SUBSCRIPTION = "/subscriptions/<subscription>"
_GROUP = f"{_SUBSCRIPTION}/resourcegroups/<group>"
_SITE = f"{_GROUP}/providers/microsoft.web/sites/<site>"
_PREFIXES: Mapping[Scope, tuple[str, ...]] = {
    "root": ("",),
    "subscription": (_SUBSCRIPTION,),
    "group": (_GROUP,),
    "site": (_SITE, f"{_SITE}/slots/<slot>"),
    "plan": (f"{_GROUP}/providers/microsoft.web/serverfarms/<plan>",),
    "workspace": (f"{_GROUP}/providers/microsoft.operationalinsights/workspaces/<workspace>",),
    "component": (f"{_GROUP}/providers/microsoft.insights/components/<component>",),
}
_READS_A_DAY = 11_999
"""Where `x-ms-ratelimit-remaining-subscription-reads` begins."""


class ArmSite:
    """ARM, its metadata, the managed-identity endpoint and the query services, on one port."""

    def __init__(self, state: LabState, sites: Mapping[str, WSGIApplication]) -> None:
        self._state = state
        self._sites = sites
        self._operations = Operations()
        self._queries = QuerySite(state)
        self._left = itertools.count(_READS_A_DAY, -1)
        self._map = Map(_rules(), strict_slashes=False, merge_slashes=False, redirect_defaults=False)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            response = self._answer(request)
        except Refusal as refusal:
            response = refusal.response()
        response.headers.setdefault("x-ms-request-id", str(uuid.uuid4()))
        response.headers["x-ms-correlation-request-id"] = str(uuid.uuid4())
        response.headers["x-ms-routing-request-id"] = f"WESTEUROPE:LAB:{response.headers['x-ms-request-id']}"
        response.headers["x-ms-ratelimit-remaining-subscription-reads"] = str(max(next(self._left), 0))
        theirs = request.headers.get("x-ms-client-request-id")
        if theirs:
            response.headers["x-ms-client-request-id"] = theirs
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == MSI:
            return token(self._state, request)
        if request.path == METADATA:
            check_version(request)
            return endpoints(self._state)
        if self._queries.knows(request.path):
            check_query_faults(self._state)
            return self._queries.answer(request)
        check_version(request)
        check_sign_in(self._state, request)
        route, args = self._route(request)
        ask = Ask(
            state=self._state,
            request=request,
            path=request.path,
            args=args,
            scope=route.scope,
            target=self._target(route.scope, args, request.path),
            sites=self._sites,
            operations=self._operations,
        )
        check_fault(ask, route)
        check_role(ask, route)
        return route.view(ask)

    def _route(self, request: Request) -> tuple[Route, dict[str, str]]:
        """ARM does not mind case in paths: matched in lower case, parameters taken from the path as it came."""
        adapter = self._map.bind("lab")
        try:
            (route, template), found = adapter.match(request.path.lower().rstrip("/"), request.method)
        except MethodNotAllowed as error:
            raise Refusal(
                405, "HttpMethodNotAllowed", f"The http method '{request.method}' is not supported for this path."
            ) from error
        except HTTPException as error:
            raise Refusal(404, "NotFound", f"The path '{request.path}' is none that the lab's ARM knows.") from error
        return route, _spelled(template, request.path, found)

    def _target(self, scope: Scope, args: Mapping[str, str], path: str) -> LabApp | None:
        """The app, when the request is about one.

        Raises:
            Refusal: subscription, group or resource do not exist.
        """
        subscription, group = args.get("subscription", SUBSCRIPTION), args.get("group", GROUP)
        if subscription.casefold() != SUBSCRIPTION:
            raise Refusal(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
        if group.casefold() != GROUP:
            raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if scope == "site":
            return self._app(args["site"], args.get("slot"))
        world = self._state.world
        there = {"plan": world.plan_id, "workspace": world.workspace_id, "component": world.component_id}.get(scope)
        if there is not None and args[scope].casefold() != there.rsplit("/", 1)[-1].casefold():
            kind = "/".join(there.split("/")[6:8])
            raise _absent(f"{kind}/{args[scope]}")
        return None

    def _app(self, site: str, slot: str | None) -> LabApp:
        for app in self._state.apps:
            if app.name.casefold() == site.casefold() and (app.slot or "").casefold() == (slot or "").casefold():
                return app
        raise _absent(f"Microsoft.Web/sites/{site}" + (f"/slots/{slot}" if slot else ""))


def _absent(what: str) -> Refusal:
    return Refusal(404, "ResourceNotFound", f"The Resource '{what}' under resource group '{GROUP}' was not found.")


def _rules() -> list[Rule]:
    return [
        Rule(prefix + route.path, endpoint=(route, prefix + route.path), methods=[route.method])
        for route in ROUTES
        for prefix in _PREFIXES[route.scope]
    ]


def _spelled(template: str, path: str, found: Mapping[str, str]) -> dict[str, str]:
    """The parameters, taken from the same places of the path as it was spelled."""
    parts = path.split("/")
    args: dict[str, str] = {}
    for at, part in enumerate(template.split("/")):
        if part.startswith("<path:"):
            args[part[6:-1]] = "/".join(parts[at:])
        elif part.startswith("<"):
            args[part[1:-1]] = parts[at]
    return args if args.keys() == found.keys() else dict(found)
