"""Azure's built-in roles as far as the lab needs them, and which of them allows an action."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

ACTIONS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "Owner": ("*",),
        "Website Contributor": (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/components/*",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
            "Microsoft.Web/certificates/*",
            "Microsoft.Web/listSitesAssignedToHostName/read",
            "Microsoft.Web/register/action",
            "Microsoft.Web/serverFarms/join/action",
            "Microsoft.Web/serverFarms/read",
            "Microsoft.Web/sites/*",
        ),
        "Support Request Contributor": (
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ),
        "Reader": ("*/read",),
    }
)
"""Role definitions de139f84-1756-47ae-9be6-808fbbe84772 (August 2024), cfd33db0-3dd1-45e3-aa9d-cdbdf3b6f24e, and the
two general ones. A Website Contributor without Reader reads neither metrics nor the activity log."""

WITH_READER = frozenset({"Website Contributor", "Support Request Contributor"})
"""Roles that the lab's identity holds beside Reader, as people who get them on a production site usually do."""


def permissions(role: str) -> tuple[tuple[str, ...], ...]:
    """The `actions` of every role definition that the identity holds, as the permissions API lists them."""
    held = (role, "Reader") if role in WITH_READER else (role,)
    return tuple(tuple(ACTIONS[each]) for each in held)


def may(role: str, action: str) -> bool:
    """Whether the identity may; `*` in a role stands for anything, case does not matter."""
    return any(_fits(pattern, action) for actions in permissions(role) for pattern in actions)


def _fits(pattern: str, action: str) -> bool:
    expression = re.escape(pattern.casefold()).replace(r"\*", ".*")
    return re.fullmatch(expression, action.casefold()) is not None
