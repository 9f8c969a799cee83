"""Configuration of a site: `config/web`, `config/logs`, settings, connection strings, snapshots, sign-in policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.sites import PAGE
from escalate.lab.kudu.credentials import publishing_credentials

_LIST = "Microsoft.Web/sites/config/list/action"
_READ = "Microsoft.Web/sites/config/read"
SNAPSHOTS = 3

WEB: Mapping[str, Any] = MappingProxyType(
    {
        "numberOfWorkers": 1,
        "defaultDocuments": ["Default.htm", "index.html", "hostingstart.html"],
        "netFrameworkVersion": "v4.0",
        "phpVersion": "",
        "pythonVersion": "",
        "nodeVersion": "",
        "powerShellVersion": "",
        "linuxFxVersion": "",
        "requestTracingEnabled": False,
        "remoteDebuggingEnabled": False,
        "remoteDebuggingVersion": "VS2022",
        "httpLoggingEnabled": True,
        "acrUseManagedIdentityCreds": False,
        "logsDirectorySizeLimit": 35,
        "detailedErrorLoggingEnabled": False,
        "publishingUsername": "REDACTED",
        "scmType": "None",
        "use32BitWorkerProcess": False,
        "webSocketsEnabled": False,
        "alwaysOn": False,
        "appCommandLine": "",
        "managedPipelineMode": "Integrated",
        "virtualApplications": [{"virtualPath": "/", "physicalPath": "site\\wwwroot", "preloadEnabled": False}],
        "loadBalancing": "LeastRequests",
        "autoHealEnabled": False,
        "vnetName": "",
        "vnetRouteAllEnabled": False,
        "vnetPrivatePortsCount": 0,
        "publicNetworkAccess": "Enabled",
        "localMySqlEnabled": False,
        "ipSecurityRestrictions": [
            {"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all"}
        ],
        "scmIpSecurityRestrictions": [
            {"ipAddress": "Any", "action": "Allow", "priority": 2147483647, "name": "Allow all"}
        ],
        "scmIpSecurityRestrictionsUseMain": False,
        "http20Enabled": True,
        "minTlsVersion": "1.2",
        "scmMinTlsVersion": "1.2",
        "ftpsState": "FtpsOnly",
        "preWarmedInstanceCount": 0,
        "functionsRuntimeScaleMonitoringEnabled": False,
        "minimumElasticInstanceCount": 0,
        "azureStorageAccounts": {},
    }
)
"""What a new site has; a world says what differs. Fields that are null in Azure are left out: the API description knows
no nulls."""


def _web(ask: Ask) -> Response:
    runtime = {"linux": "linuxFxVersion", "windows-container": "windowsFxVersion"}
    name = runtime["linux"] if ask.linux else runtime.get(ask.state.world.platform)
    properties = {
        **WEB,
        "numberOfWorkers": len(ask.state.workers),
        "publicNetworkAccess": "Disabled" if ask.state.faults.on("scm-private") else "Enabled",
        **({name: ask.app.runtime} if name else {}),
        **ask.app.config,
    }
    return answer(ask.resource("config/web", "sites/config", properties))


def _logs(ask: Ask) -> Response:
    """The switches; the container of application logs is given with a signed URL, as in Azure."""
    resource = "/app-logs"
    signed = f"{ask.state.blob}{resource}?sv=2022-11-02&sr=c&sp=rwdl&sig={ask.state.tokens.sign(resource)}"
    properties = {
        "applicationLogs": {
            "fileSystem": {"level": "Off"},
            "azureBlobStorage": {"level": "Error", "sasUrl": signed, "retentionInDays": 7},
        },
        "httpLogs": {
            "fileSystem": {"retentionInMb": 35, "retentionInDays": 7, "enabled": True},
            "azureBlobStorage": {"retentionInDays": 7, "enabled": False},
        },
        "failedRequestsTracing": {"enabled": not ask.linux},
        "detailedErrorMessages": {"enabled": False},
    }
    return answer(ask.resource("config/logs", "sites/config", properties))


def _app_settings(ask: Ask) -> Response:
    return answer(ask.resource("config/appsettings", "sites/config", dict(ask.app.settings)))


def _connection_strings(ask: Ask) -> Response:
    values = {name: {"value": value, "type": kind} for name, (value, kind) in ask.app.connection_strings.items()}
    return answer(ask.resource("config/connectionstrings", "sites/config", values))


def _slot_names(ask: Ask) -> Response:
    sticky = [name for name in ask.app.settings if "SLOT" in name.upper()]
    names = {"connectionStringNames": [], "appSettingNames": sticky, "azureStorageConfigNames": []}
    return answer(ask.resource("config/slotConfigNames", "sites/config", names))


def _snapshots(ask: Ask) -> Response:
    found = []
    for number in range(SNAPSHOTS):
        at = ask.state.started - timedelta(days=9 * number + 2)
        name = str(1200 - number)
        properties = {"time": f"{at:%Y-%m-%dT%H:%M:%S}Z", "snapshotId": int(name)}
        found.append(ask.resource(f"config/web/snapshots/{name}", "sites/config/snapshots", properties))
    return ask.page(found, PAGE)


def basic_allowed(ask: Ask) -> bool:
    """Whether basic sign-in is on: where bearer tokens are not taken (fault `html-401`); newer sites have it off."""
    return ask.state.faults.on("html-401")


def _policies(ask: Ask) -> Response:
    return ask.page([_policy_of(ask, name) for name in ("ftp", "scm")], PAGE)


def _policy(ask: Ask) -> Response:
    name = ask.args["policy"].lower()
    if name not in ("ftp", "scm"):
        raise Refusal(404, "NotFound", f"Cannot find policy with name {name}.")
    return answer(_policy_of(ask, name))


def _policy_of(ask: Ask, name: str) -> dict[str, Any]:
    kind = "sites/basicPublishingCredentialsPolicies"
    allow = name == "scm" and basic_allowed(ask)
    return ask.resource(f"basicPublishingCredentialsPolicies/{name}", kind, {"allow": allow})


def _publishing_credentials(ask: Ask) -> Response:
    """A long-running operation in the API; the password is made for this run of the lab."""

    def result() -> Response:
        user, password = publishing_credentials(ask.app)
        host = ask.state.scm[ask.app.resource_id]
        properties = {
            "publishingUserName": user,
            "publishingPassword": password,
            "scmUri": f"http://{user}:{password}@{host}",
            "isDeleted": False,
        }
        return answer(ask.resource("publishingcredentials/" + user, "sites/publishingcredentials", properties))

    return ask.accepted(result, f"{ask.app.resource_id}/operationresults")


def _operation_result(ask: Ask) -> Response:
    return ask.finished(ask.args["operation"])


_POLICY_READ = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
ROUTES = (
    Route("GET", "site", "/config/web", _READ, _web),
    Route("GET", "site", "/config/logs", _READ, _logs),
    Route("GET", "site", "/config/slotconfignames", _READ, _slot_names),
    Route("GET", "site", "/config/web/snapshots", "Microsoft.Web/sites/config/web/snapshots/read", _snapshots),
    Route("POST", "site", "/config/appsettings/list", _LIST, _app_settings),
    Route("POST", "site", "/config/connectionstrings/list", _LIST, _connection_strings),
    Route("POST", "site", "/config/publishingcredentials/list", _LIST, _publishing_credentials),
    Route("GET", "site", "/basicpublishingcredentialspolicies", f"{_POLICY_READ}/read", _policies),
    Route("GET", "site", "/basicpublishingcredentialspolicies/<policy>", f"{_POLICY_READ}/scm/read", _policy),
    Route(
        "GET", "site", "/operationresults/<operation>", "Microsoft.Web/sites/operationresults/read", _operation_result
    ),
)
