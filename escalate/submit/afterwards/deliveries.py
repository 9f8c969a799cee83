"""Sends a file to the ticket's own workspace, whose name is the number of the ticket."""

from __future__ import annotations

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.model.follow_up import DeliveryRecord
from escalate.model.submission import Upload
from escalate.submit.afterwards.following import Following
from escalate.submit.pinned import pin
from escalate.submit.steps.files import complete, upload_file


def deliver(following: Following, upload: Upload) -> DeliveryRecord:
    """Bring one file to the ticket, whole; the same bytes are not sent twice.

    Source: learn.microsoft.com, New-AzSupportFileAndUpload, example 2.

    Raises:
        SupportFailure: the server refuses, or does not answer; or the ticket has no number, or no workspace, yet.
        CaseError: the file changed meanwhile.
    """
    filing, number = following.filing, following.ticket().support_ticket_id
    if number is None:
        raise SupportFailure(Why.BUSY, "the ticket has no number yet, and so no place for files", status=None)
    if filing.read(lambda: filing.support.workspace(number)) is None:
        raise SupportFailure(Why.MISSING, f"the ticket {number} has no workspace for files any more", status=404)
    known = [each for each in following.record.deliveries if each.upload.sha256 == upload.sha256]
    if known:
        upload = known[-1].upload
        if known[-1].sent_at is not None:
            return known[-1]
    record = DeliveryRecord(upload=upload, workspace=number, intended_at=filing.now())
    pin(following.case, upload)
    following.delivery(f"about to send {upload.name}", record)
    upload_file(filing, number, upload)
    whole = complete(filing.state.files, number, upload)
    record = record.model_copy(update={"name": whole.name if whole else upload.name, "sent_at": filing.now()})
    following.delivery(f"the ticket has {record.name}", record)
    return record
