"""Workers, settings and incident texts that several worlds need in the same form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from escalate.lab.world import LabWorker
from escalate.lab.worlds.parts.noise import account_key, hex_id, password
from escalate.model.incident import Contact, Incident, Severity, Window

CONTACT = Contact(
    first_name="Robin",
    last_name="Example",
    method="email",
    email="robin.example@contoso.example",
    time_zone="W. Europe Standard Time",
    country="DEU",
    language="en-US",
)
"""Nobody's."""


def worker(world: str, machine: str, computer: str = "", *, container: bool = False) -> LabWorker:
    """A machine; its ARM id and container id are made of the names, the same in every run."""
    return LabWorker(
        arm_id=hex_id(world, machine),
        machine=machine,
        computer=computer or machine,
        container=hex_id(world, machine, "container")[:12] if container else "",
    )


def settings(owner: str, **more: str) -> Mapping[str, str]:
    """App settings of a shop, with an invented storage key, and what a world adds."""
    return {
        "ORDERS_STORAGE": (
            f"DefaultEndpointsProtocol=https;AccountName={owner.replace('-', '')}store;"
            f"AccountKey={account_key(owner)};EndpointSuffix=core.windows.net"
        ),
        "PAYMENT_API_KEY": password(owner + "/payment"),
        "FEATURE_NEW_CHECKOUT": "true",
        "WEBSITE_TIME_ZONE": "UTC",
        **more,
    }


def database(owner: str) -> str:
    """An invented SQL connection string."""
    return (
        f"Server=tcp:{owner}-db.database.windows.net,1433;Database=orders;User ID=shop;"
        f"Password={password(owner)};Encrypt=True;"
    )


def report(
    title: str,
    symptom: str,
    impact: str,
    *,
    severity: Severity = Severity.MODERATE,
    minutes: tuple[float, float],
) -> Callable[[datetime], Incident]:
    """The incident as its owner writes it down; `minutes` from and to the lab's start, negative ones before it.

    Who reports what still goes on writes an end that lies ahead.
    """

    def at(start: datetime) -> Incident:
        base = start.replace(second=0, microsecond=0)
        window = Window(start=base + timedelta(minutes=minutes[0]), end=base + timedelta(minutes=minutes[1]))
        return Incident(title=title, symptom=symptom, impact=impact, severity=severity, window=window, contact=CONTACT)

    return at
