"""Microsoft's OpenAPI files that this product's requests fall under, and which request belongs to which."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

_ROOT = "azure-specs/upstream-2024-07/specification"
_WEB = f"{_ROOT}/web/resource-manager/Microsoft.Web/stable/2023-12-01"
_INSIGHTS = f"{_ROOT}/monitor/resource-manager/Microsoft.Insights"


@dataclass(frozen=True)
class Spec:
    """One file, and where the lab serves what it describes."""

    name: str
    file: str
    prefix: str = ""
    """What stands before the file's paths in the lab."""


SPECS = (
    Spec("web-apps", f"{_WEB}/WebApps.json"),
    Spec("plans", f"{_WEB}/AppServicePlans.json"),
    Spec("diagnostics", f"{_WEB}/Diagnostics.json"),
    Spec(
        "health",
        f"{_ROOT}/resourcehealth/resource-manager/Microsoft.ResourceHealth/stable/2024-02-01/ResourceHealth.json",
    ),
    Spec("metrics", f"{_INSIGHTS}/stable/2024-02-01/metrics_API.json"),
    Spec("metric-definitions", f"{_INSIGHTS}/stable/2024-02-01/metricDefinitions_API.json"),
    Spec("activity-log", f"{_INSIGHTS}/stable/2015-04-01/activityLogs_API.json"),
    Spec("diagnostic-settings", f"{_INSIGHTS}/preview/2021-05-01-preview/diagnosticsSettings_API.json"),
    Spec(
        "log-analytics",
        f"{_ROOT}/operationalinsights/data-plane/Microsoft.OperationalInsights/stable/v1/OperationalInsights.json",
        "/loganalytics/v1",
    ),
    Spec(
        "application-insights",
        f"{_ROOT}/applicationinsights/data-plane/Microsoft.Insights/preview/v1/AppInsights.json",
        "/applicationinsights/v1",
    ),
)


@dataclass(frozen=True)
class Operation:
    """One method of one path of a file."""

    method: str
    template: str
    pattern: re.Pattern[str]

    def takes(self, method: str, path: str) -> bool:
        """Whether a request is meant for it."""
        return method == self.method and self.pattern.fullmatch(path) is not None

    def encoded(self, path: str) -> str:
        """With `%2F` within a parameter that is a whole resource id: Prism takes one segment as one parameter."""
        found = self.pattern.fullmatch(path)
        if found is None:
            raise ValueError(f"{path} is not {self.template}")
        for number in range(len(found.groups()), 0, -1):
            start, end = found.span(number)
            path = path[:start] + path[start:end].replace("/", "%2F") + path[end:]
        return path


def operations(shared: Path, spec: Spec) -> list[Operation]:
    """What the file describes, the most specific first: a literal segment goes before a parameter."""
    document = json.loads((shared / spec.file).read_text("utf-8"))
    found = [
        Operation(method.upper(), template, _pattern(template))
        for template, methods in document["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "delete", "head", "patch")
    ]
    return sorted(found, key=lambda operation: operation.template.count("{"))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    expression = "".join(
        ("(.+)" if part in ("{resourceUri}", "{resourceId}", "{scope}") else "[^/]+")
        if part.startswith("{")
        else re.escape(part)
        for part in parts
    )
    return re.compile(expression.rstrip("/"), re.IGNORECASE)
