"""The environment variables that App Service gives to an app's processes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from escalate.lab.kudu.credentials import identity_header
from escalate.lab.world import SUBSCRIPTION, LabApp, LabWorker

if TYPE_CHECKING:
    from escalate.lab.state import LabState

CONNECTION_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "SQLAzure": "SQLAZURECONNSTR_",
        "SQLServer": "SQLCONNSTR_",
        "MySql": "MYSQLCONNSTR_",
        "PostgreSQL": "POSTGRESQLCONNSTR_",
        "RedisCache": "REDISCACHECONNSTR_",
        "ServiceBus": "SERVICEBUSCONNSTR_",
        "EventHub": "EVENTHUBCONNSTR_",
        "Custom": "CUSTOMCONNSTR_",
    }
)
"""By type of the connection string."""
_IDENTITY = "http://127.0.0.1:41000/msi/token/"


def app_environment(state: LabState, app: LabApp, worker: LabWorker) -> dict[str, str]:
    """Settings and connection strings (all invented) with the names of site and worker; no PATH."""
    group = state.world.plan_id.split("/")[4]
    found = {
        "COMPUTERNAME": worker.computer or worker.machine,
        "REGION_NAME": state.world.region,
        "WEBSITE_HOSTNAME": f"{app.name}{f'-{app.slot}' if app.slot else ''}.azurewebsites.net",
        "WEBSITE_INSTANCE_ID": worker.arm_id,
        "WEBSITE_OWNER_NAME": f"{SUBSCRIPTION}+{group}-{state.world.region.replace(' ', '')}webspace",
        "WEBSITE_RESOURCE_GROUP": group,
        "WEBSITE_SITE_NAME": app.name,
        "WEBSITE_SKU": state.world.tier,
    }
    header = identity_header(app)
    found |= {
        "IDENTITY_ENDPOINT": _IDENTITY,
        "IDENTITY_HEADER": header,
        "MSI_ENDPOINT": _IDENTITY,
        "MSI_SECRET": header,
    }
    for name, value in app.settings.items():
        found[name] = value
        found[f"APPSETTING_{name}"] = value
    for name, (value, kind) in app.connection_strings.items():
        found[f"{CONNECTION_PREFIXES.get(kind, 'CUSTOMCONNSTR_')}{name}"] = value
    return found
