"""What a world of the lab is: a plan with workers and apps, and all that its signals say, relative to its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from escalate.model.incident import Incident, Window
from escalate.model.survey import Platform

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
GROUP = "shop-rg"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db48"

Json = dict[str, Any]
_NO_JSON: Mapping[str, Any] = MappingProxyType({})
_NO_TEXT: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class LabWorker:
    """One machine of the plan, under its names."""

    arm_id: str
    """64 hex digits."""
    machine: str
    """`RD00155DD0D38E`, `lw0sdlwk000001`."""
    computer: str
    """COMPUTERNAME and `Computer` of event logs; on Linux the metric's `Instance` as well."""
    container: str = ""
    """Id of the app's container on it."""
    state: str = "READY"


@dataclass(frozen=True)
class LabApp:
    """One app or slot on the plan."""

    name: str
    slot: str | None = None
    kind: str = "app"
    runtime: str = ""
    """`linuxFxVersion` or `windowsFxVersion`."""
    settings: Mapping[str, str] = field(default_factory=lambda: _NO_TEXT)
    """App settings; the secret ones are invented."""
    connection_strings: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """Name to (value, type)."""
    config: Mapping[str, Any] = field(default_factory=lambda: _NO_JSON)
    """Fields of `config/web` that differ from the default."""
    counters: Mapping[str, Any] = field(default_factory=lambda: _NO_JSON)
    """WEBSITE_COUNTERS_ALL of the app, by family (`app`, `clr`, `aspNet`), Windows."""
    processes: tuple[Json, ...] = ()
    """Kudu process details (section 1.6), Windows; each may hold `_threads` and `_modules` for the lists below it.
    A number given as [first, step] grows by `step` with every sample that is taken. One with `machineName` runs on that
    worker only; one without runs on all. Fields that end in `_time` are seconds here and time spans on the wire;
    `_age_s` (of processes and threads) stands for `start_time`; `_is_scm` marks the w3wp of the SCM site (pid 0).
    `href`, `minidump`, `time_stamp` and `environment_variables` are the server's to fill in."""

    @property
    def resource_id(self) -> str:
        """As ARM spells it."""
        base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Web/sites/{self.name}"
        return f"{base}/slots/{self.slot}" if self.slot else base


@dataclass(frozen=True)
class Series:
    """One metric of one worker ("" for the whole resource): a value for each minute, oldest first, ending now.

    NaN: nothing was measured in that minute.
    """

    metric: str
    machine: str
    values: tuple[float, ...]
    of_plan: bool = False
    """Of the plan, not of the site."""
    unit: str = "Count"


@dataclass(frozen=True)
class Table:
    """Rows of a Log Analytics or Application Insights table."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """(name, type): `datetime`, `string`, `long`, `real`, `dynamic`."""
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Signals:
    """What the control plane of a world says; made when the lab starts, so that times are near now."""

    metrics: tuple[Series, ...] = ()
    health: tuple[Json, ...] = ()
    """Properties of availability statuses, newest first."""
    events: tuple[Json, ...] = ()
    """Service health events: name (tracking id) under `_name`, the rest are properties."""
    activity: tuple[Json, ...] = ()
    """Activity log records as ARM gives them."""
    detectors: tuple[Json, ...] = ()
    """Whole `properties` of detectors, with `metadata.id`."""
    deployments: tuple[Json, ...] = ()
    site_status: Mapping[str, Json] = field(default_factory=lambda: _NO_JSON)
    """By machine, Linux: fields of siteStatus."""
    tables: tuple[Table, ...] = ()


Probe = Literal["connected", "timeout", "refused", "forbidden", "no-such-host"]


@dataclass(frozen=True)
class World:
    """One incident that the lab can play."""

    name: str
    title: str
    platform: Platform
    incident: Callable[[datetime], Incident]
    """incident.toml as a user of that app would have written it, for a lab that starts at that time."""
    workers: tuple[LabWorker, ...]
    app: LabApp
    siblings: tuple[LabApp, ...] = ()
    tier: str = "Basic"
    sku: str = "B1"
    region: str = "West Europe"
    signals: Callable[[datetime], Signals] = lambda start: Signals()
    write_home: Callable[[Path, datetime], None] = lambda home, start: None
    """Writes the content of HOME (`LogFiles/...`, `site/...`) below the folder."""
    real: Literal["java", "python", "node"] | None = None
    """Which really running program stands for the app on the first worker; Linux."""
    sick: int = 0
    """Index of the sick worker."""
    probes: Mapping[tuple[str, str], Probe] = field(default_factory=lambda: MappingProxyType({}))
    """(machine, `host:port`) to what a connection there gives; all others connect."""
    faults: frozenset[str] = frozenset()
    """Faults that are on from the start, by the names of `lab/faults.py`; `scm-private` for instance."""
    expected: Literal["customer", "microsoft", "undetermined"] = "undetermined"
    """Who can answer."""
    expected_rules: tuple[str, ...] = ()
    """Signatures of which at least one must be found."""
    proc: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Machine to what its container reads of /proc and /sys by path (`/proc/pressure/memory`), where a world needs
    other numbers than this machine has: one mapping a sample, the last one stays."""
    storage_mounted: bool = True
    """Linux: whether the app's container has /home (WEBSITES_ENABLE_APP_SERVICE_STORAGE)."""

    @property
    def plan_id(self) -> str:
        """The App Service plan."""
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Web/serverfarms/{self.name}-plan"
        )

    @property
    def workspace_id(self) -> str:
        """The Log Analytics workspace that diagnostic settings send to."""
        return (
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
            "/providers/Microsoft.OperationalInsights/workspaces/shop-logs"
        )

    @property
    def component_id(self) -> str:
        """The Application Insights component."""
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        return f"{group}/providers/Microsoft.Insights/components/shop-insights"


def window_before(start: datetime, minutes: int = 30, until: int = 5) -> Window:
    """The incident's window, ending a few minutes before the lab starts."""
    end = start.replace(second=0, microsecond=0) - timedelta(minutes=until)
    return Window(start=end - timedelta(minutes=minutes), end=end)
