"""A file that is sent later stands in the ticket's own workspace, whole and once."""

from __future__ import annotations

import pytest

from escalate.azure.support_failure import SupportFailure
from escalate.errors import CaseError
from escalate.model.follow_up import DeliveryRecord
from escalate.model.submission import Upload
from escalate.submit.afterwards.deliveries import deliver
from escalate.submit.pinned import upload_of
from tests.fakes.following import followed

DELTA = bytes(range(256)) * 11_000
"""Of two chunks."""


@pytest.fixture
def one(filed):
    made = filed(700)
    made.until_open()
    (made.case.root / "bundle" / "delta.zip").write_bytes(DELTA)
    return made


def _upload(one) -> Upload:
    return upload_of(one.case, "bundle/delta.zip", "delta.zip")


def _deliver(one, upload: Upload) -> DeliveryRecord:
    with followed(one.case, one.lab, one.time) as following:
        return deliver(following, upload)


def test_it_goes_to_the_workspace_that_is_called_as_the_ticket_is_numbered(one):
    record = _deliver(one, _upload(one))
    ticket = one.lab.tickets[0]
    assert record.workspace == ticket.ticket_id
    assert one.lab.files(ticket)["delta.zip"] == DELTA
    assert ("part-0.zip") in one.lab.files(ticket)


def test_the_same_bytes_are_sent_once(one):
    upload = _upload(one)
    _deliver(one, upload)
    one.lab.desk.calls.clear()
    assert _deliver(one, upload).sent_at is not None
    assert one.lab.operations("files.upload") == []


@pytest.mark.parametrize("mishap", ["files.upload#2=lost", "files.create#1=error-after", "files.upload#1=throttled:0"])
def test_after_a_fault_the_file_that_is_on_record_is_whole(one, mishap: str):
    one.lab.mishaps.add(mishap)
    upload, record = _upload(one), None
    for _ in range(5):
        try:
            record = _deliver(one, upload)
            break
        except SupportFailure:
            continue
    assert record is not None
    assert record.name is not None
    assert one.lab.files(one.lab.tickets[0])[record.name] == DELTA


def test_a_file_that_changed_after_the_yes_is_not_sent(one):
    upload = _upload(one)
    (one.case.root / "bundle" / "delta.zip").write_bytes(DELTA[::-1])
    with pytest.raises(CaseError):
        _deliver(one, upload)
    assert one.lab.operations("files.upload").count("files.upload") == 1


def test_a_workspace_that_is_gone_is_said_to_be_so(one):
    one.lab.desk.workspaces.clear()
    with pytest.raises(SupportFailure) as caught:
        _deliver(one, _upload(one))
    assert "workspace" in caught.value.reason
