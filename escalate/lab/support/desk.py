"""The state of the support service of one lab."""

from __future__ import annotations

import base64
import itertools
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from escalate.lab.support.clock import Clock
from escalate.lab.support.mishaps import Mishaps
from escalate.lab.support.records import Call, Communication, Failure, LongRunning, StoredFile, Ticket, Workspace
from escalate.lab.support.setup import BY_API, Plan, SupportSetup
from escalate.lab.world import SUBSCRIPTION, Json

FREE_LIFE = timedelta(hours=24)
"""Of a workspace that belongs to no ticket yet (recording of 2024-05)."""
TICKET_LIFE = timedelta(days=182)
"""Of a ticket's own workspace, about six months (example of Get-AzSupportFileWorkspace)."""
PLAN_ID = base64.b64encode(f"Source:SCM,ContractId:98659194,SubscriptionId:{SUBSCRIPTION}".encode()).decode()
"""Of the form that Microsoft's example decodes to."""

KEPT_CALLS = 10_000
Registration = Literal["Registered", "Registering", "NotRegistered"]


@dataclass
class SupportDesk:
    """Tickets, workspaces and operations. Whoever reads or changes them holds the lock; views do."""

    setup: SupportSetup = field(default_factory=SupportSetup)
    clock: Clock = field(default_factory=Clock)
    mishaps: Mishaps = field(default_factory=Mishaps)
    lock: threading.RLock = field(default_factory=threading.RLock)
    closing: threading.Event = field(default_factory=threading.Event)
    """Ends the waiting of calls that are never answered."""
    plan: Plan = "ProDirect"
    registration: Registration = "Registered"
    tickets: dict[str, Ticket] = field(default_factory=dict)
    """By name in lower case: what can be found."""
    filed: list[Ticket] = field(default_factory=list)
    """Every ticket that came about, oldest first: also one whose name a later one took over."""
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    """By name in lower case."""
    operations: dict[str, LongRunning] = field(default_factory=dict)
    registrations: list[datetime] = field(default_factory=list)
    """When the subscription was registered for the provider by somebody: never without being asked for."""
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))
    """Every call that reached the service, oldest first; the oldest are forgotten after some thousands."""
    question: str = "Could you please attach a memory dump of the process, and confirm instance and time in UTC?"
    """What an engineer asks for."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(5835, 7))

    def __post_init__(self) -> None:
        self.plan = self.setup.plan
        self.registration = "Registered" if self.setup.registered else "NotRegistered"

    def plan_failure(self) -> Failure | None:
        """Why this plan may not use the API; the text was reported many times (azure-sdk-for-net #24662)."""
        if self.plan in BY_API:
            return None
        kind = "Free" if self.plan == "none" else self.plan
        return Failure(
            "InvalidSupportPlan",
            f"Your support plan type is {kind}. To create and update support tickets, and add communication "
            "operations, you need access to our high tier-support plans. Learn more at https://aka.ms/supportapi",
        )

    def file(self, name: str, sent: Json) -> Ticket:
        """Make a ticket.

        Nothing says what a PUT of a name that exists does. Here it does the worst: there is another ticket.
        """
        now = self.clock.now()
        workspace = self.workspaces.get(str(sent.get("fileWorkspaceName", "")).lower())
        ticket = Ticket(
            name=name,
            ticket_id=f"{now:%y%m%d}40100{next(self._numbers):05}",
            sent=sent,
            created=now,
            modified=now,
            plan=self.plan,
            attached=tuple(workspace.files.values()) if workspace else (),
        )
        self.tickets[name.lower()] = ticket
        self.filed.append(ticket)
        self.workspaces[ticket.ticket_id] = Workspace(ticket.ticket_id, now, now + TICKET_LIFE)
        return ticket

    def add(self, ticket: Ticket, message: Communication) -> Communication:
        """Put a message into a ticket; one of the customer opens a closed ticket again (portal documentation)."""
        ticket.communications.append(message)
        ticket.modified = message.created
        if ticket.status == "Closed" and not message.from_engineer:
            ticket.status = "Open"
        return message

    def files_of(self, ticket: Ticket) -> tuple[StoredFile, ...]:
        """What an engineer finds in a ticket: filed with it, then sent later."""
        own = self.workspaces.get(ticket.ticket_id)
        return (*ticket.attached, *(own.files.values() if own else ()))

    def begin(self, operation: LongRunning) -> None:
        """Keep an operation that was accepted."""
        self.operations[operation.name] = operation

    def end(self, operation: LongRunning) -> None:
        """Do what an operation is for, once."""
        if operation.status != "InProgress":
            return
        operation.failure = operation.finish()
        operation.status = "Failed" if operation.failure else "Succeeded"

    def settle(self) -> None:
        """What time has brought: operations end, workspaces expire."""
        now = self.clock.now()
        for operation in list(self.operations.values()):
            if now - operation.began >= self.setup.takes:
                self.end(operation)
        for key, workspace in list(self.workspaces.items()):
            if workspace.expires <= now:
                del self.workspaces[key]
