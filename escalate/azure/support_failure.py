"""A call of the Support API that was refused or lost: what it means, whether it may be tried again, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from escalate.azure.failure import AzureFailure, Why

SUPPORT_ROLE = "Support Request Contributor"
"""Built-in role that may create and update tickets; its id is cfd33db0-3dd1-45e3-aa9d-cdbdf3b6f24e."""

NO_PLAN = "invalidsupportplan"
NOT_REGISTERED = "missingsubscriptionregistration"

_HINTS: Mapping[str, str] = MappingProxyType(
    {
        NO_PLAN: "the API takes tickets of Professional Direct, Premier and Unified plans only; file it in the portal,"
        " where every plan may, with the portal packet",
        NOT_REGISTERED: "the subscription does not know the provider Microsoft.Support yet: give --register-provider,"
        " or run `az provider register --namespace Microsoft.Support`",
        "subscriptionnotregistered": "give --register-provider, or run `az provider register --namespace"
        " Microsoft.Support`",
        "invaliddata": "a name or a value does not fit the server's rules; escalate submit --dry-run lists them",
        "invalidparametervalue": "a value is missing or does not fit; escalate submit --dry-run lists them",
        "quotaexceeded": "too many tickets are open on this subscription: close one, or add to one that is open",
        "updateoperationdenied": "the ticket is closed or being worked on: write to it instead (escalate ticket reply)",
    }
)
_MAY_PASS = frozenset({Why.THROTTLED, Why.TIMEOUT, Why.BUSY, Why.INVALID})
_TERMINAL = frozenset({NO_PLAN, NOT_REGISTERED, "subscriptionnotregistered"})


class SupportFailure(AzureFailure):
    """Branch on `is_code`, never on `status`: a failed operation answers 200."""

    def __init__(
        self,
        why: Why,
        reason: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        missing_action: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(why, reason, status=status, code=code, request_id=request_id, missing_action=missing_action)
        self.retry_after_s = retry_after_s
        """What the server asked for; None: nothing."""

    @classmethod
    def of(cls, failure: AzureFailure, retry_after_s: float | None = None) -> SupportFailure:
        """The same, as this kind."""
        return cls(
            failure.why,
            failure.reason,
            status=failure.status,
            code=failure.code,
            request_id=failure.request_id,
            missing_action=failure.missing_action,
            retry_after_s=retry_after_s,
        )

    def is_code(self, *codes: str) -> bool:
        """Whether `error.code` is one of these; case does not matter."""
        return (self.code or "").casefold() in {code.casefold() for code in codes}

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later, unchanged."""
        if (self.code or "").casefold() in _TERMINAL:
            return False
        if self.why is Why.FAILED:
            return self.status is None or self.status >= 500
        return self.why in _MAY_PASS or (self.why is Why.BLOCKED and self.status is None)

    @property
    def may_have_acted(self) -> bool:
        """Whether the server may have done what it was asked to, although no good answer came."""
        if self.status is None:
            return self.why is not Why.BLOCKED and self.why is not Why.SIGN_IN
        return self.status >= 500 or self.status == 408 or self.status < 400

    @property
    def hint(self) -> str:
        """What to do next."""
        known = _HINTS.get((self.code or "").casefold())
        if known:
            return known
        match self.why:
            case Why.SIGN_IN:
                return "sign in again: az login --tenant TENANT, or another way with --auth"
            case Why.DENIED:
                action = f" (it lacks {self.missing_action})" if self.missing_action else ""
                return (
                    f"ask for the role {SUPPORT_ROLE} on the subscription{action}; until then the portal packet can be"
                    " pasted by somebody who has it"
                )
            case Why.THROTTLED | Why.TIMEOUT | Why.BUSY:
                return "run the same command again: it goes on where it stopped and files nothing twice"
            case Why.BLOCKED:
                return "check the network path and the proxy (HTTPS_PROXY), then run the same command again"
            case _:
                return "run the same command again; if it stays so, use the portal packet"
