"""A workspace for the files: it lives for about a day, so one that ends soon is given up for the next."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.model.submission import Phase, WorkspaceRecord
from escalate.model.ticket_names import workspace_name
from escalate.submit.filing import Filing

SPARE = timedelta(minutes=30)
"""A workspace with less time left is not used."""
MOST_LOOKS = 12
"""At a workspace and its successors, in one go."""
LIFE = timedelta(hours=24)
"""Of a new workspace, where the server does not say."""


def usable_workspace(filing: Filing) -> str:
    """The name of a workspace that the server confirms and that lives long enough; made if need be.

    Raises:
        SupportFailure: the server refuses, or does not answer.
    """
    for _ in range(MOST_LOOKS):
        record = _current(filing)
        found = filing.read(partial(filing.support.workspace, record.name))
        if found is None and record.expires_at is not None:
            _give_up(filing, record, "is gone")
            continue
        if found is None:
            _create(filing, record)
            continue
        # by our own clock as well: one that is a day ahead would find every workspace expired
        until = max(found.expires_at or record.intended_at, record.intended_at + LIFE)
        if not _lasts(until, filing.now()):
            _give_up(filing, record, "expires too soon")
            continue
        if record.expires_at != until:
            confirmed = record.model_copy(update={"expires_at": until})
            filing.record_workspace(f"the server has workspace {record.name}", confirmed)
            filing.record("workspace ready", phase=Phase.WORKSPACE_READY)
        return record.name
    raise SupportFailure(Why.INVALID, "the server takes workspaces and does not have them afterwards")


def _current(filing: Filing) -> WorkspaceRecord:
    """The last one that was not given up, else a new one, written down before it is asked for."""
    known = filing.state.workspaces
    if known and not known[-1].given_up:
        return known[-1]
    name = workspace_name(filing.request.case_id, len(known) + 1)
    record = WorkspaceRecord(name=name, intended_at=filing.now())
    filing.record_workspace(f"about to use workspace {name}", record)
    return record


def _create(filing: Filing, record: WorkspaceRecord) -> None:
    """Ask for it; whether it is there afterwards is read from the server by the caller."""
    tries = filing.tries()
    while filing.read(lambda: filing.support.workspace(record.name)) is None:
        try:
            filing.support.create_workspace(record.name)
        except SupportFailure as failure:
            tries.wait_after(failure)
        else:
            return


def _give_up(filing: Filing, record: WorkspaceRecord, why: str) -> None:
    filing.record_workspace(
        f"workspace {record.name} {why}: its files go to the next one", record.model_copy(update={"given_up": True})
    )


def _lasts(until: datetime, now: datetime) -> bool:
    return until - now >= SPARE
