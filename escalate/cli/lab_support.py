"""Options of `escalate lab up` that say what the support service of the lab is like."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from escalate.lab.support.setup import PLANS, SupportSetup

ENGINEER_AFTER_S = 20.0


def support_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as `support`, a `SupportSetup`."""

    @click.option(
        "--plan",
        type=click.Choice(PLANS),
        default="ProDirect",
        show_default=True,
        help="The support plan of the subscription. Below ProDirect the ticket is refused after it was accepted.",
    )
    @click.option("--unregistered", is_flag=True, help="The subscription is not registered for Microsoft.Support.")
    @click.option("--open-ticket", is_flag=True, help="A colleague's ticket about the app is open already.")
    @click.option("--service-incident", is_flag=True, help="Service health knows of an active incident in the region.")
    @click.option(
        "--engineer-after",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=ENGINEER_AFTER_S,
        show_default=True,
        help="So long after a ticket is filed an engineer takes it and asks for a dump.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        plan: Any,
        unregistered: bool,
        open_ticket: bool,
        service_incident: bool,
        engineer_after: float,
        **more: Any,
    ) -> Any:
        setup = SupportSetup(
            plan=plan,
            registered=not unregistered,
            open_ticket=open_ticket,
            service_incident=service_incident,
            engineer_after=timedelta(seconds=engineer_after),
        )
        return command(*args, support=setup, **more)

    return wrapped
