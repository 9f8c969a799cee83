"""Whether the subscription knows the provider Microsoft.Support; registering it, when the user said so."""

from __future__ import annotations

import time
from collections.abc import Callable

from escalate.azure.arm import Arm
from escalate.azure.call import Answer
from escalate.azure.failure import AzureFailure, Why
from escalate.submit.checks.check import Check

NAME = "provider"
API = "2021-04-01"
LONGEST_S = 300.0
_EVERY_S = 5.0


def registration(arm: Arm, subscription: str) -> Check:
    """Read it; nothing is registered.

    Raises:
        AzureFailure: nobody is signed in, or there is no way to Azure: then no other look makes sense.
    """
    try:
        state = _state(arm.get(_path(subscription), API))
    except AzureFailure as failure:
        if failure.why in (Why.SIGN_IN, Why.BLOCKED) and failure.status is None:
            raise
        return Check(NAME, "unknown", f"the registration of Microsoft.Support could not be read: {failure.reason}")
    if state == "registered":
        return Check(NAME, "ok", "Microsoft.Support is registered")
    return Check(
        NAME,
        "stop",
        f"the subscription is not registered for Microsoft.Support (state: {state or 'unknown'})",
        hint="give --register-provider (a change of the subscription), or run `az provider register --namespace"
        " Microsoft.Support`",
        code="not-registered",
    )


def register(arm: Arm, subscription: str, clock: Callable[[], float] = time.monotonic) -> None:
    """Register the provider, and wait until it is.

    Raises:
        AzureFailure: it is refused, or takes longer than five minutes.
    """
    state = _state(arm.post(f"{_path(subscription)}/register", API))
    end = clock() + LONGEST_S
    while state != "registered":
        if clock() >= end:
            raise AzureFailure(Why.TIMEOUT, f"Microsoft.Support was not registered after {LONGEST_S:.0f} s")
        arm.channel.pulse.pause(_EVERY_S)
        state = _state(arm.get(_path(subscription), API))


def _path(subscription: str) -> str:
    return f"/subscriptions/{subscription}/providers/Microsoft.Support"


def _state(answer: Answer) -> str:
    data = answer.json()
    state = data.get("registrationState") if isinstance(data, dict) else None
    return state.casefold() if isinstance(state, str) else ""
