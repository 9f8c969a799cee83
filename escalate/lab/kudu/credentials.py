"""Passwords and keys of the lab's sites: new for every run of the lab, as they open a shell on this machine."""

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
    return user, _made(app.resource_id)[:60]


def host_key(app: LabApp, name: str) -> str:
    """A key of a function app, as the host makes it: 56 characters, `AzFu` before the last eight."""
    return f"{_made(f'{app.resource_id}/{name}')[:44]}AzFu{_made(name)[:5]}Q=="


def identity_header(app: LabApp) -> str:
    """What the app shows to the endpoint of its managed identity: 32 hexadecimal digits."""
    return hmac.digest(_secret_of_this_run(), f"{app.resource_id}/identity".encode(), hashlib.sha256).hex()[:32].upper()


def _made(what: str) -> str:
    digest = hmac.digest(_secret_of_this_run(), what.encode(), hashlib.sha512)
    return base64.b64encode(digest).decode().replace("+", "").replace("/", "").replace("=", "")


@functools.cache
def _secret_of_this_run() -> bytes:
    return secrets.token_bytes(32)
