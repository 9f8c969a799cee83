"""What stands around a world when a ticket is filed: an incident of the service, a colleague's ticket, the engineer."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from escalate.lab.state import LabState
from escalate.lab.support.open_ticket import put
from escalate.lab.world import Signals
from escalate.lab.worlds.parts.control_plane import service_event

TRACKING_ID = "6LX9-VSG"
"""Of the active incident of App Service."""


def set_up(state: LabState) -> None:
    """Before the servers start: what the lab's support setup asks for."""
    setup, world = state.support.setup, state.world
    state.support.question = _question(state)
    if setup.open_ticket:
        put(state.support, world.app.resource_id, linux=world.platform.startswith("linux"))
    if setup.service_incident:
        state.signals = _with_incident(state)


def _with_incident(state: LabState) -> Signals:
    event = service_event(
        TRACKING_ID,
        "App Service: availability of web apps in West Europe",
        "Customers may see intermittent HTTP 5xx errors, slow answers and restarts of web apps hosted in West Europe. "
        "We are investigating; the next update follows within 60 minutes.",
        state.started - timedelta(hours=2),
        None,
    )
    return dataclasses.replace(state.signals, events=(event, *state.signals.events))


def _question(state: LabState) -> str:
    """What an engineer asks first, about the sick worker."""
    world = state.world
    worker = world.workers[world.sick]
    running = state.processes.get(worker.machine)
    pid = running.pid if running else next((each["id"] for each in world.app.processes if each.get("id")), None)
    process = f"process {pid}" if pid else "the worker process of the app"
    return (
        f"Hello, thank you for the ticket. To continue, please provide a memory dump of {process} from instance "
        f"{worker.machine} (instance id {worker.arm_id}), and confirm the instance and the exact time in UTC at which "
        "the problem was last seen. Were there any deployments or configuration changes in the two hours before?"
    )
