"""Connections without a memory: no cookies, no password from a .netrc, no proxy on the way to this machine."""

from __future__ import annotations

import ipaddress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter

from escalate.azure.cloud import is_loopback

CONNECTIONS = 32
BLOCK = 64 * 1024
"""Bytes that are read at once: azure-core's own 4 KiB make a dump of some GB slow; more would hide a slow drip."""


class Pool(requests.Session):
    """Thread safe, because it keeps nothing but connections."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # they route to workers
        self.auth = _as_it_is  # else a .netrc is read, and users are taken out of URLs
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As requests does it, but what is for this machine, or for its metadata service, never goes to a proxy."""
        if _stays_here(request.url or ""):
            kwargs["proxies"] = {}
        return super().send(request, **kwargs)


def transport_over(pool: Pool, *, connect_s: float = 10, read_s: float = 60) -> RequestsTransport:
    """azure-core's transport over a pool that somebody else closes."""
    return RequestsTransport(
        session=pool,
        session_owner=False,
        connection_timeout=connect_s,
        read_timeout=read_s,
        connection_data_block_size=BLOCK,
    )


def _stays_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return True
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
