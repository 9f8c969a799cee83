"""What doctor finds out about a site in Azure: sign-in, roles, tier, Kudu, log switches, clock. Changes nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.collect.azure_steps import applies, outside_tier
from escalate.collect.check import Check
from escalate.collect.door import find_door
from escalate.collect.json_parts import mapping, text
from escalate.collect.log_switches import log_switches
from escalate.collect.permissions import WEBSITE_CONTRIBUTOR, allows, may, role_with
from escalate.collect.resolve import SUBSCRIPTIONS
from escalate.model.exchange import Exchange
from escalate.model.plan import CatalogueEntry, Consent
from escalate.model.sign_in import SignIn
from escalate.model.survey import Survey

CLOCK_S = 10
"""Clocks further apart than this make times hard to compare."""
_LISTED = 6


@dataclass(frozen=True)
class Role:
    """What one collector needs, and whether the signed-in identity has it."""

    collector: str
    permission: str
    allowed: bool | None
    """None: the permissions could not be read, or hold elsewhere than at the site: trying tells."""
    role: str
    """The least built-in role that has it."""


@dataclass
class Examination:
    """One look at a site; `exchanges` gathers what was asked."""

    session: Session
    survey: Survey
    sign_in: SignIn
    catalogue: Sequence[CatalogueEntry]
    exchanges: list[Exchange] = field(default_factory=list)

    def checks(self, *, scm: bool) -> Iterator[Check]:
        """All of them; `scm`: also whether Kudu answers, which wakes it."""
        yield self._subscription()
        yield _site(self.survey)
        yield _tier(self.survey, self.catalogue)
        yield from self._permissions()
        yield _workers(self.survey)
        yield from self._kudu(scm=scm)
        yield from log_switches(self._arm, self.survey)
        yield from _telemetry(self.survey)
        yield from (Check("survey", "note", each) for each in self.survey.notes)
        yield _clock(self.exchanges)

    def roles(self) -> Iterator[Role]:
        """Each collector that could run on this site, with what it needs."""
        for entry in self._applying():
            if entry.permission is not None:
                known = self.survey.actions is not None and _is_of_site(entry)
                yield Role(
                    collector=entry.id,
                    permission=entry.permission,
                    allowed=may(self.survey, entry.permission) if known else None,
                    role=role_with(entry.permission),
                )

    @property
    def _arm(self) -> Arm:
        return Arm(self.session.channel(self.exchanges.append))

    def _applying(self) -> list[CatalogueEntry]:
        return [each for each in self.catalogue if applies(self.survey, each) and each.consent is not Consent.GUIDED]

    def _subscription(self) -> Check:
        path = "/".join(self.survey.resource_id.split("/")[:3])
        method = f"signed in ({self.sign_in.method}) to the cloud {self.session.cloud.name}"
        try:
            found = mapping(self._arm.get(path, SUBSCRIPTIONS).json())
        except AzureFailure as failure:
            return Check(
                "subscription",
                "missing",
                f"{method}; the subscription cannot be read: {failure.reason}",
                "activity log and service health of the subscription will be missing: ask for Reader on it",
            )
        tenant = text(found.get("tenantId")) or self.sign_in.tenant or "not told by ARM"
        name = text(found.get("displayName")) or path
        return Check("subscription", "ok", f"{method}, tenant {tenant}; subscription {name} can be read")

    def _permissions(self) -> Iterator[Check]:
        if self.survey.actions is None:
            yield Check(
                "roles",
                "note",
                "what the identity may do could not be read: it is found out by trying",
                "ask for Reader, which may read permissions",
            )
            return
        lacking = [role for role in self.roles() if role.allowed is False]
        if not lacking:
            yield Check("roles", "ok", "every collector for this site is allowed, as far as ARM tells")
        for action in sorted({role.permission for role in lacking}):
            collectors = [role.collector for role in lacking if role.permission == action]
            yield Check(
                "roles",
                "missing",
                f"no {action}: {_few(collectors)} will be denied",
                f"{role_with(action)} would add it: ask for it on {self.survey.resource_id}",
            )
        gained = [role.collector for role in lacking if allows(WEBSITE_CONTRIBUTOR, (), role.permission)]
        if gained:
            yield Check("Website Contributor", "note", f"would add {len(gained)} collectors: {', '.join(gained)}")

    def _kudu(self, *, scm: bool) -> Iterator[Check]:
        policy = {True: "allowed", False: "switched off", None: "unknown"}[self.survey.scm_basic_allowed]
        host = self.survey.scm_host or "through ARM only"
        yield Check("SCM sign-in", "ok", f"SCM host {host}; basic sign-in is {policy}, tokens are tried first")
        if not scm:
            yield Check("Kudu", "note", "not asked (--no-scm)", "leave out --no-scm to wake it and see")
            return
        if not may(self.survey, "Microsoft.Web/sites/publish/Action"):
            yield Check(
                "Kudu",
                "missing",
                "not woken: the identity lacks Microsoft.Web/sites/publish/Action, so it would refuse",
                "Website Contributor would add it",
            )
            return
        channel = self.session.channel(self.exchanges.append)
        try:
            door = find_door(
                channel,
                self.survey.resource_id,
                self.survey.scm_host,
                basic=self.sign_in.basic,
                add_secret=_not_kept,
            )
        except AzureFailure as failure:
            yield Check("Kudu", "missing", failure.reason, _kudu_hint(failure, self.survey))
            return
        way = "through ARM" if door.through_arm else "with publishing credentials" if door.basic else "with a token"
        yield Check("Kudu", "ok", f"answers {way}; looking has woken the SCM site, if it slept")


def _site(survey: Survey) -> Check:
    running = survey.state.casefold() == "running"
    where = f", in the environment {survey.environment.rpartition('/')[2]}" if survey.environment else ""
    return Check(
        "site",
        "ok" if running else "note",
        f"{survey.name}: {survey.platform} {survey.runtime or 'without a named runtime'}, {survey.state}{where}",
        "" if running else "a site that does not run has no workers: only what is stored can be collected",
    )


def _tier(survey: Survey, catalogue: Iterable[CatalogueEntry]) -> Check:
    out = [entry.id for entry in catalogue if applies(survey, entry) and outside_tier(survey, entry)]
    plan = f"{survey.sku or '?'} ({survey.tier or 'tier unknown'})"
    if out:
        return Check(
            "plan tier",
            "missing",
            f"{plan} does not offer {_few(out)}",
            "reproduce it on an app in a higher tier; scaling this one up moves it to other workers",
        )
    return Check("plan tier", "ok", f"{plan}; it excludes no collector")


def _workers(survey: Survey) -> Check:
    if not survey.workers:
        return Check("workers", "missing", "none is known", "start the app, or see the notes on instances")
    names = _few([worker.label for worker in survey.workers])
    worst = survey.worker(survey.worst) if survey.worst else None
    chosen = f"; intrusive steps would be done on {worst.label} ({survey.worst_why})" if worst else ""
    return Check("workers", "ok", f"{len(survey.workers)}: {names}{chosen}")


def _telemetry(survey: Survey) -> Iterator[Check]:
    if survey.component_id is None:
        yield Check(
            "Application Insights",
            "note",
            "no component is linked to the site by tag or name",
            "if there is one: az monitor app-insights component show, and query it by hand",
        )
    else:
        yield Check("Application Insights", "ok", survey.component_id)


def _clock(exchanges: Sequence[Exchange]) -> Check:
    """`Date` is cut to whole seconds and some of the offset is the way there: the median says enough."""
    offsets = [each.clock_offset_s for each in exchanges if each.clock_offset_s is not None]
    if not offsets:
        return Check("clock", "note", "no answer had a Date header")
    offset = statistics.median(offsets)
    if abs(offset) <= CLOCK_S:
        return Check("clock", "ok", f"{offset:+.1f} s against Azure")
    return Check(
        "clock",
        "missing",
        f"Azure's clock is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} this machine's",
        "set this machine's clock (timedatectl set-ntp true): times of samples would not fit those of the logs",
    )


def _kudu_hint(failure: AzureFailure, survey: Survey) -> str:
    if failure.why is Why.BLOCKED:
        return "run escalate inside the virtual network; until then all that comes through Kudu is Blocked"
    if failure.why is Why.SIGN_IN and survey.scm_basic_allowed:
        return "this site allows basic sign-in: --basic-auth"
    return "all that comes through Kudu will be missing: see the reason"


def _is_of_site(entry: CatalogueEntry) -> bool:
    return entry.scope != "sibling" and (entry.permission or "").casefold().startswith("microsoft.web/sites/")


def _not_kept(value: str, name: str) -> None:
    """Doctor opens no case: a password lives in memory only, until it ends."""


def _few(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
