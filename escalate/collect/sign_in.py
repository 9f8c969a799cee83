"""Signs in for a stage, and turns what can go wrong there into an error with a hint."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from escalate.azure.connect import connect
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.errors import AccessError, TargetError
from escalate.model.observer import Observer
from escalate.model.sign_in import SignIn
from escalate.model.target import AzureTarget

SIGN_IN_HINT = "run: az login --tenant TENANT, or choose another way with --auth; escalate doctor TARGET says more"


@contextlib.contextmanager
def connected(target: AzureTarget, sign_in: SignIn, observer: Observer) -> Iterator[Session]:
    """A session in the target's cloud and tenant.

    Raises:
        AccessError: no way to sign in answered.
        TargetError: the cloud cannot be reached.
    """
    if target.tenant and not sign_in.tenant:
        sign_in = sign_in.in_tenant(target.tenant)
    try:
        session = connect(target.cloud, sign_in, observer.note)
    except AzureFailure as failure:
        raise as_error(failure, f"the cloud {target.cloud}") from failure
    with session:
        yield session


def as_error(failure: AzureFailure, what: str) -> AccessError | TargetError:
    """A failed request that ends the command: no permission is exit code 4, all else 3."""
    if failure.why in (Why.SIGN_IN, Why.DENIED):
        hint = f"ask for a role with {failure.missing_action}" if failure.missing_action else SIGN_IN_HINT
        return AccessError(f"{what}: {failure.reason}", hint=hint)
    return TargetError(f"{what} could not be read: {failure.reason}", hint="check the spelling, the tenant and the network path")
