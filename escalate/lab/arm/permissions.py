"""What the signed-in identity may do."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, Route, both
from escalate.lab.arm.roles import permissions


def _permissions(ask: Ask) -> Response:
    found = [
        {"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}
        for actions in permissions(ask.state.role)
    ]
    return answer({"value": found})


_PATH = "/providers/microsoft.authorization/permissions"
_ACTION = "Microsoft.Authorization/permissions/read"
ROUTES = (
    *both(_PATH, _ACTION, _permissions),
    Route("GET", "subscription", _PATH, _ACTION, _permissions),
)
