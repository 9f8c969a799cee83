"""One case's filing under way: its state on disk, the server, and the patience it is treated with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from escalate.azure.pulse import Pulse, Unhurried
from escalate.azure.support import Support
from escalate.case.store import Case
from escalate.model.observer import Observer
from escalate.model.submission import FileRecord, SubmissionState, TicketRecord, TicketRequest, WorkspaceRecord
from escalate.submit.patience import Patience, Tries, read

T = TypeVar("T")

NAME = "submit"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Filing:
    """The only writer of submission.json while a ticket is filed; the case is locked by the caller."""

    case: Case
    support: Support
    observer: Observer
    patience: Patience = field(default_factory=Patience)
    pulse: Pulse = field(default_factory=Unhurried)
    now: Callable[[], datetime] = _now

    @property
    def state(self) -> SubmissionState:
        """As it stands on disk: nothing is known that is not written down."""
        return self.case.read(SubmissionState)

    @property
    def request(self) -> TicketRequest:
        """What was approved."""
        return self.state.request

    def record(self, text: str, **changes: Any) -> None:
        """Write down what is about to be done, or what the server confirmed; `text` holds nothing personal."""
        self.case.write(self.state.model_copy(update=changes))
        self.case.journal.note(NAME, text)

    def record_workspace(self, text: str, record: WorkspaceRecord) -> None:
        """Put a workspace's record in the place of the one of the same name, or behind the others."""
        others = tuple(each for each in self.state.workspaces if each.name != record.name)
        self.record(text, workspaces=(*others, record))

    def record_file(self, text: str, record: FileRecord) -> None:
        """Put a file's record in the place of the one of the same name and workspace, or behind the others."""
        key = (record.workspace, record.name)
        others = tuple(each for each in self.state.files if (each.workspace, each.name) != key)
        self.record(text, files=(*others, record))

    def record_ticket(self, text: str, **changes: Any) -> TicketRecord:
        """Change the ticket's record."""
        record = self.state.ticket.model_copy(update=changes)
        self.record(text, ticket=record)
        return record

    def tries(self) -> Tries:
        """Tries for one write."""
        return Tries(self.patience, self.pulse)

    def read(self, call: Callable[[], T]) -> T:
        """The answer of a call that changes nothing, tried again as patience allows."""
        return read(self.patience, self.pulse, call)
