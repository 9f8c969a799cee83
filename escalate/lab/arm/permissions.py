"""What the signed-in identity may do."""

from __future__ import annotations

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import answer
from escalate.lab.arm.ask import Ask, both
from escalate.lab.arm.roles import permissions


def _permissions(ask: Ask) -> Response:
    found = [
        {"actions": list(actions), "notActions": [], "dataActions": [], "notDataActions": []}
        for actions in permissions(ask.state.role)
    ]
    return answer({"value": found})


ROUTES = both(
    "/providers/microsoft.authorization/permissions", "Microsoft.Authorization/permissions/read", _permissions
)
