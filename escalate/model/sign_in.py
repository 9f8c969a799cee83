"""How the user wants to sign in; names no library, so that the command line can speak of it cheaply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Method = Literal["default", "cli", "managed-identity", "workload-identity", "device-code", "environment"]


@dataclass(frozen=True)
class SignIn:
    """Which credential, in which tenant."""

    method: Method = "default"
    tenant: str | None = None
    client_id: str | None = None
    """Of a user-assigned managed identity, or of the app of a workload identity."""
    basic: bool = False
    """Whether publishing credentials may be used where the SCM site takes no token."""

    def in_tenant(self, tenant: str) -> SignIn:
        """The same, in that tenant."""
        return replace(self, tenant=tenant)
