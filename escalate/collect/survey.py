"""Finds out, by reading ARM alone, what a site is, where it runs, who its neighbours are, what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from escalate.azure.arm import WEB, Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.session import Session
from escalate.collect import site_facts, worst_worker
from escalate.collect.azure_steps import SIBLINGS
from escalate.collect.context import now
from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.collect.permissions import Grants, grants_of
from escalate.collect.placeholders import RFC3339
from escalate.collect.sign_in import as_error
from escalate.collect.worst_worker import Choice
from escalate.errors import TargetError
from escalate.model.incident import Incident, Window
from escalate.model.resource_id import NotASiteIdError, SiteId, read_site_id
from escalate.model.survey import Sibling, Survey, Worker
from escalate.model.target import AzureTarget

T = TypeVar("T")

BEFORE = timedelta(hours=2)
"""The window of an incident that has none."""
TOGETHER = 6
PERMISSIONS = "2022-04-01"
DIAGNOSTIC_SETTINGS = "2021-05-01-preview"
COMPONENTS = "2020-02-02"
SITE_STATUS = "2024-11-01"
METRICS = "2024-02-01"
_INTERVALS = ((timedelta(hours=6), "PT1M"), (timedelta(days=1), "PT5M"))


def window_of(incident: Incident) -> Window:
    """The incident's window; without one, the two hours before now."""
    end = now().replace(microsecond=0)
    return incident.window or Window(start=end - BEFORE, end=end)


def survey(session: Session, target: AzureTarget, window: Window, prefer: Sequence[str] = ()) -> Survey:
    """Read the site and all that stands around it; nothing is woken or changed.

    `prefer` names workers, the most wanted first. What cannot be read becomes a note; only the site must be readable.

    Raises:
        AccessError: no sign-in, or no permission to read the site.
        TargetError: there is no such site.
    """
    arm = Arm(session.channel())
    try:
        site = mapping(arm.get(target.resource_id).json())
        found = read_site_id(text(site.get("id")))
    except AzureFailure as failure:
        raise as_error(failure, target.resource_id) from failure
    except NotASiteIdError as error:
        raise TargetError(
            f"{target.resource_id} was answered with something that is no site: {error}",
            hint="check --cloud and ESCALATE_CLOUD: is that ARM?",
        ) from error
    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="survey") as pool:
        return _Reader(arm, pool, site, found).survey(window, prefer)


