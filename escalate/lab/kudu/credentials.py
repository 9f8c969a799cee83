"""The publishing credentials of the lab's sites: new for every run of the lab, as they open a shell on this machine."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import secrets

from escalate.lab.world import LabApp


def publishing_credentials(app: LabApp) -> tuple[str, str]:
    """User and password of a site or slot for basic sign-in; the same as long as this process runs."""
    user = f"${app.name}__{app.slot}" if app.slot else f"${app.name}"
    digest = hmac.digest(_secret_of_this_run(), app.resource_id.encode(), hashlib.sha512)
    text = base64.b64encode(digest).decode().replace("+", "").replace("/", "").replace("=", "")
    return user, text[:60]


@functools.cache
def _secret_of_this_run() -> bytes:
    return secrets.token_bytes(32)
