"""Everything that is looked at before filing, in one list; reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from escalate.azure.arm import Arm
from escalate.azure.support import Support
from escalate.azure.support_failure import SupportFailure
from escalate.submit.checks.check import Check
from escalate.submit.checks.open_tickets import open_tickets, own_name
from escalate.submit.checks.permission import permission
from escalate.submit.checks.registration import registration
from escalate.submit.checks.service_health import service_health

PLAN_GATE = Check(
    "support plan",
    "unknown",
    "whether the support plan allows tickets by API cannot be asked: the server says so only when a ticket is filed",
    hint="Professional Direct, Premier and Unified do; with another plan escalate leaves you the portal packet",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The ticket-to-be, as far as the looks need it."""

    name: str
    subscription: str
    resource_id: str
    title: str
    problem_start: datetime


def preflight(
    arm: Arm, support: Support, subject: Subject, now: datetime, *, allow_duplicate: bool
) -> tuple[Check, ...]:
    """All findings; the caller stops when one of them says so."""
    return (
        registration(arm, subject.subscription),
        permission(arm, subject.subscription),
        _services(support),
        own_name(support, subject.name),
        *open_tickets(support, now, subject.resource_id, subject.title, own=subject.name, allow=allow_duplicate),
        *service_health(arm, subject.subscription, subject.resource_id, subject.problem_start),
        PLAN_GATE,
    )


def _services(support: Support) -> Check:
    try:
        found = support.services()
    except SupportFailure as failure:
        return Check("services", "unknown", f"the services could not be listed: {failure.reason}", failure.hint)
    return Check("services", "ok", f"{len(found)} services are listed")
