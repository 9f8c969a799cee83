"""The order of filing: workspace, files, ticket; begun anew it reads the server and goes on where it stands."""

from __future__ import annotations

from datetime import datetime

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.case.store import Case
from escalate.errors import CaseError
from escalate.model.submission import (
    Phase,
    Stop,
    SubmissionState,
    TicketRecord,
    TicketRequest,
    WorkspaceRecord,
)
from escalate.model.ticket import Approval
from escalate.submit import receipts
from escalate.submit.filing import Filing
from escalate.submit.pinned import pin
from escalate.submit.steps.files import upload_all
from escalate.submit.steps.ticket import StillRunning, file_ticket
from escalate.submit.steps.workspace import usable_workspace


def approve(case: Case, request: TicketRequest, now: datetime) -> SubmissionState:
    """Pin what a person said yes to: the digest, and a copy of every file. Nothing is sent.

    What an earlier approval brought to the server is used again as far as it is the same.

    Raises:
        CaseError: a file changed meanwhile.
        ValueError: a ticket is under way: what was sent is not to be changed (see `is_under_way`).
    """
    earlier = case.read(SubmissionState) if case.has(SubmissionState) else None
    if earlier is not None and is_under_way(earlier):
        raise ValueError("a ticket of this case is under way")
    for upload in request.attachments:
        pin(case, upload)
    state = SubmissionState(request=request, approval=Approval(digest=request.digest(), approved_at=now))
    if earlier is not None:
        same = earlier.request.attachments == request.attachments
        state = state.model_copy(
            update={
                "workspaces": earlier.workspaces if same else tuple(_given_up(each) for each in earlier.workspaces),
                "files": earlier.files,
                "ticket": TicketRecord(puts=earlier.ticket.puts),
            }
        )
    case.write(state)
    receipts.write_request(case, request)
    case.journal.note("submit", "approved", digest=state.approval.digest)
    return state


def is_under_way(state: SubmissionState) -> bool:
    """Whether the server may have a ticket of this case already, so that it is only to be followed up."""
    return state.ticket.last_put_at is not None or state.ticket.operation is not None or state.phase is Phase.OPEN


def run(filing: Filing) -> SubmissionState:
    """File what is approved, or go on with it; how it ended stands in `phase` and `stop`.

    Raises:
        CaseError: a file is no longer what was approved, or the state was changed by hand.
        SupportFailure: nobody is signed in any more; what was done is written down.
    """
    if filing.request.digest() != filing.state.approval.digest:
        raise CaseError(
            f"submission.json of {filing.case.root} is no longer what was approved",
            hint="delete it and run escalate submit again: it looks for the ticket by name and asks anew",
        )
    filing.record("filing begins", stop=None)
    try:
        found = file_ticket(filing, lambda: _with_files(filing))
    except StillRunning:
        filing.record("the server has not finished with the ticket", stop=_STILL_RUNNING)
    except SupportFailure as failure:
        stopped(filing.case, failure)
        if failure.why is Why.SIGN_IN:
            raise
    else:
        receipts.write_ticket(filing.case, found)
    if is_under_way(filing.state):
        receipts.write_receipt(filing.case)
    return filing.state


def stopped(case: Case, failure: SupportFailure) -> None:
    """Write down why filing ended early; a ticket that may be there stays under way."""
    state = case.read(SubmissionState)
    phase = state.phase
    if not is_under_way(state):
        phase = Phase.FAILED if failure.retryable or failure.why is Why.SIGN_IN else Phase.HANDOFF_ONLY
    stop = Stop(code=failure.code, reason=failure.reason, hint=failure.hint, retryable=failure.retryable)
    case.write(state.model_copy(update={"phase": phase, "stop": stop}))
    case.journal.note("submit", "filing stopped", code=failure.code, why=str(failure.why))


_STILL_RUNNING = Stop(
    code=None,
    reason="the server took the ticket and has not finished with it",
    hint="run escalate submit again with the same --case: it asks how far it is, and files nothing twice",
    retryable=True,
)


def _with_files(filing: Filing) -> str | None:
    """The workspace that holds every file and lives long enough; None: there are no files."""
    if not filing.request.attachments:
        return None
    while True:
        workspace = usable_workspace(filing)
        upload_all(filing, workspace)
        if usable_workspace(filing) == workspace:  # it may have come near its end while files went up
            return workspace


def _given_up(record: WorkspaceRecord) -> WorkspaceRecord:
    return record.model_copy(update={"given_up": True})
