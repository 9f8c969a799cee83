"""File workspaces: one lives for a day, a ticket's own for half a year."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask
from escalate.lab.support.clock import wire
from escalate.lab.support.desk import FREE_LIFE
from escalate.lab.support.names import check_workspace_name
from escalate.lab.support.operation import route
from escalate.lab.support.records import Workspace
from escalate.lab.support.refusals import absent
from escalate.lab.world import SUBSCRIPTION, Json


def workspace_id(workspace: Workspace) -> str:
    """Its resource id."""
    return f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Support/fileWorkspaces/{workspace.name}"


def workspace_named(ask: Ask) -> Workspace:
    """The workspace that the path names.

    Raises:
        Refusal: there is none, or it has expired.
    """
    name = ask.args["workspace"]
    workspace = ask.state.support.workspaces.get(name.lower())
    if workspace is None:
        raise absent("Microsoft.Support/fileWorkspaces", name)
    return workspace


def _json(workspace: Workspace) -> Json:
    return {
        "id": workspace_id(workspace),
        "name": workspace.name,
        "type": "Microsoft.Support/fileWorkspaces",
        "properties": {"createdOn": wire(workspace.created), "expirationTime": wire(workspace.expires)},
    }


def _create(ask: Ask) -> Response:
    """One that is there stays as it is: its life does not begin anew."""
    desk, name = ask.state.support, ask.args["workspace"]
    check_workspace_name(name)
    now = desk.clock.now()
    workspace = desk.workspaces.setdefault(name.lower(), Workspace(name, now, now + FREE_LIFE))
    return answer(
        _json(workspace), 201, {"Location": f"{ask.base}{workspace_id(workspace)}?{ask.request.query_string.decode()}"}
    )


def _get(ask: Ask) -> Response:
    return answer(_json(workspace_named(ask)))


_BELOW = "/fileworkspaces/<workspace>"
ROUTES = (
    route("workspaces.create", "PUT", "subscription", _BELOW, "fileWorkspaces/write", _create),
    route("workspaces.get", "GET", "subscription", _BELOW, "fileWorkspaces/read", _get),
)
