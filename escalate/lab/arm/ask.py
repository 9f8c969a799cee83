"""One request to ARM with what it is about, and the routes that lead requests to views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from escalate.lab.arm.answer import Refusal, answer, page
from escalate.lab.arm.operations import Operations
from escalate.lab.state import LabState
from escalate.lab.world import Json, LabApp, LabWorker

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
Scope = Literal["root", "subscription", "group", "site", "plan", "workspace", "component"]
ELSEWHERE = "http://127.0.0.2"
"""Where links lead with the fault `wrong-host-href`."""


@dataclass(frozen=True)
class Ask:
    """What a view gets."""

    state: LabState
    request: Request
    path: str
    """As the client spelled it."""
    args: Mapping[str, str]
    """The parameters of the route, as the client spelled them."""
    scope: Scope
    target: LabApp | None
    """The app or slot, when the request is about one."""
    sites: Mapping[str, WSGIApplication]
    """Resource id of an app to its SCM site."""
    operations: Operations

    @property
    def app(self) -> LabApp:
        """The app or slot that the request is about.

        Raises:
            Refusal: it is about none.
        """
        if self.target is None:
            raise Refusal(404, "ResourceNotFound", f"The resource '{self.path}' was not found.")
        return self.target

    @property
    def resource_id(self) -> str:
        """Of what the request is about."""
        world = self.state.world
        if self.scope == "site":
            return self.app.resource_id
        return {"plan": world.plan_id, "workspace": world.workspace_id, "component": world.component_id}[self.scope]

    @property
    def linux(self) -> bool:
        """Whether the plan is one of Linux."""
        return self.state.world.platform.startswith("linux")

    @property
    def base(self) -> str:
        """Scheme and host of links in the answer."""
        return ELSEWHERE if self.state.faults.on("wrong-host-href") else self.state.arm

    def worker(self) -> LabWorker:
        """The worker that the route's `<instance>` names.

        Raises:
            Refusal: it is not, or no longer, in the plan.
        """
        found = self.state.worker(self.args["instance"])
        if found is None:
            raise Refusal(404, "NotFound", f"Cannot find instance with name {self.args['instance']}.")
        return found

    def body(self) -> Json:
        """The JSON of the request; no body is `{}`.

        Raises:
            Refusal: it is no JSON object.
        """
        if not self.request.get_data(cache=True):
            return {}
        try:
            data: Any = self.request.get_json(force=True)
        except BadRequest as error:
            raise Refusal(400, "InvalidRequestContent", "The request content was invalid.") from error
        if not isinstance(data, dict):
            raise Refusal(400, "InvalidRequestContent", "The request content was invalid.")
        return data

    def page(self, values: Sequence[object], size: int) -> Response:
        """A page of a list."""
        return page(self.base + self.path, self.request.args, values, size)

    def resource(self, below: str, kind: str, properties: object, **more: object) -> Json:
        """A resource below the one asked about: `below` is `config/web`, `kind` its type, `sites/config`."""
        return {
            "id": f"{self.resource_id}/{below}",
            "name": below.rsplit("/", 1)[-1],
            "type": f"Microsoft.Web/{self.typed(kind)}",
            "location": self.state.world.region,
            **more,
            "properties": properties,
        }

    def typed(self, kind: str) -> str:
        """`sites/config`, or `sites/slots/config` when a slot is asked about."""
        if self.target is not None and self.target.slot and kind.startswith("sites"):
            return f"sites/slots{kind.removeprefix('sites')}"
        return kind

    def accepted(self, result: Callable[[], Response], where: str, polls: int = 1, body: object = None) -> Response:
        """202 with a `Location` below `where`, at which the result stands after that many polls."""
        operation = self.operations.begin(result, polls)
        version = self.request.args["api-version"]
        location = f"{self.base}{where}/{operation}?api-version={version}"
        return answer(_progress(operation) if body is None else body, 202, _later(location))

    def finished(self, operation: str, body: object = None) -> Response:
        """The state of an operation: 202 until it is done, then its result.

        Raises:
            Refusal: there is no such operation.
        """
        done = self.operations.poll(operation)
        if done is not None:
            return done
        version = self.request.args["api-version"]
        location = f"{self.base}{self.path}?api-version={version}"
        return answer(_progress(operation) if body is None else body, 202, _later(location))


@dataclass(frozen=True)
class Route:
    """One thing that can be asked for."""

    method: Method
    scope: Scope
    path: str
    """Below the resource, with werkzeug's placeholders; literal parts in lower case."""
    action: str
    """What a role must allow; empty: anybody who is signed in."""
    view: Callable[[Ask], Response]


def both(path: str, action: str, view: Callable[[Ask], Response]) -> tuple[Route, Route]:
    """GET of the same thing on a site and on a plan."""
    return Route("GET", "site", path, action, view), Route("GET", "plan", path, action, view)


def _progress(operation: str) -> Json:
    return {"name": operation, "status": "InProgress"}


def _later(location: str) -> dict[str, str]:
    return {"Location": location, "Retry-After": "0"}
