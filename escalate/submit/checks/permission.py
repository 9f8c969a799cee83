"""Whether the signed-in identity may file tickets on the subscription."""

from __future__ import annotations

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure
from escalate.azure.grants import granted
from escalate.azure.support_failure import SUPPORT_ROLE
from escalate.submit.checks.check import Check

NAME = "permission"
API = "2022-04-01"
TICKETS = "Microsoft.Support/supportTickets/write"
FILES = "Microsoft.Support/fileWorkspaces/write"
"""Our reading: no list of the provider's actions names those of workspaces, so that its lack stops nothing."""


def permission(arm: Arm, subscription: str) -> Check:
    """Read the role assignments; what cannot be read is found out by trying."""
    scope = f"/subscriptions/{subscription}"
    try:
        data = arm.get(f"{scope}/providers/Microsoft.Authorization/permissions", API).json()
    except AzureFailure as failure:
        return Check(NAME, "unknown", f"the role assignments could not be read: {failure.reason}")
    found = data.get("value") if isinstance(data, dict) else None
    roles = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    hint = f"ask for the role {SUPPORT_ROLE} on {scope}, or let somebody who has it paste the portal packet"
    if not granted(roles, TICKETS):
        return Check(NAME, "stop", f"nothing allows {TICKETS} on {scope}", hint=hint, code="no-role")
    if not granted(roles, FILES):
        return Check(NAME, "warning", f"nothing seems to allow files ({FILES}) on {scope}", hint=hint)
    return Check(NAME, "ok", f"tickets may be filed on {scope}")
