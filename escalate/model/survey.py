"""What the plan knows of a site before anything is collected: what it is, where it runs, how its workers are called."""

from __future__ import annotations

from typing import Literal

from escalate.model.base import Frozen
from escalate.model.incident import TargetFacts, Window

Platform = Literal["windows", "linux", "linux-container", "windows-container"]


class Worker(Frozen):
    """One machine that runs the site, under all its names; which of them coincide differs by stamp."""

    arm_id: str
    """ARM's instance id: 64 hex digits, the value of the ARRAffinity cookie, WEBSITE_INSTANCE_ID."""
    machine: str | None = None
    """`properties.machineName` of the instance: `RD00155DD0D38E`, `lw0sdlwk000001`, `10-30-0-103`; in log names."""
    state: str | None = None
    """READY, STOPPED or UNKNOWN; lags routing by about 150 s."""
    computer: str | None = None
    """COMPUTERNAME, or the `Computer` of event logs."""
    metric: str | None = None
    """The value of the metric dimension `Instance`."""
    infixes: tuple[str, ...] = ()
    """What stands between date and `_docker.log` in its log files."""
    containers: tuple[str, ...] = ()
    """Container ids, or host names of containers, seen on it."""

    @property
    def label(self) -> str:
        """The name people and log files use; the first six digits of the id when there is none."""
        return self.machine or self.computer or self.arm_id[:6]

    @property
    def names(self) -> frozenset[str]:
        """All names, lower-cased, with the six digits that dump and trace file names carry."""
        known = (
            self.arm_id,
            self.arm_id[:6],
            self.machine,
            self.computer,
            self.metric,
            *self.infixes,
            *self.containers,
        )
        return frozenset(name.casefold() for name in known if name)


class Sibling(Frozen):
    """Another app, or slot, on the same plan: it shares the workers, their memory, ports and handles."""

    resource_id: str
    name: str
    kind: str = ""
    state: str = ""
    scm_host: str | None = None


class Survey(Frozen):
    """Everything a collector may ask about the target."""

    resource_id: str
    """As ARM spells it."""
    name: str
    """`shop`, or `shop(staging)` for a slot."""
    site: str
    slot: str | None = None
    platform: Platform
    kind: str = ""
    region: str = ""
    state: str = ""
    host: str = ""
    """The default host name of the site."""
    scm_host: str | None = None
    """From `hostNameSslStates` with hostType Repository; never composed."""
    plan_id: str | None = None
    sku: str = ""
    tier: str = ""
    environment: str | None = None
    """The App Service Environment it stands in."""
    runtime: str = ""
    workers: tuple[Worker, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    worst: str | None = None
    """`arm_id` of the worker on which intrusive steps are done."""
    worst_why: str = ""
    scm_basic_allowed: bool | None = None
    component_id: str | None = None
    """The Application Insights component, when app settings or tags name it."""
    workspaces: tuple[str, ...] = ()
    """Resource ids of Log Analytics workspaces that diagnostic settings send to."""
    actions: tuple[str, ...] | None = None
    """Allowed actions on the site as the permissions API gives them (`*` as wildcard); None: could not be read."""
    not_actions: tuple[str, ...] = ()
    window: Window
    """The incident's window; without one, the two hours before the plan."""
    notes: tuple[str, ...] = ()
    """What could not be found out, and why."""

    def worker(self, name: str) -> Worker | None:
        """The worker of that name, whichever of its names it is."""
        return next((worker for worker in self.workers if name.casefold() in worker.names), None)

    @property
    def facts(self) -> TargetFacts:
        """The same in the words of incident.toml, for the stages that read both kinds of case."""
        named = [worker for worker in self.workers if worker.machine or worker.computer]
        return TargetFacts(
            resource_id=self.resource_id,
            os=self.platform,
            sku=self.sku or None,
            region=self.region or None,
            runtime=self.runtime or None,
            instances=tuple(worker.label for worker in named),
            instance_ids={worker.label: worker.arm_id for worker in named},
            sibling_apps=tuple(sibling.name for sibling in self.siblings),
        )
