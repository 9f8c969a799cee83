"""Signs in through azure-identity in the way the user chose; every no comes with what to do about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import (
    AzureCliCredential,
    ChainedTokenCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from escalate.azure.cloud import CLOUDS, Cloud
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.pool import Pool, transport_over
from escalate.azure.quiet import quieten
from escalate.azure.safe import safe_text
from escalate.model.sign_in import Method, SignIn

PROGRAM_S = 30
"""So long may `az` and its like take; their first start is slow."""
CONNECT_S = 5
READ_S = 30
_SHOWN_EACH = 200
_SHOWN = 1500

_ADVICE: dict[Method, str] = {
    "default": "run `az login{tenant}`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run where a"
    " managed identity is, or choose the device-code method",
    "cli": "install the Azure CLI if it is missing, then run `az login{tenant}`",
    "managed-identity": "this works inside Azure only, and needs an identity assigned to the resource"
    " (IDENTITY_ENDPOINT, or the metadata service of a VM)",
    "workload-identity": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE",
    "device-code": "start again and enter the code in time; where a policy forbids it, run `az login{tenant}` instead",
    "environment": "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH",
}


class _Inner(Protocol):
    """What all of azure-identity's credentials have."""

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, enable_cae: bool = False
    ) -> AccessToken: ...

    def close(self) -> None: ...


class Credential:
    """A credential of azure-identity whose errors are AzureFailures; thread safe, one question at a time."""

    def __init__(self, sign_in: SignIn, cloud: Cloud, prompt: Callable[[str], None]) -> None:
        quieten()
        self._sign_in = sign_in
        self._cloud = cloud
        self._prompt = prompt
        self._lock = threading.Lock()
        self._pool = Pool()
        self._inner = self._made()

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: object,
    ) -> AccessToken:
        """A token for these scopes.

        Raises:
            AzureFailure: Why.SIGN_IN, with what to do.
        """
        tenant = tenant_id or self._sign_in.tenant
        with self._lock:
            try:
                return self._inner.get_token(*scopes, claims=claims, tenant_id=tenant, enable_cae=enable_cae)
            except (AzureError, ValueError) as error:
                raise self._failure(error) from error

    def renew(self) -> None:
        """Forget the tokens that are kept in memory; not where a person would have to type a code again."""
        if self._sign_in.method == "device-code":
            return
        with self._lock:
            self._inner = self._made()

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            self._inner.close()
            self._pool.close()

    def _made(self) -> _Inner:
        try:
            return _inner(self._sign_in, self._cloud, self._prompt, self._pool)
        except ValueError as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> AzureFailure:
        method, tenant = self._sign_in.method, self._sign_in.tenant
        advice = _ADVICE[method].format(tenant=f" --tenant {tenant}" if tenant else "")
        return AzureFailure(Why.SIGN_IN, f"sign-in ({method}) failed: {_summary(str(error))}. To do: {advice}")


def credential_for(sign_in: SignIn, cloud: Cloud, prompt: Callable[[str], None]) -> TokenCredential:
    """The credential the user chose, asking nothing yet; what a person has to do is told through `prompt`.

    Raises:
        AzureFailure: Why.SIGN_IN: settings that the method needs are missing.
    """
    return Credential(sign_in, cloud, prompt)


def partner_credentials(
    sign_in: SignIn, tenant: str | None, cloud: Cloud, prompt: Callable[[str], None]
) -> tuple[TokenCredential, ...]:
    """Of the cloud solution provider who files for a customer: its token goes beside the customer's own.

    Raises:
        AzureFailure: see `credential_for`.
    """
    return (credential_for(sign_in.in_tenant(tenant), cloud, prompt),) if tenant else ()


def _inner(sign_in: SignIn, cloud: Cloud, prompt: Callable[[str], None], pool: Pool) -> _Inner:
    tenant, client = sign_in.tenant, sign_in.client_id
    others: dict[str, Any] = {"additionally_allowed_tenants": [tenant]} if tenant else {}
    wire: dict[str, Any] = {"transport": transport_over(pool, connect_s=CONNECT_S, read_s=READ_S)}
    entra: dict[str, Any] = {**({"authority": cloud.authority} if cloud.authority else {}), **others, **wire}
    if cloud.name not in CLOUDS:
        entra["disable_instance_discovery"] = True  # the public cloud does not know other clouds' sign-in hosts
    match sign_in.method:
        case "default":
            if client:
                entra |= {"managed_identity_client_id": client, "workload_identity_client_id": client}
            return DefaultAzureCredential(
                exclude_interactive_browser_credential=True, process_timeout=PROGRAM_S, **entra
            )
        case "cli":
            return AzureCliCredential(tenant_id=tenant or "", process_timeout=PROGRAM_S, **others)
        case "managed-identity":
            # in a chain it looks first whether there is a metadata service, instead of waiting for it for a minute
            return ChainedTokenCredential(ManagedIdentityCredential(client_id=client, **wire))
        case "workload-identity":
            named = {"tenant_id": tenant, "client_id": client}
            return WorkloadIdentityCredential(**{key: value for key, value in named.items() if value}, **entra)
        case "device-code":
            if client:
                entra["client_id"] = client
            if tenant:
                entra["tenant_id"] = tenant
            return DeviceCodeCredential(prompt_callback=_teller(prompt), **entra)
        case "environment":
            return EnvironmentCredential(**entra)


def _teller(prompt: Callable[[str], None]) -> Callable[[str, str, datetime], None]:
    def tell(url: str, code: str, until: datetime) -> None:
        prompt(f"to sign in, open {url} and enter the code {code} (until {until:%H:%M} UTC)")

    return tell


def _summary(text: str) -> str:
    """A chain's message in one line: each credential with the first sentence of its reason."""
    lines = text.splitlines() or [""]
    tried = [_short(line.strip()) for line in lines[1:] if line.startswith("\t")] or lines[:1]
    return safe_text("; ".join(tried))[:_SHOWN].rstrip(". ")


def _short(line: str) -> str:
    """`AzureCliCredential: Azure CLI not found on path`."""
    name, _, why = line.partition(": ")
    why = why.removeprefix(f"{name} authentication unavailable.").strip() or "not available here"
    return f"{name}: {why.split('. ')[0][:_SHOWN_EACH].rstrip('.')}"
