"""What ARM hands to the SCM site: the `extensions` path as it is, and processes in ARM's envelope."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.kudu.visit import GEO_LOCATION
from escalate.lab.state import THROUGH_ARM

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "set-cookie"})
_OWN = frozenset({"host", "authorization", "content-length", "cookie", "connection"})
_NONE: Mapping[str, str] = MappingProxyType({})


def _extensions(ask: Ask) -> Response:
    """Any method, any path, body and headers; `?instance=` names the worker."""
    if ask.state.faults.on("extensions-blocked"):
        raise Refusal(403, "Forbidden", "The request was blocked by a network rule of the site.")
    return _handed(ask, f"/{ask.args['rest']}", _query(ask))


def _handed(ask: Ask, path: str, query: Mapping[str, str] = _NONE, headers: Mapping[str, str] = _NONE) -> Response:
    """What the SCM site answers; big answers pass as they come."""
    request = ask.request
    sent = Headers([(name, value) for name, value in request.headers if name.lower() not in _OWN])
    sent.update(dict(headers))
    builder = EnvironBuilder(
        path=path,
        base_url=f"http://{ask.state.scm[ask.app.resource_id]}/",
        method=request.method,
        query_string=dict(query),
        headers=sent,
        data=request.get_data(),
    )
    environ = builder.get_environ()
    environ[THROUGH_ARM] = True
    if "werkzeug.socket" in request.environ:
        environ["werkzeug.socket"] = request.environ["werkzeug.socket"]
    pieces, status, answered = run_wsgi_app(ask.sites[ask.app.resource_id], environ)
    response = Response(
        pieces, status, Headers([(name, value) for name, value in answered if name.lower() not in _HOP])
    )
    length = answered.get("Content-Length")
    if length is not None:
        response.headers["Content-Length"] = length
    return response


def _enveloped(ask: Ask) -> Response:
    """The same path below `api`, in the envelope that Kudu makes for ARM; Kudu itself hides things from readers."""
    if ask.linux:
        raise Refusal(400, "BadRequest", "Not supported on Linux")
    below = ask.path[len(ask.app.resource_id) :]
    if "instance" in ask.args:
        below = f"/{below.split('/', 3)[3]}"
    headers = {GEO_LOCATION: ask.state.world.region, "Referer": f"{ask.state.arm}{ask.path}"}
    return _handed(ask, f"/api{below}", _instance(ask), headers)


def _instance(ask: Ask) -> dict[str, str]:
    return {"instance": ask.worker().arm_id} if "instance" in ask.args else {}


def _dump(ask: Ask) -> Response:
    """A minidump, as it comes from Kudu."""
    if ask.linux:
        raise Refusal(400, "BadRequest", "Not supported on Linux")
    return _handed(ask, f"/api/processes/{ask.args['pid']}/dump", {**_query(ask), **_instance(ask)})


def _query(ask: Ask) -> dict[str, str]:
    return {name: value for name, value in ask.request.args.items() if name.lower() != "api-version"}


def _routes() -> tuple[Route, ...]:
    views = (
        ("", ""),
        ("/<pid>", ""),
        ("/<pid>/threads", "/threads"),
        ("/<pid>/threads/<thread>", "/threads"),
        ("/<pid>/modules", "/modules"),
        ("/<pid>/modules/<address>", "/modules"),
    )
    found = [
        Route(
            "GET", "site", f"{path}/processes{below}", f"Microsoft.Web/sites/{action}processes{more}/read", _enveloped
        )
        for path, action in (("", ""), ("/instances/<instance>", "instances/"))
        for below, more in views
    ]
    found += [
        # No reader gets memory; how the action is really called is not published.
        Route("GET", "site", f"{path}/processes/<pid>/dump", "Microsoft.Web/sites/processes/dump/action", _dump)
        for path in ("", "/instances/<instance>")
    ]
    methods: tuple[Any, ...] = ("GET", "POST", "PUT", "DELETE")
    found += [
        Route(method, "site", "/extensions/<path:rest>", "Microsoft.Web/sites/extensions/api/action", _extensions)
        for method in methods
    ]
    return tuple(found)


ROUTES = _routes()
