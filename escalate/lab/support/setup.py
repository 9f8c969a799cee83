"""What a lab's subscription is like for the support service: its plan, its registration, what is there already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

Plan = Literal["none", "Basic", "Developer", "Standard", "ProDirect", "Premier", "Unified"]
PLANS: tuple[Plan, ...] = get_args(Plan)
BY_API = frozenset({"ProDirect", "Premier", "Unified"})
"""Plans that may use the ticket API; the others are refused after the 202 (azure-powershell #13802)."""
EMERGENCY = frozenset({"Premier", "Unified"})
"""Plans with the severity `highestcriticalimpact`."""


@dataclass(frozen=True)
class SupportSetup:
    """The support service of one lab, at its start."""

    plan: Plan = "ProDirect"
    registered: bool = True
    """Whether the subscription is registered for Microsoft.Support."""
    real_casing: bool = True
    """Enums in answers as recordings have them (`Moderate`, `Email`); otherwise as the OpenAPI file spells them."""
    open_ticket: bool = False
    """Whether a colleague's ticket about the app is open already."""
    service_incident: bool = False
    """Whether service health knows of an active incident of App Service in the app's region."""
    takes: timedelta = timedelta(seconds=0.2)
    """How long after its 202 an operation ends when nobody polls it; in the recording of 2020 it took about 8 s."""
    polls: int = 1
    """How often the status of an operation is `InProgress`; the next poll ends it."""
    engineer_after: timedelta | None = None
    """How long after its creation an engineer takes a ticket and asks for something; None: nobody does by himself."""
