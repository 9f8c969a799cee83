"""Services and problem classifications of App Service and its neighbours.

GUIDs of services are real; of classifications, those that public sources name (support-api.md, 3.5) are, the others are
made of their names. Display names are `Category / Topic`, from Microsoft's self-help topics of App Service.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

_SPACE = uuid.UUID("6d6f7265-2073-7570-706f-72742e6c6162")


@dataclass(frozen=True)
class SecondaryConsent:
    """A consent that tickets of a classification carry beside the one for diagnostics."""

    type: str
    description: str


@dataclass(frozen=True)
class Classification:
    """One kind of problem of a service."""

    guid: str
    name: str
    consents: tuple[SecondaryConsent, ...] = ()

    def id(self, service: Service) -> str:
        """Its resource id."""
        return f"{service.id}/problemClassifications/{self.guid}"


@dataclass(frozen=True)
class Service:
    """A service that tickets are filed for."""

    guid: str
    name: str
    resource_types: tuple[str, ...]
    classifications: tuple[Classification, ...] = field(default=())

    @property
    def id(self) -> str:
        """Its resource id."""
        return f"/providers/Microsoft.Support/services/{self.guid}"


_DATABASE = SecondaryConsent(
    "DatabaseConsent",
    "Allow the team of the connected database to read its diagnostic data for this ticket, for a faster resolution.",
)
_TOPICS = (
    "Availability, Performance, and Application Issues / Web app down or reporting errors",
    "Availability, Performance, and Application Issues / Web app slow",
    "Availability, Performance, and Application Issues / Web app restarted",
    "Availability, Performance, and Application Issues / High CPU usage",
    "Availability, Performance, and Application Issues / High memory usage",
    "Availability, Performance, and Application Issues / Web app experiencing high memory and restarts on one instance",
    "Availability, Performance, and Application Issues / Metrics not available or incorrect",
    "Configuration and Management / Backup and restore",
    "Configuration and Management / Configuring domains",
    "Configuration and Management / Configuring SSL",
    "Configuration and Management / Moving, creating or deleting a resource",
    "Authentication and Authorization / Configuring authentication",
    "Networking / Hybrid connections",
)
_WITH_DATABASE = "Networking / Connecting to a database"
_FOUND = {
    "windows": {
        "Networking / VNet integration": "f9793673-0fe9-0109-52fa-8b166b645087",
        "Networking / Outbound connectivity": "1653e0e2-8249-fb67-6d0e-767fa14d79b2",
        "Web Jobs / Web job crashing or failing": "69b53f31-2ff0-8b71-86ae-f2177adf434b",
        "Open Source Technologies / Node.js": "c30b281b-4369-616a-a1c8-aadffbbfd405",
    },
    "linux": {
        "Networking / VNet integration": "e46a61a3-caeb-38aa-89ea-f851e9d63652",
        "Networking / Outbound connectivity": "6baa322b-ef6b-f235-c0c0-82ff512602c4",
        "Application Code Deployment / Application issues post deployment": "b14f7fde-14bc-2ff9-d612-697580802224",
    },
}


def _classifications(key: str, *more: str) -> tuple[Classification, ...]:
    """Of an App Service service; ids differ between services, as the real ones do."""
    found = _FOUND.get(key, {})
    plain = [
        Classification(found.get(name) or str(uuid.uuid5(_SPACE, f"{key}/{name}")), name)
        for name in sorted({*_TOPICS, *found, *more})
    ]
    asks = Classification(str(uuid.uuid5(_SPACE, f"{key}/{_WITH_DATABASE}")), _WITH_DATABASE, (_DATABASE,))
    return (*plain, asks)


_CONTAINERS = ("Container Configuration / Container fails to start", "Container Configuration / Image pull failures")
_FUNCTIONS = ("Functions Host / Function app down or reporting errors", "Triggers and Bindings / Trigger does not fire")

SERVICES = (
    Service("517f2da6-78fd-0498-4e22-ad26996b1dfc", "Billing", ()),
    Service("f3dc5421-79ef-1efa-41a5-42bf3cbb52c6", "Subscription management", ()),
    Service("06bfd9d3-516b-d5c6-5802-169c800dec89", "Service and subscription limits (quotas)", ()),
    Service(
        "1890289e-747c-7ef6-b4f5-b1dbb0bead28",
        "Web App (Windows)",
        ("MICROSOFT.WEB/SITES", "MICROSOFT.WEB/SITES/SLOTS", "MICROSOFT.WEB/SERVERFARMS"),
        _classifications("windows"),
    ),
    Service(
        "b452a42b-3779-64de-532c-8a32738357a6",
        "Web App (Linux)",
        ("MICROSOFT.WEB/SITES", "MICROSOFT.WEB/SITES/SLOTS", "MICROSOFT.WEB/SERVERFARMS"),
        _classifications("linux"),
    ),
    Service(
        "d40f17bb-8b19-117c-f69a-d1be4187f657",
        "Web App for Containers",
        ("MICROSOFT.WEB/SITES", "MICROSOFT.WEB/SERVERFARMS"),
        _classifications("containers", *_CONTAINERS),
    ),
    Service(
        "5ce8de69-abba-65a0-e0e4-a684bcbc7931",
        "Function App",
        ("MICROSOFT.WEB/SITES",),
        _classifications("functions", *_FUNCTIONS),
    ),
    Service(
        "2fd37acf-7616-eae7-546b-1a78a16d11b5",
        "App Service Environment",
        ("MICROSOFT.WEB/HOSTINGENVIRONMENTS",),
        _classifications("environment"),
    ),
    Service("272fd66a-e8b1-260f-0066-01caae8895cf", "Web App on Azure Arc", ("MICROSOFT.WEB/SITES",)),
    Service(
        "445c0905-55e2-4f42-d853-ec9e17a5180e",
        "App Service Certificates",
        ("MICROSOFT.CERTIFICATEREGISTRATION/CERTIFICATEORDERS",),
    ),
    Service("b7d2f8b7-7d20-cf2f-ddd5-5543ada54bd2", "App Service Domains", ("MICROSOFT.DOMAINREGISTRATION/DOMAINS",)),
)
