"""Whether the signed-in identity may file tickets on the subscription."""

from __future__ import annotations

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure
from escalate.azure.grants import granted
from escalate.azure.support_failure import SUPPORT_ROLE
from escalate.submit.checks.check import Check

NAME = "permission"
API = "2022-04-01"
NEEDED = ("Microsoft.Support/supportTickets/write", "Microsoft.Support/fileWorkspaces/write")
"""The second is our reading: no list of the provider's actions names those of workspaces."""


def permission(arm: Arm, subscription: str) -> Check:
    """Read the role assignments; what cannot be read is found out by trying."""
    scope = f"/subscriptions/{subscription}"
    try:
        data = arm.get(f"{scope}/providers/Microsoft.Authorization/permissions", API).json()
    except AzureFailure as failure:
        return Check(NAME, "unknown", f"the role assignments could not be read: {failure.reason}")
    found = data.get("value") if isinstance(data, dict) else None
    roles = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    missing = [action for action in NEEDED if not granted(roles, action)]
    if not missing:
        return Check(NAME, "ok", f"tickets may be filed on {scope}")
    return Check(
        NAME,
        "stop",
        f"nothing allows {' and '.join(missing)} on {scope}",
        hint=f"ask for the role {SUPPORT_ROLE} on {scope}, or let somebody who has it paste the portal packet",
        code="no-role",
    )
