"""From the name or the ARM endpoint of a cloud to a session in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken

from escalate.azure.call import Call
from escalate.azure.cloud import CLOUDS, Cloud, is_loopback, may_carry_secrets, same_origin
from escalate.azure.credential import credential_for
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.safe import safe_url
from escalate.azure.session import Session
from escalate.errors import ConfigError
from escalate.model.sign_in import SignIn

METADATA = "2023-12-01"
"""Version of `/metadata/endpoints`, which ARM answers without sign-in."""


def connect(cloud_name: str, sign_in: SignIn, prompt: Callable[[str], None]) -> Session:
    """A session in that cloud; the first request signs in.

    Raises:
        AzureFailure: the cloud cannot be asked for its endpoints, or settings of the sign-in are missing.
        ConfigError: that is no cloud.
    """
    cloud = cloud_named(cloud_name)
    return Session(cloud, credential_for(sign_in, cloud, prompt))


def cloud_named(name: str) -> Cloud:
    """`public`, `usgov`, `china`, or the ARM endpoint of another cloud, which is asked where its services are.

    Raises:
        AzureFailure: it does not answer, or not as ARM does.
        ConfigError: neither a cloud nor a URL that may be asked.
    """
    if (known := CLOUDS.get(name.strip().casefold())) is not None:
        return known
    arm = _endpoint(name.strip())
    bare = Cloud(
        name=arm, arm=arm, audience=arm, scm_audience=arm, logs="", logs_audience="", insights="",
        insights_audience="", authority="", portal="",
    )  # fmt: skip
    with Session(bare, _NoSignIn()) as session:
        call = Call("GET", f"{arm}/metadata/endpoints", None, query={"api-version": METADATA}, read_s=30, retries=1)
        answer = session.channel().send(call)
    data = answer.json()
    for each in data if isinstance(data, list) else [data]:  # a list in older versions, one cloud in newer ones
        if isinstance(each, dict) and same_origin(_text(each, "resourceManager").rstrip("/") or "-", arm):
            return _cloud(arm, each, answer.url)
    raise AzureFailure(Why.INVALID, f"{answer.url} does not speak of the endpoint that was asked: it is not ARM's")


class _NoSignIn:
    """For the one request that needs no token."""

    def get_token(self, *scopes: str, **kwargs: object) -> AccessToken:
        """Refuse."""
        raise AzureFailure(Why.SIGN_IN, "the endpoints of a cloud are read without signing in")


def _endpoint(name: str) -> str:
    """Scheme and host of an ARM endpoint."""
    hint = f"name one of {', '.join(CLOUDS)}, or the ARM endpoint, such as https://management.local.example"
    try:
        parts = urlsplit(name)
        _ = parts.port
    except ValueError as error:
        raise ConfigError("the cloud is a URL that cannot be read", hint=hint) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError(f"there is no cloud {safe_url(name) if '://' in name else name!r}", hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
        raise ConfigError(f"{safe_url(name)} is more than an endpoint", hint="name only scheme, host and port")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(
            f"{safe_url(name)} would get tokens in plain text",
            hint="use https; plain http is for a cloud on this machine only (127.0.0.1, localhost)",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _cloud(arm: str, data: Mapping[str, Any], url: str) -> Cloud:
    sign_in = data.get("authentication")
    sign_in = sign_in if isinstance(sign_in, dict) else {}
    listed = sign_in.get("audiences")
    audiences = [each.rstrip("/") for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
    if not audiences:
        raise AzureFailure(Why.INVALID, f"{url} names no audience for tokens")
    audience = next((each for each in audiences if same_origin(each, arm)), audiences[0])
    logs, insights = _text(data, "logAnalyticsResourceId"), _text(data, "appInsightsResourceId")
    for service in (logs, insights):
        if service and not may_carry_secrets(service):
            raise AzureFailure(
                Why.INVALID, f"{url} names a service that would get tokens in plain text: {safe_url(service)}"
            )
    suffixes = data.get("suffixes")
    login = _text(sign_in, "loginEndpoint")
    return Cloud(
        name=_text(data, "name") or arm,
        arm=arm,
        audience=audience,
        scm_audience=_text(data, "appServiceResourceId") or audience,
        logs=f"{logs}/v1" if logs else "",
        logs_audience=logs,
        insights=f"{insights}/v1" if insights else "",
        insights_audience=insights,
        authority=login.partition("://")[2] or login,
        portal=_text(data, "portal"),
        scheme=urlsplit(arm).scheme,
        storage=_text(suffixes, "storage") if isinstance(suffixes, dict) else "",
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    """A field without the slash at its end; empty when there is none."""
    value = data.get(name)
    return value.rstrip("/") if isinstance(value, str) else ""
