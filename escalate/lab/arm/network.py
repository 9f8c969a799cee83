"""How a site is connected: VNet integration, private endpoints, hybrid connections, and probes that ARM runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.wrappers import Response

from escalate.lab.arm.answer import Refusal, answer
from escalate.lab.arm.ask import Ask, Route
from escalate.lab.arm.sites import PAGE
from escalate.lab.world import GROUP, SUBSCRIPTION, Json, Probe

SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    "/virtualNetworks/shop-vnet/subnets/apps"
)
_ENDPOINT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/privateEndpoints/shop-pe"

PROBES: Mapping[Probe, tuple[str, str]] = MappingProxyType(
    {
        "connected": ("Success", "Connected"),
        "timeout": ("Timeout", "Connection timed out"),
        "refused": ("Failed", "No connection could be made because the target machine actively refused it"),
        "forbidden": (
            "Failed",
            "An attempt was made to access a socket in a way forbidden by its access permissions",
        ),
        "no-such-host": ("HostNotFound", "No such host is known"),
    }
)
"""Outcome of a probe to (connectionStatus, connectionStatusDetails)."""


def _virtual_network(ask: Ask) -> Response:
    """Swift integration: where `config/web` names a VNet."""
    properties: Json = {"swiftSupported": True}
    if _vnets(ask):
        properties["subnetResourceId"] = SUBNET
    return answer(ask.resource("networkConfig/virtualNetwork", "sites/networkConfig", properties))


def _connections(ask: Ask) -> Response:
    return answer([_connection_of(ask, name) for name in _vnets(ask)])


def _connection(ask: Ask) -> Response:
    name = ask.args["vnet"]
    if name.casefold() not in (each.casefold() for each in _vnets(ask)):
        raise Refusal(404, "NotFound", f"Cannot find VirtualNetworkConnection with name {name}.")
    return answer(_connection_of(ask, name))


def _vnets(ask: Ask) -> list[str]:
    name = str(ask.app.config.get("vnetName") or "")
    return [name] if name else []


def _connection_of(ask: Ask, name: str) -> Json:
    properties = {"vnetResourceId": SUBNET, "isSwift": True, "resyncRequired": False}
    return ask.resource(f"virtualNetworkConnections/{name}", "sites/virtualNetworkConnections", properties)


def _features(ask: Ask) -> Response:
    vnets = _vnets(ask)
    properties: Json = {"hybridConnections": [], "hybridConnectionsV2": []}
    if vnets:
        properties["virtualNetworkName"] = vnets[0]
        properties["virtualNetworkConnection"] = _connection_of(ask, vnets[0])["properties"]
    return answer(ask.resource(f"networkFeatures/{ask.args['view']}", "sites/networkFeatures", properties))


def _private_endpoints(ask: Ask) -> Response:
    """One, when the SCM site is private."""
    if not ask.state.faults.on("scm-private"):
        return ask.page([], PAGE)
    properties = {
        "provisioningState": "Succeeded",
        "privateEndpoint": {"id": _ENDPOINT},
        "privateLinkServiceConnectionState": {"status": "Approved", "description": "", "actionsRequired": "None"},
        "ipAddresses": ["10.30.4.5"],
    }
    return ask.page(
        [ask.resource("privateEndpointConnections/shop-pe", "sites/privateEndpointConnections", properties)], PAGE
    )


def _hybrid(ask: Ask) -> Response:
    """The lab has no relays."""
    return answer(ask.resource("hybridConnectionRelays", "sites/hybridConnectionRelays", {}))


def _tcp_ping(ask: Ask) -> Response:
    """`{"properties": {"Host", "Port"}}`; the site answers from its sick worker, whose case it is."""
    asked = ask.body().get("properties")
    fields = {str(name).lower(): value for name, value in asked.items()} if isinstance(asked, dict) else {}
    if not fields.get("host") or not str(fields.get("port", "")).isdigit():
        raise Refusal(400, "BadRequest", "Host and Port are required.")
    world = ask.state.world
    machine = world.workers[world.sick].machine
    outcome = world.probes.get((machine, f"{fields['host']}:{fields['port']}"), "connected")
    status, details = PROBES[outcome]
    return answer(
        ask.resource("tcpPingCheck", "sites", {"connectionStatus": status, "connectionStatusDetails": details})
    )


_READ = "Microsoft.Web/sites"
ROUTES = (
    Route("GET", "site", "/networkconfig/virtualnetwork", f"{_READ}/networkConfig/read", _virtual_network),
    Route("GET", "site", "/virtualnetworkconnections", f"{_READ}/virtualNetworkConnections/read", _connections),
    Route("GET", "site", "/virtualnetworkconnections/<vnet>", f"{_READ}/virtualNetworkConnections/read", _connection),
    Route("GET", "site", "/networkfeatures/<view>", f"{_READ}/networkFeatures/read", _features),
    Route("GET", "site", "/privateendpointconnections", f"{_READ}/privateEndpointConnections/read", _private_endpoints),
    Route("GET", "site", "/hybridconnectionrelays", f"{_READ}/hybridConnectionRelays/read", _hybrid),
    Route("POST", "site", "/tcppingcheck", f"{_READ}/tcpPingCheck/action", _tcp_ping),
    Route("POST", "site", "/connectivitycheck", f"{_READ}/connectivityCheck/action", _tcp_ping),
)
