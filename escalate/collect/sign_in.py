"""Signs in for a command, and turns what can go wrong there into an error with a hint."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from escalate.azure.arm import Arm
from escalate.azure.connect import connect
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.collect.permissions import role_with
from escalate.errors import AccessError, TargetError
from escalate.model.observer import Observer
from escalate.model.sign_in import SignIn
from escalate.model.target import AzureTarget

SIGN_IN_HINT = "run: az login --tenant TENANT, or choose another way with --auth; escalate doctor TARGET says more"


class Access:
    """One command's sign-in: a session for each cloud and tenant, made when first needed, closed with the block."""

    def __init__(self, sign_in: SignIn, prompt: Callable[[str], None]) -> None:
        self.sign_in = sign_in
        self._prompt = prompt
        self._sessions: dict[tuple[str, str | None], Session] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Nothing is asked yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all sessions."""
        self._stack.close()

    def session(self, cloud: str, tenant: str | None = None) -> Session:
        """A session in that cloud, in the tenant that the flags name, else in this one.

        Raises:
            AccessError: settings of the sign-in are missing.
            TargetError: the cloud cannot be reached.
        """
        sign_in = self.sign_in.in_tenant(tenant) if tenant and not self.sign_in.tenant else self.sign_in
        key = (cloud, sign_in.tenant)
        if key not in self._sessions:
            try:
                session = connect(cloud, sign_in, self._prompt)
            except AzureFailure as failure:
                raise as_error(failure, f"the cloud {cloud}") from failure
            self._sessions[key] = self._stack.enter_context(session)
        return self._sessions[key]

    def of(self, target: AzureTarget) -> Session:
        """A session in the target's cloud and tenant.

        Raises:
            AccessError, TargetError: see `session`.
        """
        return self.session(target.cloud, target.tenant)


@contextlib.contextmanager
def connected(target: AzureTarget, sign_in: SignIn, observer: Observer) -> Iterator[Session]:
    """A session in the target's cloud and tenant.

    Raises:
        AccessError: no way to sign in answered.
        TargetError: the cloud cannot be reached.
    """
    with Access(sign_in, observer.note) as access:
        yield access.of(target)


def check_readable(session: Session, target: AzureTarget) -> None:
    """Make sure that the site is there for us before a long collection begins; nothing but a plain no ends it here.

    Raises:
        AccessError: no sign-in, or no permission to read the site.
        TargetError: there is no such site.
    """
    try:
        Arm(session.channel()).get(target.resource_id)
    except AzureFailure as failure:
        if failure.why in (Why.SIGN_IN, Why.DENIED, Why.MISSING):
            raise as_error(failure, target.resource_id) from failure


def as_error(failure: AzureFailure, what: str) -> AccessError | TargetError:
    """A failed request that ends the command: no permission is exit code 4, all else 3."""
    if failure.why is Why.SIGN_IN:
        return AccessError(f"{what}: {failure.reason}", hint=SIGN_IN_HINT)
    if failure.why is Why.DENIED:
        action = failure.missing_action or "Microsoft.Web/sites/read"
        return AccessError(
            f"{what}: {failure.reason}",
            hint=f"ask for {role_with(action)} on it; signed in as somebody else? see escalate doctor TARGET",
        )
    if failure.why is Why.MISSING:
        return TargetError(
            f"{what} does not exist: {failure.reason}",
            hint="check the spelling, the subscription, the tenant (--tenant) and the cloud (--cloud)",
        )
    return TargetError(
        f"{what} could not be read: {failure.reason}", hint="check the network path, the proxy and the cloud (--cloud)"
    )
