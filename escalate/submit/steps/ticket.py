"""The ticket itself: looked for by name before every PUT, watched to the end, and read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import OperationState, SupportTicket
from escalate.model.submission import Phase
from escalate.submit.filing import Filing
from escalate.submit.patience import Tries


class StillRunning(Exception):
    """The server took the ticket and has not finished with it; to be asked again later."""


def _find(filing: Filing) -> SupportTicket | None:
    """The ticket, if the server has it under our name."""
    return filing.read(lambda: filing.support.ticket(filing.request.name))


def file_ticket(filing: Filing, ready: Callable[[], str | None]) -> SupportTicket:
    """The ticket as the server has it; made if it has none.

    `ready` is asked before each PUT for the workspace that holds all files; None: there are no files.

    Raises:
        SupportFailure: the server refuses, or does not answer.
        StillRunning: it has not finished in the time we wait.
    """
    tries = filing.tries()
    while (found := _there(filing)) is None:
        if filing.state.ticket.operation is None and not _taken(filing, ready(), tries):
            continue
        if (url := filing.state.ticket.operation) is not None:
            _watch(filing, url)
        return _adopt(filing, _read_back(filing))
    return _adopt(filing, found)


def _taken(filing: Filing, workspace: str | None, tries: Tries) -> bool:
    """PUT; False: it is to be looked for again, because nobody knows, or because it turned up meanwhile.

    Raises:
        SupportFailure: the server refuses, or did not answer often enough, and the ticket is not there.
    """
    try:
        _put(filing, workspace)
    except SupportFailure as failure:
        if tries.may_go_on(failure):
            tries.wait_after(failure)
        elif _there(filing) is None:
            filing.record_ticket("the ticket did not turn up", last_put_at=None)
            raise
        return False
    return True


def _there(filing: Filing) -> SupportTicket | None:
    """The ticket, if the server has it, also if it makes it only now of a PUT whose answer was lost."""
    record = filing.state.ticket
    if (found := _find(filing)) is not None or record.operation is not None or record.last_put_at is None:
        return found
    return _settled(filing)


def _adopt(filing: Filing, found: SupportTicket) -> SupportTicket:
    """Write down that the server has the ticket."""
    filing.record_ticket(
        "the server has the ticket",
        operation=None,
        support_ticket_id=found.support_ticket_id,
        status=found.status,
        created_at=found.created_at,
    )
    filing.record("ticket open", phase=Phase.OPEN, stop=None)
    return found


def _put(filing: Filing, workspace: str | None) -> None:
    filing.record_ticket(
        "about to send the ticket",
        puts=filing.state.ticket.puts + 1,
        last_put_at=filing.now(),
        workspace=workspace,
    )
    filing.record("ticket sent", phase=Phase.TICKET_SENT)
    try:
        begun = filing.support.begin_ticket(filing.request, workspace)
    except SupportFailure as failure:
        if not failure.may_have_acted:
            filing.record_ticket("the server did not take the ticket", last_put_at=None)
        raise
    filing.record_ticket("the server took the ticket", operation=begun.operation)


def _settled(filing: Filing) -> SupportTicket | None:
    """After a PUT without an answer: the ticket, if it turns up while a late one still may.

    The server makes a ticket some seconds after it took the PUT; a second PUT in that time could make another. Counted
    from now: between two runs the clock may have been set.
    """
    until = filing.now() + timedelta(seconds=filing.patience.settle_s)
    while True:
        is_last_look = filing.now() >= until
        if (found := _find(filing)) is not None or is_last_look:
            return found
        filing.pulse.pause(filing.patience.look_every_s)


def _watch(filing: Filing, url: str) -> None:
    """Until the operation has ended well.

    Raises:
        SupportFailure: it ended badly, or cannot be asked for.
        StillRunning: it has not ended in time.
    """
    until = filing.now() + timedelta(seconds=filing.patience.operation_s)
    while True:
        try:
            state = filing.read(lambda: filing.support.operation(url))
        except SupportFailure as failure:
            if failure.why is Why.MISSING or (failure.status or 0) in (400, 410):
                filing.record_ticket("the operation is no longer known: the ticket's name tells", operation=None)
                return
            raise
        if state.is_over:
            _end(filing, state)
            return
        if filing.now() >= until:
            raise StillRunning
        pause = state.retry_after_s if state.retry_after_s is not None else filing.patience.look_every_s
        filing.pulse.pause(min(pause, filing.patience.longest_wait_s))


def _end(filing: Filing, state: OperationState) -> None:
    if state.status == "succeeded":
        return
    filing.record_ticket(f"the operation ended as {state.status}", operation=None, last_put_at=None)
    raise SupportFailure(
        Why.FAILED,
        f"the server took the ticket and then refused it ({state.code or state.status}): {state.message}".rstrip(": "),
        status=200,
        code=state.code,
    )


def _read_back(filing: Filing) -> SupportTicket:
    """A ticket whose operation succeeded; it may take a moment until it can be read.

    Raises:
        StillRunning: it cannot be read yet.
    """
    until = filing.now() + timedelta(seconds=filing.patience.settle_s)
    while True:
        if (found := _find(filing)) is not None:
            return found
        if filing.now() >= until:
            raise StillRunning
        filing.pulse.pause(filing.patience.look_every_s)
