"""What a connection from a worker gives, by the world: a table of probes, and invented addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from escalate.lab.world import Probe, World


def outcome(probes: Mapping[str, Probe], host: str, port: int) -> Probe:
    """Of a connection to a host and port; what nobody mentions connects."""
    return probes.get(f"{host}:{port}", "no-such-host" if not resolves(probes, host) else "connected")


def resolves(probes: Mapping[str, Probe], host: str) -> bool:
    """Whether the name has an address."""
    return not any(at.rpartition(":")[0] == host and probe == "no-such-host" for at, probe in probes.items())


def address_of(host: str) -> str:
    """An address from the ranges for documentation; always the same one for a name."""
    if host.replace(".", "").isdigit():
        return host
    digest = hashlib.sha256(host.encode()).digest()
    return f"{('192.0.2', '198.51.100', '203.0.113')[digest[0] % 3]}.{1 + digest[1] % 254}"


def milliseconds(host: str, number: int) -> int:
    """How long the n-th connection took; always the same."""
    return hashlib.sha256(f"{host}/{number}".encode()).digest()[0] % 24


def probes_of(world: World, machine: str) -> dict[str, Probe]:
    """`host:port` to outcome, as seen from a worker."""
    return {at: probe for (where, at), probe in world.probes.items() if where == machine}
