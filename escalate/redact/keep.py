"""The keep list: identifiers that support must be able to match, never replaced by a rule that only guesses."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from escalate.model.redaction import KeptName

_PSEUDONYM_NETWORKS = ("240.0.0.0/4", "2001:db8::/32")
_PLATFORM_NETWORKS = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)


@dataclass(frozen=True)
class KeepRule:
    """One kind of identifier; a value is kept when the whole of it matches."""

    id: str
    title: str
    pattern: re.Pattern[str] | None = None
    """None: kept because no rule touches it; listed so that the list is whole."""


RULES: tuple[KeepRule, ...] = (
    KeepRule(
        "guid",
        "GUIDs: subscription, tenant, correlation and activity ids",
        re.compile(r"(?i)\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?"),
    ),
    KeepRule("trace-id", "32 hexadecimal digits: W3C trace and operation ids", re.compile(r"(?i)[0-9a-f]{32}")),
    KeepRule("span-id", "16 hexadecimal digits: span ids", re.compile(r"(?i)[0-9a-f]{16}")),
    KeepRule(
        "traceparent", "traceparent headers", re.compile(r"(?i)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
    ),
    KeepRule(
        "instance-id", "64 hexadecimal digits: ARM instance ids, outside of cookies", re.compile(r"(?i)[0-9a-f]{64}")
    ),
    KeepRule(
        "worker",
        "Worker names: RD..., DW..., LW..., lw0sdlwk000ABC, pd1sdwk0002XY, ln0xsdlwk...",
        re.compile(r"(?i)(?:RD|DW|LW)[0-9A-Z-]{6,24}|[a-z]{2}[0-9][a-z]{1,5}wk[0-9a-z]{6}"),
    ),
    KeepRule(
        "worker-address", "Worker names that spell an address: 10-30-0-103", re.compile(r"\d{1,3}(?:-\d{1,3}){3}")
    ),
    KeepRule("stamp", "Stamp names: waws-prod-...", re.compile(r"(?i)waws-prod-[a-z0-9-]+")),
    KeepRule("resource-id", "ARM resource ids", re.compile(r"(?i)/subscriptions/[0-9a-f-]{36}(?:/.*)?")),
    KeepRule("platform-address", "168.63.129.16, 169.254.0.0/16, loopback, private and link-local addresses"),
    KeepRule("request-id", "x-ms-*, X-ARR-LOG-ID, traceparent and operation id fields"),
    KeepRule(
        "error-code",
        "errno, HRESULT and NTSTATUS; pointers",
        re.compile(r"(?i)0x[0-9a-f]{1,16}"),
    ),
    KeepRule("code", "Exception types, stack frames and module names"),
    KeepRule("version", "Versions"),
    KeepRule("time", "Times and dates"),
    KeepRule("site", "The site's own names: host names, resource group, plan, instances"),
)


ADDRESSES = 65_536
"""Addresses whose verdict is remembered: logs name the same clients again and again."""


@functools.cache
def _kept_ranges(version: int) -> tuple[tuple[int, int], ...]:
    """First and last address, as numbers, of every network whose addresses stay."""
    networks = [ipaddress.ip_network(name) for name in _PLATFORM_NETWORKS + _PSEUDONYM_NETWORKS]
    return tuple((int(one[0]), int(one[-1])) for one in networks if one.version == version)


@functools.lru_cache(maxsize=ADDRESSES)
def is_platform_address(text: str) -> bool:
    """Whether an address is the platform's, private, reserved, or one of our pseudonyms; also when it is no address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    number = int(address)
    return any(low <= number <= high for low, high in _kept_ranges(address.version))


def is_kept(value: str, own_names: Iterable[str] = ()) -> bool:
    """Whether a value is an identifier of the keep list or one of the site's own names."""
    if any(value.casefold() == name.casefold() for name in own_names):
        return True
    return any(rule.pattern is not None and rule.pattern.fullmatch(value) for rule in RULES)


def keep_list() -> tuple[KeptName, ...]:
    """The list as documents say it."""
    return tuple(KeptName(id=rule.id, title=rule.title) for rule in RULES)
