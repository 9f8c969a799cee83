"""Whom an app talks to, read out of its settings and connection strings: hosts and ports, nothing else is kept."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

MOST = 10

_HOST = re.compile(
    r"(?=.{4,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+\.?"
)
_URL = re.compile(r"(?:jdbc:)?([a-z][a-z0-9+.-]{1,20})://[^\s\"'<>|;]{3,500}", re.IGNORECASE)
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z ]{1,40})\s*=\s*([^;]*)")
_REDIS = re.compile(r"^([^,;=\s]+):(\d{2,5})(?:,|$)")
_HOST_PORT = re.compile(r"^(?:tcp:)?(?P<host>[^\s,:;/\\]+)(?:\\[^\s,]*)?(?:[,:](?P<port>\d{2,5}))?$")
_VAULT = re.compile(
    r"@Microsoft\.KeyVault\((?:.*?VaultName=(?P<name>[A-Za-z0-9-]{3,24})|SecretUri=(?P<url>https://[^)\s]+))",
    re.IGNORECASE,
)
_HOST_NAME = re.compile(r"(?:^|_)(?:HOST|HOSTNAME|SERVER|ENDPOINT|FQDN|ADDRESS)$", re.IGNORECASE)

_SERVER_KEYS = frozenset({"server", "data source", "datasource", "address", "addr", "network address", "host"})
_URL_KEYS = frozenset(
    f"{kind}endpoint" for kind in ("", "account", "ingestion", "live", "blob", "queue", "table", "file")
)

_PORT_OF_SCHEME: Mapping[str, int] = MappingProxyType(
    {
        "http": 80,
        "https": 443,
        "ws": 80,
        "wss": 443,
        "redis": 6379,
        "rediss": 6380,
        "postgres": 5432,
        "postgresql": 5432,
        "mysql": 3306,
        "mariadb": 3306,
        "sqlserver": 1433,
        "mssql": 1433,
        "mongodb": 27017,
        "amqp": 5672,
        "amqps": 5671,
        "sb": 5671,
        "smtp": 25,
        "smtps": 465,
        "ldap": 389,
        "ldaps": 636,
        "ftp": 21,
        "kafka": 9092,
    }
)
_PORT_OF_SUFFIX = (
    (".database.windows.net", 1433),
    (".postgres.database.azure.com", 5432),
    (".mysql.database.azure.com", 3306),
    (".mariadb.database.azure.com", 3306),
    (".redis.cache.windows.net", 6380),
    (".servicebus.windows.net", 5671),
    (".mongo.cosmos.azure.com", 10255),
)
_PORT_OF_TYPE: Mapping[str, int] = MappingProxyType(
    {"sqlazure": 1433, "sqlserver": 1433, "mysql": 3306, "postgresql": 5432, "rediscache": 6380}
)
_WEB = frozenset({"http", "https"})
_NOT_THEIRS = ("WEBSITE_HOSTNAME", "WEBSITE_AUTH_", "WEBSITE_HOME_STAMPNAME")


@dataclass(frozen=True, order=True)
class ProbeTarget:
    """One endpoint that the app needs."""

    host: str
    port: int
    scheme: str | None = None
    """`http` or `https` where a request makes sense."""

    @property
    def name(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


def targets_of(
    settings: Mapping[str, str], connections: Mapping[str, tuple[str, str]], own_hosts: Iterable[str] = ()
) -> tuple[ProbeTarget, ...]:
    """At most ten endpoints, those of connection strings (name to value and type) first; never the app itself."""
    own = {host.casefold() for host in own_hosts}
    found: dict[tuple[str, int], ProbeTarget] = {}
    for target in _all(settings, connections):
        if target.host not in own and _is_elsewhere(target.host):
            found.setdefault((target.host, target.port), target)
    return tuple(list(found.values())[:MOST])


def _all(settings: Mapping[str, str], connections: Mapping[str, tuple[str, str]]) -> Iterator[ProbeTarget]:
    for _, (value, kind) in sorted(connections.items()):
        yield from _of_value(value, _PORT_OF_TYPE.get(kind.casefold()))
    for name, value in sorted(settings.items()):
        if name.startswith(_NOT_THEIRS):
            continue
        port = _port(settings.get(f"{name.removesuffix('_HOST').removesuffix('_SERVER')}_PORT", ""))
        if _HOST_NAME.search(name) and (match := _HOST_PORT.match(value.strip())):
            yield from _target(match["host"], _port(match["port"]) or port)
        else:
            yield from _of_value(value, None)


def _of_value(value: str, port: int | None) -> Iterator[ProbeTarget]:
    """Endpoints in a URL, a connection string, or a reference to a vault."""
    value = value.strip()
    if vault := _VAULT.search(value):
        if vault["name"]:
            yield from _target(f"{vault['name']}.vault.azure.net", 443, "https")
        else:
            yield from _of_url(vault["url"])
        return
    if redis := _REDIS.match(value):
        yield from _target(redis[1], int(redis[2]))
        return
    pairs = {key.strip().casefold(): text.strip() for key, text in _PAIR.findall(value)} if "=" in value else {}
    if pairs.keys() & (_SERVER_KEYS | _URL_KEYS | {"accountname"}):
        yield from _of_pairs(pairs, port)
        return
    for match in _URL.finditer(value):
        yield from _of_url(match[0])


def _of_pairs(pairs: Mapping[str, str], port: int | None) -> Iterator[ProbeTarget]:
    for key, text in pairs.items():
        if key in _SERVER_KEYS and (match := _HOST_PORT.match(text)):
            yield from _target(match["host"], _port(match["port"]) or _port(pairs.get("port", "")) or port)
        elif key in _URL_KEYS:
            yield from _of_url(text)
    account = pairs.get("accountname")
    if account and not pairs.keys() & {"blobendpoint", "fileendpoint"}:
        suffix = pairs.get("endpointsuffix", "core.windows.net")
        yield from _target(f"{account}.blob.{suffix}", 443, "https")


def _of_url(url: str) -> Iterator[ProbeTarget]:
    """The endpoint of a URL; brackets of addresses and several hosts in one URL are too rare to look at."""
    try:
        parts = urlsplit(url.removeprefix("jdbc:"))
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    scheme = parts.scheme.casefold().removesuffix("+srv")
    if host:
        yield from _target(host, port or _PORT_OF_SCHEME.get(scheme), scheme)


def _target(host: str, port: int | None, scheme: str | None = None) -> Iterator[ProbeTarget]:
    host = host.strip("[]").rstrip(".").casefold()
    port = port or next((each for suffix, each in _PORT_OF_SUFFIX if host.endswith(suffix)), 443)
    if 0 < port < 65536 and (_HOST.fullmatch(host) or _is_address(host)):
        web = scheme if scheme in _WEB else ("https" if port == 443 else None)
        yield ProbeTarget(host=host, port=port, scheme=web)


def _port(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 5 else None


def _is_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 4
    except ValueError:
        return False


def _is_elsewhere(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost" and not host.endswith((".localhost", ".local"))
    return not (address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast)