class _Reader:
    """One survey: parts are read side by side, and a part that fails leaves a note."""

    def __init__(self, arm: Arm, pool: ThreadPoolExecutor, site: Json, found: SiteId) -> None:
        self._arm = arm
        self._pool = pool
        self._site = site
        self._id = str(found)
        self._found = found
        self._plan_id = text(properties(site).get("serverFarmId")) or None
        self._notes: list[str] = []

    def survey(self, window: Window, prefer: Sequence[str]) -> Survey:
        """All of it."""
        plan_ = self._part("plan", self._plan)
        instances_ = self._part("instances", self._workers)
        web_ = self._part("config/web", lambda: properties(self._get(f"{self._id}/config/web")))
        siblings_ = self._part("siblings", self._siblings)
        policy_ = self._part("basic sign-in at the SCM site", self._basic_allowed)
        grants_ = self._part("permissions", self._grants)
        workspaces_ = self._part("diagnosticSettings", self._workspaces)
        component_ = self._part("Application Insights component", self._component)
        plan, web, workers, grants = plan_() or {}, web_() or {}, instances_() or (), grants_()
        platform = site_facts.platform_of(self._site, web)
        linux = platform.startswith("linux")
        workers, choice = self._worst(workers, prefer, window, linux=linux)
        sku = mapping(plan.get("sku"))
        host = text(properties(self._site).get("defaultHostName"))
        scm_host = site_facts.scm_host_of(self._site)
        if scm_host is None:
            self._notes.append("SCM host: hostNameSslStates names none; Kudu is asked through ARM")
        return Survey(
            resource_id=self._id,
            name=f"{self._found.site}({self._found.slot})" if self._found.slot else self._found.site,
            site=self._found.site,
            slot=self._found.slot,
            platform=platform,
            kind=text(self._site.get("kind")),
            region=text(self._site.get("location")),
            state=text(properties(self._site).get("state")),
            host=host,
            scm_host=scm_host,
            plan_id=self._plan_id,
            sku=text(sku.get("name")),
            tier=text(sku.get("tier")),
            environment=site_facts.environment_of(self._site, plan),
            runtime=site_facts.runtime_of(web, platform),
            workers=workers,
            siblings=siblings_() or (),
            worst=choice.arm_id,
            worst_why=choice.why,
            scm_basic_allowed=policy_(),
            component_id=component_(),
            workspaces=workspaces_() or (),
            actions=grants.actions if grants else None,
            not_actions=grants.not_actions if grants else (),
            window=window,
            notes=(*dict.fromkeys(self._notes), *choice.notes),
        )

    def _part(self, what: str, read: Callable[[], T]) -> Callable[[], T | None]:
        """Begin to read; what is returned waits for it, and gives None where it failed."""
        future: Future[T] = self._pool.submit(read)

        def result() -> T | None:
            try:
                return future.result()
            except AzureFailure as failure:
                self._notes.append(f"{what}: {failure.reason}")
                return None

        return result

    def _get(self, path: str, api_version: str = WEB, **query: str) -> Json:
        return mapping(self._arm.get(path, api_version, query).json())

    def _pages(self, path: str, api_version: str = WEB) -> list[Json]:
        return [
            each for page in self._arm.pages(path, api_version) for each in mappings(mapping(page.json()).get("value"))
        ]

    def _plan(self) -> Json:
        if self._plan_id is None:
            raise AzureFailure(Why.INVALID, "the site names no serverFarmId")
        return self._get(self._plan_id)

    def _workers(self) -> tuple[Worker, ...]:
        found: dict[str, Worker] = {}
        for instance in self._pages(f"{self._id}/instances"):
            arm_id = text(instance.get("name")).rpartition("/")[2]
            facts = properties(instance)
            if arm_id:
                state = text(facts.get("state")) or None
                found[arm_id] = Worker(arm_id=arm_id, machine=text(facts.get("machineName")) or None, state=state)
        return tuple(found.values())

    def _siblings(self) -> tuple[Sibling, ...]:
        """The plan's sites, their slots, and the target's; where the plan is closed to us, those of its own group."""
        group = self._id.split("/providers/")[0]
        try:
            sites = self._pages(f"{self._plan_id}/sites") if self._plan_id else []
        except AzureFailure as failure:
            self._notes.append(f"sites of the plan: {failure.reason}; those of the group instead")
            sites = self._pages(f"{group}/providers/Microsoft.Web/sites")
        known = site_facts.siblings_of(sites, self._id, self._plan_id)
        with_slots = [self._id] if self._found.slot is None else []
        with_slots += [each.resource_id for each in known if "/slots/" not in each.resource_id]
        for resource_id in with_slots[:SIBLINGS]:
            try:
                sites += self._pages(f"{resource_id}/slots")
            except AzureFailure as failure:
                self._notes.append(f"slots of {resource_id.rpartition('/')[2]}: {failure.reason}")
        return site_facts.siblings_of(sites, self._id, self._plan_id)

    def _basic_allowed(self) -> bool | None:
        allow = properties(self._get(f"{self._id}/basicPublishingCredentialsPolicies/scm")).get("allow")
        return allow if isinstance(allow, bool) else None

    def _grants(self) -> Grants | None:
        path = f"{self._id}/providers/Microsoft.Authorization/permissions"
        listed = self._pages(path, PERMISSIONS)
        if not listed:
            self._notes.append("permissions: ARM lists none; what is allowed is found by trying")
            return None
        return grants_of(listed)

    def _workspaces(self) -> tuple[str, ...]:
        settings = mappings(
            self._get(f"{self._id}/providers/Microsoft.Insights/diagnosticSettings", DIAGNOSTIC_SETTINGS).get("value")
        )
        return tuple(dict.fromkeys(name for each in settings if (name := text(properties(each).get("workspaceId")))))

    def _component(self) -> str | None:
        """By the portal's tag, else by tag or name in the group; app settings would say it too, and hold secrets."""
        if (tagged := site_facts.named_component(self._site)) is not None:
            return tagged
        group = self._id.split("/providers/")[0]
        components = self._pages(f"{group}/providers/Microsoft.Insights/components", COMPONENTS)
        return site_facts.component_among(components, self._id, self._found.site)

    def _worst(
        self, workers: tuple[Worker, ...], prefer: Sequence[str], window: Window, *, linux: bool
    ) -> tuple[tuple[Worker, ...], Choice]:
        """The workers, perhaps with the names that metrics have for them, and the one for intrusive steps."""
        asked = worst_worker.preferred(workers, prefer)
        if asked is not None and asked.arm_id is not None:
            return workers, asked
        notes = asked.notes if asked else ()
        if len(workers) < 2:
            return workers, worst_worker.with_notes(worst_worker.first(workers), notes)
        statuses = (self._part("siteStatus", self._statuses)() if linux else None) or []
        choice = worst_worker.by_state(workers, statuses)
        if choice is None:
            load = self._part("metrics per instance", lambda: self._load(window))() or {}
            workers, by_id, strange = worst_worker.joined(workers, load)
            notes = (*notes, *strange)
            choice = worst_worker.by_metrics(workers, by_id)
        return workers, worst_worker.with_notes(choice or worst_worker.first(workers), notes)

    def _statuses(self) -> list[Json]:
        return mappings(self._get(f"{self._id}/siteStatus", SITE_STATUS).get("properties"))

    def _load(self, window: Window) -> dict[str, dict[str, float]]:
        path = f"{self._id}/providers/Microsoft.Insights/metrics"
        query = {
            "metricnames": ",".join(worst_worker.METRICS),
            "timespan": f"{window.start.strftime(RFC3339)}/{window.end.strftime(RFC3339)}",
            "interval": _interval(window.start, window.end),
            "aggregation": "Total,Average",
            "$filter": "Instance eq '*'",
            "top": "100",
        }
        return worst_worker.load_of(self._get(path, METRICS, **query))


def _interval(start: datetime, end: datetime) -> str:
    return next((grain for longest, grain in _INTERVALS if end - start <= longest), "PT1H")
