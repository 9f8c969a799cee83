"""A filed ticket that is followed up: which one it is, and the record of what was said and sent since."""

from __future__ import annotations

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import SupportTicket
from escalate.case.store import Case
from escalate.errors import CaseError
from escalate.model.follow_up import DeliveryRecord, FollowUp, NoteRecord
from escalate.model.submission import Phase, SubmissionState
from escalate.submit import receipts
from escalate.submit.filing import Filing
from escalate.submit.machine import is_under_way

STAGE = "ticket"
"""In the journal."""


def filed(case: Case) -> SubmissionState:
    """The state of the ticket of a case.

    Raises:
        CaseError: none was filed.
    """
    state = case.read(SubmissionState) if case.has(SubmissionState) else None
    if state is None or not is_under_way(state):
        raise CaseError(f"no ticket was filed from {case.root}", hint=f"file one: escalate submit --case {case.root}")
    return state


class Following:
    """One run on a filed ticket; the only writer of follow-up.json. The case is locked by the caller."""

    def __init__(self, filing: Filing) -> None:
        """`filing` is how the case talks to the server: with its retries, and with its record of files."""
        self.filing = filing
        self.case = filing.case
        self.name = filed(filing.case).request.name

    @property
    def record(self) -> FollowUp:
        """As it stands on disk."""
        if self.case.has(FollowUp):
            return self.case.read(FollowUp)
        return FollowUp(case_id=self.case.document.id, ticket_name=self.name)

    def ticket(self) -> SupportTicket:
        """The ticket as the server has it now; number and status are written down.

        Raises:
            SupportFailure: it cannot be read, or is not there.
        """
        found = self.filing.read(lambda: self.filing.support.ticket(self.name))
        if found is None and self.filing.state.phase is not Phase.OPEN:
            raise SupportFailure(Why.BUSY, "the ticket was sent, and the server does not show it yet", status=None)
        if found is None:
            raise SupportFailure(Why.MISSING, f"the server has no ticket {self.name}", status=404)
        seen = (found.support_ticket_id, found.status)
        known = self.filing.state.ticket
        if seen != (known.support_ticket_id, known.status):
            self.filing.record_ticket("the server has the ticket", support_ticket_id=seen[0], status=seen[1])
            receipts.write_receipt(self.case)
        return found

    def note(self, text: str, note: NoteRecord) -> None:
        """Put the record of a message in the place of the one of the same name, or behind the others."""
        before = self.record
        others = [each for each in before.notes if each.name != note.name]
        self._write(text, before.model_copy(update={"notes": (*others, note)}))

    def delivery(self, text: str, delivery: DeliveryRecord) -> None:
        """Put the record of a file in the place of the one of the same bytes, or behind the others."""
        before = self.record
        others = [each for each in before.deliveries if each.upload.sha256 != delivery.upload.sha256]
        self._write(text, before.model_copy(update={"deliveries": (*others, delivery)}))

    def _write(self, text: str, record: FollowUp) -> None:
        self.case.write(record)
        self.case.journal.note(STAGE, text)
