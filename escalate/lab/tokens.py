"""The tokens that the lab's managed-identity endpoint gives out, and which of them are still taken."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LIFETIME = timedelta(hours=8)
SHORT_USES = 6
"""With the fault `token-expiry` a token is taken so many times."""

ARM_AUDIENCES = frozenset({"https://management.azure.com", "https://management.core.windows.net"})
SCM_AUDIENCES = ARM_AUDIENCES | {"https://appservice.azure.com"}
"""Tokens that SCM sites take: those for App Service and those for ARM."""


@dataclass
class Tokens:
    """Thread safe."""

    identity_header: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    """What the managed-identity endpoint wants in `X-IDENTITY-HEADER`."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, tuple[str, int]] = field(default_factory=dict)
    _signatures: dict[str, str] = field(default_factory=dict)

    def issue(self, audience: str) -> tuple[str, datetime]:
        """A new token for an audience, and when it expires."""
        token = f"lab.{secrets.token_urlsafe(24)}"
        with self._lock:
            self._known[token] = (audience.rstrip("/"), 0)
        return token, datetime.now(UTC) + LIFETIME

    def takes(self, header: str, audiences: frozenset[str], *, short: bool = False) -> bool:
        """Whether `Bearer ...` holds a token for one of these audiences; `short`: tokens wear out."""
        kind, _, token = header.partition(" ")
        with self._lock:
            audience, uses = self._known.get(token, ("", 0))
            if kind.lower() != "bearer" or audience not in audiences:
                return False
            self._known[token] = (audience, uses + 1)
            return not short or uses < SHORT_USES

    def sign(self, resource: str) -> str:
        """A signature (`sig` of a SAS) for a blob or a container, given as `/container` or `/container/name`."""
        signature = secrets.token_urlsafe(32)
        with self._lock:
            self._signatures[signature] = resource
        return signature

    def signed(self, signature: str, path: str) -> bool:
        """Whether a signature opens a path: its own, or one below it."""
        with self._lock:
            resource = self._signatures.get(signature)
        return resource is not None and (path == resource or path.startswith(f"{resource}/"))
