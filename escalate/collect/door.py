"""Finds the way to a site's Kudu: its SCM host with a token, basic sign-in by permission, or ARM's extensions path."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Door, Kudu
from escalate.azure.session import Channel
from escalate.collect.json_parts import Json, mapping, mappings, properties, text

COLD_S = 90
"""A sleeping SCM site takes 10 to 60 s to answer for the first time."""
CREDENTIALS_S = 60
_PASSING = frozenset({Why.TIMEOUT, Why.FAILED})
"""What a site that is just waking up answers."""


def find_door(
    channel: Channel, resource_id: str, scm_host: str | None, *, basic: bool, add_secret: Callable[[str, str], None]
) -> Door:
    """Try the ways in order: a token for App Service, one for ARM, basic where allowed, ARM's own path.

    Raises:
        AzureFailure: none is open; the reason is that of the SCM host, with what closes it as far as ARM tells, and
            what ARM's own path said.
    """
    cloud = channel.cloud
    through_arm = Door(base=f"{cloud.arm}{resource_id}/extensions", audience=cloud.audience, through_arm=True)
    if scm_host is None:
        return _opened(channel, through_arm)
    try:
        return _direct(channel, resource_id, f"{cloud.scheme}://{scm_host}", basic=basic, add_secret=add_secret)
    except AzureFailure as error:
        failure = error
    try:
        return _opened(channel, through_arm)
    except AzureFailure as other:
        reason = failure.reason
        if failure.why is Why.BLOCKED:
            reason += f"; {what_closes(channel, resource_id)}"
        raise AzureFailure(
            failure.why,
            f"{reason} (ARM's own path to it: {other.reason})",
            status=failure.status,
            code=failure.code,
            request_id=failure.request_id,
            missing_action=failure.missing_action or other.missing_action,
        ) from other


def what_closes(channel: Channel, resource_id: str) -> str:
    """What ARM knows of private endpoints and access restrictions, in words, and what to do about it."""
    arm = Arm(channel)
    found: list[str] = []
    unread = 0
    for read in (_endpoints, _restrictions):
        try:
            found += read(arm, resource_id)
        except AzureFailure:
            unread += 1
    if found:
        return f"closed by {' and '.join(found)}: run escalate where it is let in, inside the virtual network"
    if unread:
        return "whether a private endpoint or an access restriction closes it could not be read"
    return "the site has neither a private endpoint nor an access restriction: look at the way from here (proxy, DNS)"


def _direct(
    channel: Channel, resource_id: str, base: str, *, basic: bool, add_secret: Callable[[str, str], None]
) -> Door:
    """By the SCM host itself; another audience or a password only helps where the token was not taken."""
    cloud = channel.cloud
    failure = AzureFailure(Why.SIGN_IN, f"{base}: no way to sign in was tried")
    for audience in dict.fromkeys((cloud.scm_audience, cloud.audience)):
        try:
            return _opened(channel, Door(base=base, audience=audience))
        except AzureFailure as error:
            failure = error
            if error.why is not Why.SIGN_IN:
                raise
    if not basic:
        raise failure
    if not _basic_allowed(channel, resource_id):
        raise AzureFailure(
            Why.SIGN_IN, f"{failure.reason}; basic sign-in is switched off at this SCM site", status=failure.status
        )
    pair = _publishing_credentials(channel, resource_id, add_secret)
    return _opened(channel, Door(base=base, audience=cloud.audience, basic=pair))


def _opened(channel: Channel, door: Door) -> Door:
    """The door, if Kudu stands behind it; a site that is waking up is asked once more.

    Raises:
        AzureFailure: it does not answer, or is something else.
    """
    kudu = Kudu(channel, door)
    try:
        answer = kudu.get("/api/environment", read_s=COLD_S)
    except AzureFailure as failure:
        if failure.why not in _PASSING:
            raise
        channel.pulse.alive()
        answer = kudu.get("/api/environment", read_s=COLD_S)
    if not isinstance(answer.json(), dict):
        raise AzureFailure(Why.INVALID, f"{answer.url} is not Kudu", status=answer.status)
    return door


def _endpoints(arm: Arm, resource_id: str) -> Iterator[str]:
    """Private endpoints that are in force."""
    for page in arm.pages(f"{resource_id}/privateEndpointConnections"):
        for each in mappings(mapping(page.json()).get("value")):
            state = mapping(properties(each).get("privateLinkServiceConnectionState"))
            if text(state.get("status")).casefold() == "approved":
                yield f"the private endpoint {text(each.get('name')) or 'without a name'}"


def _restrictions(arm: Arm, resource_id: str) -> Iterator[str]:
    """Rules of config/web that apply to the SCM site."""
    web = properties(mapping(arm.get(f"{resource_id}/config/web").json()))
    if text(web.get("publicNetworkAccess")).casefold() == "disabled":
        yield "the switch publicNetworkAccess, which is off"
    prefix = "ip" if web.get("scmIpSecurityRestrictionsUseMain") is True else "scmIp"
    rules = [rule for rule in mappings(web.get(f"{prefix}SecurityRestrictions")) if not _for_all(rule)]
    if rules or text(web.get(f"{prefix}SecurityRestrictionsDefaultAction")).casefold() == "deny":
        yield f"access restrictions of the SCM site ({prefix}SecurityRestrictions, {len(rules)} of them)"


def _for_all(rule: Json) -> bool:
    """The rule that stands in every list: allow any."""
    return text(rule.get("action")).casefold() == "allow" and text(rule.get("ipAddress")).casefold() == "any"


def _basic_allowed(channel: Channel, resource_id: str) -> bool:
    """What the site's policy says; where it cannot be read, trying tells."""
    try:
        answer = Arm(channel).get(f"{resource_id}/basicPublishingCredentialsPolicies/scm").json()
    except AzureFailure:
        return True
    return properties(answer).get("allow") is not False


def _publishing_credentials(
    channel: Channel, resource_id: str, add_secret: Callable[[str, str], None]
) -> tuple[str, str]:
    """User and password of the site; held in memory, and known to redaction, never written anywhere else."""
    arm = Arm(channel)
    first = arm.post(f"{resource_id}/config/publishingcredentials/list")
    found = properties(arm.finished(first, longest_s=CREDENTIALS_S).json())
    user, password = found.get("publishingUserName"), found.get("publishingPassword")
    if not isinstance(user, str) or not isinstance(password, str):
        raise AzureFailure(Why.INVALID, "ARM gave no publishing credentials")
    add_secret(password, "publishingPassword")
    return user, password
