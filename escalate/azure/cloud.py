"""The clouds: where ARM, sign-in and the query services stand, and what their tokens are for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Cloud:
    """Endpoints and audiences of one cloud; URLs without a slash at the end."""

    name: str
    arm: str
    audience: str
    """Of tokens for ARM."""
    scm_audience: str
    """Of tokens for SCM sites: the App Service resource; ARM's own is tried next."""
    logs: str
    """Log Analytics query endpoint, with version: `https://api.loganalytics.io/v1`."""
    logs_audience: str
    insights: str
    """Application Insights query endpoint, with version."""
    insights_audience: str
    authority: str
    """Host of the sign-in service."""
    portal: str
    scheme: str = "https"
    """Of SCM sites; plain http only on loopback."""
    storage: str = "core.windows.net"
    """Suffix of storage hosts, behind `<account>.blob.`."""


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "public": Cloud(
            name="public",
            arm="https://management.azure.com",
            audience="https://management.azure.com",
            scm_audience="https://appservice.azure.com",
            logs="https://api.loganalytics.io/v1",
            logs_audience="https://api.loganalytics.io",
            insights="https://api.applicationinsights.io/v1",
            insights_audience="https://api.applicationinsights.io",
            authority="login.microsoftonline.com",
            portal="https://portal.azure.com",
        ),
        "usgov": Cloud(
            name="usgov",
            arm="https://management.usgovcloudapi.net",
            audience="https://management.usgovcloudapi.net",
            scm_audience="https://appservice.azure.us",
            logs="https://api.loganalytics.us/v1",
            logs_audience="https://api.loganalytics.us",
            insights="https://api.applicationinsights.us/v1",
            insights_audience="https://api.applicationinsights.us",
            authority="login.microsoftonline.us",
            portal="https://portal.azure.us",
            storage="core.usgovcloudapi.net",
        ),
        "china": Cloud(
            name="china",
            arm="https://management.chinacloudapi.cn",
            audience="https://management.chinacloudapi.cn",
            scm_audience="https://appservice.azure.cn",
            logs="https://api.loganalytics.azure.cn/v1",
            logs_audience="https://api.loganalytics.azure.cn",
            insights="https://api.applicationinsights.azure.cn/v1",
            insights_audience="https://api.applicationinsights.azure.cn",
            authority="login.chinacloudapi.cn",
            portal="https://portal.azure.cn",
            storage="core.chinacloudapi.cn",
        ),
    }
)


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine and cannot be anything else."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def may_carry_secrets(url: str) -> bool:
    """Whether tokens and signatures may go there: https, or this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs lead to the same scheme, host and port."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
