"""Finds the way to a site's Kudu: its SCM host with a token, ARM's extensions path, or basic sign-in by permission."""

from __future__ import annotations

from collections.abc import Callable

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Door, Kudu
from escalate.azure.session import Channel

COLD_S = 90
"""A sleeping SCM site takes 10 to 60 s to answer for the first time."""
CREDENTIALS_S = 60


def find_door(
    channel: Channel, resource_id: str, scm_host: str | None, *, basic: bool, add_secret: Callable[[str, str], None]
) -> Door:
    """Try the ways in order: a token for App Service, one for ARM, basic where allowed, ARM's own path.

    Raises:
        AzureFailure: none is open; the reason is that of the SCM host, with what ARM said behind it.
    """
    cloud = channel.cloud
    through_arm = Door(base=f"{cloud.arm}{resource_id}/extensions", audience=cloud.audience, through_arm=True)
    if scm_host is None:
        return _opened(channel, through_arm)
    base = f"{cloud.scheme}://{scm_host}"
    audiences = dict.fromkeys((cloud.scm_audience, cloud.audience))
    failure = AzureFailure(Why.SIGN_IN, "no way to sign in at the SCM site was tried")
    for audience in audiences:
        try:
            return _opened(channel, Door(base=base, audience=audience))
        except AzureFailure as error:
            failure = error
            if error.why is not Why.SIGN_IN:
                break
    if failure.why is Why.SIGN_IN and basic:
        pair = _publishing_credentials(channel, resource_id, add_secret)
        return _opened(channel, Door(base=base, audience=cloud.audience, basic=pair))
    if failure.why is Why.BLOCKED:
        try:
            return _opened(channel, through_arm)
        except AzureFailure as other:
            raise AzureFailure(
                Why.BLOCKED,
                f"{failure.reason}; an access restriction or a private endpoint closes the SCM site"
                f" (through ARM: {other.reason})",
                status=failure.status,
            ) from other
    raise failure


def _opened(channel: Channel, door: Door) -> Door:
    kudu = Kudu(channel, door)
    answer = kudu.get("/api/environment", read_s=COLD_S)
    if not isinstance(answer.json(), dict):
        raise AzureFailure(Why.INVALID, f"{answer.url} is not Kudu", status=answer.status)
    return door


def _publishing_credentials(
    channel: Channel, resource_id: str, add_secret: Callable[[str, str], None]
) -> tuple[str, str]:
    """User and password of the site; held in memory, and known to redaction, never written anywhere else."""
    arm = Arm(channel)
    first = arm.post(f"{resource_id}/config/publishingcredentials/list")
    data = arm.finished(first, longest_s=CREDENTIALS_S).json()
    properties = data.get("properties", {}) if isinstance(data, dict) else {}
    user, password = properties.get("publishingUserName"), properties.get("publishingPassword")
    if not isinstance(user, str) or not isinstance(password, str):
        raise AzureFailure(Why.INVALID, "ARM gave no publishing credentials")
    add_secret(password, "publishingPassword")
    return user, password
