"""Whether a role allows an action, as the permissions API of ARM describes roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from escalate.azure.grants import fits
from escalate.collect.json_parts import Json, texts
from escalate.model.survey import Survey

READER = ("*/read",)
WEBSITE_CONTRIBUTOR = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Insights/components/*",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
    "Microsoft.Web/certificates/*",
    "Microsoft.Web/listSitesAssignedToHostName/read",
    "Microsoft.Web/serverFarms/join/action",
    "Microsoft.Web/serverFarms/read",
    "Microsoft.Web/sites/*",
)
"""Role definition de139f84-1756-47ae-9be6-808fbbe84772, as documented in Azure built-in roles for web and mobile."""


@dataclass(frozen=True)
class Grants:
    """What all role assignments together allow; may hold `*`."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...]


def grants_of(permissions: Iterable[Json]) -> Grants:
    """The assignments that the permissions API lists, as one.

    `notActions` take away from their own role only. One that another role may grant back is left out: a step that is
    tried and refused costs a request, a step that is wrongly left out costs evidence.
    """
    roles = [(texts(each.get("actions")), texts(each.get("notActions"))) for each in permissions]
    denied = [
        pattern
        for at, (_, not_actions) in enumerate(roles)
        for pattern in not_actions
        if not any(_meets(actions, taken, pattern) for other, (actions, taken) in enumerate(roles) if other != at)
    ]
    return Grants(
        actions=tuple(dict.fromkeys(action for actions, _ in roles for action in actions)),
        not_actions=tuple(dict.fromkeys(denied)),
    )


def allows(actions: Sequence[str], not_actions: Sequence[str], wanted: str) -> bool:
    """Whether an action (`Microsoft.Web/sites/publish/Action`) is among `actions` and not among `not_actions`.

    Both may hold `*`; case does not matter (Azure RBAC: understand role definitions).
    """
    return any(fits(each, wanted) for each in actions) and not any(fits(each, wanted) for each in not_actions)


def may(survey: Survey, wanted: str | None) -> bool:
    """Whether the signed-in identity may; when its permissions could not be read, the answer is found by trying."""
    if wanted is None or survey.actions is None:
        return True
    return allows(survey.actions, survey.not_actions, wanted)


def role_with(wanted: str) -> str:
    """The least built-in role that allows it, in words; the action itself when none of ours does."""
    if allows(READER, (), wanted):
        return "Reader"
    if allows(WEBSITE_CONTRIBUTOR, (), wanted):
        return "Website Contributor"
    return f"a role with {wanted}"


def _meets(actions: Sequence[str], taken: Sequence[str], pattern: str) -> bool:
    """Whether a role may grant something of what a pattern stands for."""
    return any(fits(each, pattern) or fits(pattern, each) for each in actions) and not any(
        fits(each, pattern) for each in taken
    )
