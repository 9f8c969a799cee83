"""What the support service keeps: tickets, communications, workspaces, files, operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from escalate.lab.world import Json


@dataclass
class StoredFile:
    """A declared file and the chunks that came for it.

    Nothing in the contract says what a chunk that comes twice does. Here it does the worst: it stands there twice.
    """

    name: str
    created: datetime
    size: int
    chunk_size: int
    chunks: int
    arrived: list[tuple[int, bytes]] = field(default_factory=list)
    """(index, bytes), in the order they came."""

    @property
    def content(self) -> bytes:
        """All chunks, by index."""
        return b"".join(data for _, data in sorted(self.arrived, key=lambda each: each[0]))

    @property
    def whole(self) -> bool:
        """Whether every chunk came, once, and they make up the declared size."""
        return sorted(index for index, _ in self.arrived) == list(range(self.chunks)) and len(self.content) == self.size


@dataclass
class Workspace:
    """A file workspace; gone when it expires."""

    name: str
    created: datetime
    expires: datetime
    files: dict[str, StoredFile] = field(default_factory=dict)
    """By name in lower case."""


@dataclass(frozen=True)
class Communication:
    """One message of a ticket."""

    name: str
    sender: str
    subject: str
    body: str
    created: datetime
    from_engineer: bool = False
    kind: Literal["web", "phone"] = "web"


Severity = Literal["minimal", "moderate", "critical", "highestcriticalimpact"]
Status = Literal["Open", "Updating", "Closed"]


@dataclass
class Ticket:
    """A ticket as the service has it."""

    name: str
    ticket_id: str
    sent: Json
    """The `properties` it was created with; what a PATCH changes is changed here as well."""
    created: datetime
    modified: datetime
    plan: str
    attached: tuple[StoredFile, ...] = ()
    """What stood in its workspace when it was created."""
    status: Status = "Open"
    engineer: str | None = None
    working: bool = False
    """Whether the engineer works on it: the severity is his to change then."""
    communications: list[Communication] = field(default_factory=list)
    """Oldest first."""

    @property
    def severity(self) -> str:
        """In lower case."""
        return str(self.sent["severity"]).lower()


@dataclass(frozen=True)
class Failure:
    """Why an operation failed."""

    code: str
    message: str


@dataclass
class LongRunning:
    """A PUT that was answered 202."""

    name: str
    base: str
    """`/subscriptions/<id>`"""
    query: str
    """What the service signs its URL with; about 4 kB."""
    began: datetime
    finish: Callable[[], Failure | None]
    """Does what was asked for."""
    result: Callable[[], Json]
    """The resource, once it is there."""
    polls: int
    status: Literal["InProgress", "Succeeded", "Failed"] = "InProgress"
    failure: Failure | None = None


@dataclass(frozen=True)
class Call:
    """One call that reached the service, also when its answer was lost."""

    operation: str
    method: str
    path: str
    status: int
    """Of the answer that was sent or lost; 0: there was none."""
    delivered: bool = True
    """Whether the answer was sent."""
