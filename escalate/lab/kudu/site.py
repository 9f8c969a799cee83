"""The SCM site of one app of the lab: sign-in, routing to a worker, and the way to the endpoints."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from escalate.lab.kudu.answers import as_json, page, plain, refused
from escalate.lab.kudu.credentials import publishing_credentials
from escalate.lab.kudu.disk import Disk
from escalate.lab.kudu.memory import Memory
from escalate.lab.kudu.routes import ROUTES
from escalate.lab.kudu.visit import Route, Visit
from escalate.lab.state import READERS, THROUGH_ARM, LabState
from escalate.lab.tokens import SCM_AUDIENCES
from escalate.lab.world import LabApp, LabWorker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

COLD_S = 2.0
"""How long a sleeping SCM site takes here for its first answer; 10 to 60 s in Azure."""
AFFINITY = "ARRAffinity"


class KuduSite:
    """A WSGI application; `close` ends what was started through it."""

    def __init__(self, state: LabState, app: LabApp) -> None:
        self._state = state
        self._app = app
        self._memory = Memory()
        self._map = Map(
            [Rule(route.rule, methods=route.methods, endpoint=route) for route in ROUTES],
            strict_slashes=False,
            merge_slashes=False,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self.answer(Request(environ))(environ, start_response)

    def close(self) -> None:
        """End every process and every piece of work that was started through this site."""
        self._memory.launches.close()

    def answer(self, request: Request) -> Response:
        """What the front end and the site say to it."""
        through_arm = bool(request.environ.get(THROUGH_ARM))
        refusal = self._front_end(request, through_arm=through_arm) or (None if through_arm else self._sign_in(request))
        if refusal is not None:
            return refusal
        worker, is_wanted = self._worker(request, through_arm=through_arm)
        Disk(self._state, self._app, worker).prepare()
        visit = Visit(self._state, self._app, worker, request, self._memory, through_arm)
        response = self._dispatch(visit)
        if not is_wanted and not through_arm:
            for name in (AFFINITY, f"{AFFINITY}SameSite"):
                response.headers.add("Set-Cookie", f"{name}={worker.arm_id};Path=/;HttpOnly;Domain={request.host}")
        return response

    def _front_end(self, request: Request, *, through_arm: bool) -> Response | None:
        faults = self._state.faults
        if faults.on("scm-private") and not through_arm:
            return page(
                403,
                "Web App - Unavailable",
                "Error 403 - Forbidden. The web app you have attempted to reach has blocked your access.",
                {"x-ms-forbidden-ip": request.remote_addr or "127.0.0.1"},
            )
        if faults.on("cold-scm") and faults.count(f"cold-scm:{self._app.resource_id}") == 0:
            time.sleep(COLD_S)
        if faults.on("bad-gateway") and faults.count("bad-gateway") % 3 == 2:
            return page(
                502, "502 - Web server received an invalid response while acting as a gateway or proxy server.", ""
            )
        return None

    def _sign_in(self, request: Request) -> Response | None:
        """Basic with the publishing credentials, or a token of an identity that may publish."""
        state = self._state
        sign_in = request.authorization
        if sign_in is not None and sign_in.type == "basic":
            user, password = publishing_credentials(self._app)
            given = f"{sign_in.username}:{sign_in.password}".encode()
            return None if hmac.compare_digest(given, f"{user}:{password}".encode()) else self._unknown()
        own = (state.arm, f"{state.arm}/appservice") if state.arm else ()
        audiences = SCM_AUDIENCES.union(own)
        header = request.headers.get("Authorization", "")
        if state.faults.on("html-401"):
            return self._unknown()
        if not state.tokens.takes(header, audiences, short=state.faults.on("token-expiry")):
            return self._unknown()
        if state.role in READERS:
            return plain("You do not have permission to view this directory or page.", 403)
        return None

    def _unknown(self) -> Response:
        answer = page(
            401,
            "401 - Unauthorized: Access is denied due to invalid credentials.",
            "You do not have permission to view this directory or page using the credentials that you supplied.",
        )
        answer.headers.add("WWW-Authenticate", f'Basic realm="{self._app.name}.scm.azurewebsites.net"')
        return answer

    def _worker(self, request: Request, *, through_arm: bool) -> tuple[LabWorker, bool]:
        """Who answers, and whether that is who was asked for; else workers take turns."""
        wanted = request.args.get("instance", "") if through_arm else request.cookies.get(AFFINITY, "")
        found = self._state.worker(wanted) if wanted else None
        if found is not None and (through_arm or found.arm_id == wanted.casefold()):
            return found, True
        workers = self._state.workers
        return workers[self._state.faults.count("turns") % len(workers)], False

    def _dispatch(self, visit: Visit) -> Response:
        path = visit.request.path
        first, slash, rest = path.lstrip("/").partition("/")
        if first.casefold() == "daas":
            path = f"/daas{slash}{rest}"
        try:
            route, values = self._map.bind("scm").match(path, visit.request.method)
        except MethodNotAllowed:
            return refused(405, f"The requested resource does not support http method '{visit.request.method}'.")
        except NotFound:
            return _no_route(visit)
        except HTTPException as error:
            return refused(error.code or 500, error.description or error.name)
        if not isinstance(route, Route) or (route.recent and visit.faults.on("old-stamp")):
            return _no_route(visit)
        return route.endpoint(visit, **values)


def _no_route(visit: Visit) -> Response:
    return as_json(f"No route registered for '{visit.request.path}'", 404)
