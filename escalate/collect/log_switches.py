"""Log switches of a site that are off, with the command that switches each on; we never do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure
from escalate.collect.check import Check
from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.collect.permissions import may
from escalate.model.survey import Survey

DIAGNOSTIC_SETTINGS = "2021-05-01-preview"
LIST_SETTINGS = "Microsoft.Web/sites/config/list/Action"
STORAGE = "WEBSITES_ENABLE_APP_SERVICE_STORAGE"

_CATEGORIES = ("AppServiceHTTPLogs", "AppServiceConsoleLogs", "AppServicePlatformLogs", "AppServiceAppLogs")
"""What Log Analytics can hold of every site; AppServicePlatformLogs is the record of containers starting and ending."""


def log_switches(arm: Arm, survey: Survey) -> Iterator[Check]:
    """The switches of config/logs, the categories of the diagnostic settings, and the mount of /home."""
    try:
        logs = properties(arm.get(f"{survey.resource_id}/config/logs").json())
    except AzureFailure as failure:
        yield Check("log switches", "note", f"could not be read: {failure.reason}", "ask for Reader on the site")
    else:
        yield from _file_logs(logs, survey)
    yield from _categories(arm, survey)
    if survey.platform == "linux-container":
        yield from _storage(arm, survey)


def _file_logs(logs: Json, survey: Survey) -> Iterator[Check]:
    http_on = mapping(mapping(logs.get("httpLogs")).get("fileSystem")).get("enabled") is True
    app = text(mapping(mapping(logs.get("applicationLogs")).get("fileSystem")).get("level")).casefold()
    if not survey.platform.startswith("windows"):
        yield _switch(survey, "container output", http_on, "--docker-container-logging filesystem")
        return
    yield _switch(survey, "web server log", http_on, "--web-server-logging filesystem")
    yield _switch(
        survey, "application log", app not in ("", "off"), "--application-logging filesystem --level information"
    )
    traced = mapping(logs.get("failedRequestsTracing")).get("enabled") is True
    yield _switch(survey, "failed request traces", traced, "--failed-request-tracing true")
    detailed = mapping(logs.get("detailedErrorMessages")).get("enabled") is True
    yield _switch(survey, "detailed error pages", detailed, "--detailed-error-messages true")


def _switch(survey: Survey, name: str, on: bool, flag: str) -> Check:
    if on:
        return Check(f"log switch: {name}", "ok", "on")
    command = f"az webapp log config {_az(survey)} {flag}"
    return Check(f"log switch: {name}", "missing", "off: what happened before it is switched on is lost", command)


def _categories(arm: Arm, survey: Survey) -> Iterator[Check]:
    path = f"{survey.resource_id}/providers/Microsoft.Insights/diagnosticSettings"
    try:
        found = mappings(mapping(arm.get(path, DIAGNOSTIC_SETTINGS).json()).get("value"))
    except AzureFailure as failure:
        yield Check("diagnostic settings", "note", f"could not be read: {failure.reason}", "ask for Reader on the site")
        return
    on: set[str] = set()
    for setting in found:
        facts = properties(setting)
        if not text(facts.get("workspaceId")):
            continue
        for log in mappings(facts.get("logs")):
            if log.get("enabled") is True:
                every = text(log.get("categoryGroup")).casefold() == "alllogs"
                on |= set(_CATEGORIES) if every else {text(log.get("category"))}
    off = [category for category in _CATEGORIES if category not in on]
    if not off:
        yield Check("diagnostic settings", "ok", f"{', '.join(_CATEGORIES)} go to a workspace")
        return
    wanted = ",".join(f'{{"category":"{category}","enabled":true}}' for category in off)
    workspace = survey.workspaces[0] if survey.workspaces else "WORKSPACE_ID"
    yield Check(
        "diagnostic settings",
        "missing",
        f"{', '.join(off)} go to no Log Analytics workspace",
        f"az monitor diagnostic-settings create -n support --resource {shlex.quote(survey.resource_id)}"
        f" --workspace {shlex.quote(workspace)} --logs {shlex.quote(f'[{wanted}]')}",
    )


def _storage(arm: Arm, survey: Survey) -> Iterator[Check]:
    """Whether the container sees /home; the settings are read in memory, and looked at for this one name only."""
    name = "mount of /home"
    if not may(survey, LIST_SETTINGS):
        yield Check(name, "note", f"{STORAGE} cannot be read without {LIST_SETTINGS}")
        return
    try:
        settings = properties(arm.post(f"{survey.resource_id}/config/appsettings/list").json())
    except AzureFailure as failure:
        yield Check(name, "note", f"{STORAGE} could not be read: {failure.reason}")
        return
    value = text(settings.get(STORAGE)).casefold()
    command = f"az webapp config appsettings set {_az(survey)} --settings {STORAGE}=true (restarts the app)"
    if value in ("false", "0"):
        why = f"{STORAGE} is off: what is run in the container cannot hand over files through /home"
        yield Check(name, "missing", why, command)
    elif value:
        yield Check(name, "ok", f"{STORAGE} is on")
    else:
        yield Check(name, "note", f"{STORAGE} is not set, and its default has changed over time", command)


def _az(survey: Survey) -> str:
    """The flags by which `az webapp` knows the site."""
    parts = survey.resource_id.split("/")
    slot = f" --slot {shlex.quote(survey.slot)}" if survey.slot else ""
    return f"--subscription {parts[2]} -g {shlex.quote(parts[4])} -n {shlex.quote(survey.site)}{slot}"
