"""Filing without faults: sizes, expiry, refusals, changes of mind, and what is written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from escalate.azure.support import Support
from escalate.case.layout import Room
from escalate.case.purge import purge
from escalate.errors import CaseError
from escalate.lab.support.mishaps import Watch
from escalate.model.submission import Phase, Upload
from escalate.model.ticket import Receipt
from escalate.submit import machine
from escalate.submit.pinned import chunks_of, upload_of
from tests.fakes.filing import EMAIL, PHONE, request_of
from tests.submit.conftest import check_one_ticket

CHUNK = 2_500_000


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK])
def test_every_size_arrives_byte_for_byte(filed, lab, size: int) -> None:
    one = filed(size)
    assert one.run().phase is Phase.OPEN
    check_one_ticket(one)
    (stored,) = lab.stored(lab.tickets[0])
    assert stored.chunks == chunks_of(size)
    assert max(len(data) for _, data in stored.arrived) <= CHUNK


@pytest.mark.parametrize("size", [0, 2 * CHUNK + 1])
def test_a_file_that_no_ticket_takes_is_refused_before_any_call(make_case, size: int) -> None:
    case = make_case()
    place = case.root / "bundle" / "kit.zip"
    place.parent.mkdir()
    place.write_bytes(bytes(size))
    with pytest.raises(CaseError, match="a ticket takes files of 1 to 5,000,000 bytes"):
        upload_of(case, "bundle/kit.zip", "kit.zip")


def test_a_ticket_without_files_needs_no_workspace(filed, lab) -> None:
    one = filed()
    request = one.state.request.model_copy(update={"attachments": ()})
    machine.approve(one.case, request, datetime.now(UTC))
    assert one.run().phase is Phase.OPEN
    assert not any(name.startswith(("workspaces", "files")) for name in lab.operations())


def test_a_workspace_that_ends_soon_is_left_for_a_new_one_with_all_files(filed, lab) -> None:
    one = filed(2_500_001, 10)
    lab.mishaps.add("tickets.create=error")
    assert one.run().phase is Phase.FAILED
    lab.mishaps.clear()
    one.time.pass_by(timedelta(hours=23, minutes=35))
    assert one.run().phase is Phase.OPEN
    assert [each.given_up for each in one.state.workspaces] == [True, False]
    assert lab.tickets[0].sent["fileWorkspaceName"] == f"{one.state.request.workspace}-2"
    assert set(lab.files(lab.tickets[0]).values()) == {
        (one.case.root / each.path).read_bytes() for each in one.state.request.attachments
    }


def test_a_workspace_that_comes_near_its_end_while_files_go_up_is_left_as_well(filed, lab) -> None:
    one = filed(2_500_001)
    lab.mishaps.add(Watch("files.upload", lambda: one.time.pass_by(timedelta(hours=23, minutes=45)), "after", 2))
    one.until_open()
    assert lab.tickets[0].sent["fileWorkspaceName"] == f"{one.state.request.workspace}-2"
    assert len(lab.files(lab.tickets[0])) == 1


def test_a_plan_that_may_not_file_by_api_ends_in_the_packet_and_is_taken_up_after_an_upgrade(filed, lab) -> None:
    one = filed(500)
    lab.desk.plan = "Developer"
    state = one.run()
    assert state.phase is Phase.HANDOFF_ONLY
    assert state.stop is not None
    assert state.stop.code == "InvalidSupportPlan"
    assert not state.stop.retryable
    assert lab.operations("tickets.create") == ["tickets.create"]
    assert lab.tickets == ()
    assert not one.case.has(Receipt)
    lab.desk.plan = "Premier"
    assert one.run().phase is Phase.OPEN
    check_one_ticket(one)


def test_a_missing_role_is_named_with_its_scope(filed, lab) -> None:
    one = filed(500)
    lab.mishaps.add("workspaces.create=forbidden")
    state = one.run()
    assert state.phase is Phase.HANDOFF_ONLY
    assert state.stop is not None
    assert "Support Request Contributor" in state.stop.hint
    assert f"/subscriptions/{lab.subscription}" in state.stop.reason


def test_a_server_that_asks_for_a_long_pause_is_not_waited_for(filed, lab) -> None:
    one = filed(500)
    lab.mishaps.add("tickets.create=throttled:3600")
    state = one.run()
    assert state.phase is Phase.FAILED
    assert state.stop is not None
    assert state.stop.retryable
    assert lab.operations("tickets.create") == ["tickets.create"]


def test_the_provider_is_never_registered_behind_the_users_back(filed, lab) -> None:
    one = filed(500)
    lab.desk.registration = "NotRegistered"
    state = one.run()
    assert state.stop is not None
    assert state.stop.code == "MissingSubscriptionRegistration"
    assert "--register-provider" in state.stop.hint
    assert lab.desk.registrations == []


def test_a_ticket_that_was_filed_is_not_filed_again_when_the_state_is_lost(filed, lab) -> None:
    one = filed(500)
    one.run()
    (one.case.root / "submission.json").unlink()
    machine.approve(one.case, request_of(one.case, lab, (500,)), datetime.now(UTC))
    assert one.run().phase is Phase.OPEN
    assert len(lab.tickets) == 1
    assert lab.operations("tickets.create") == ["tickets.create"]


def test_a_run_on_an_open_ticket_only_reads(filed, lab) -> None:
    one = filed(500)
    one.run()
    before = len(lab.calls)
    assert one.run().phase is Phase.OPEN
    assert lab.operations()[before:] == ["tickets.get"]


def test_what_is_under_way_cannot_be_approved_anew(filed, lab) -> None:
    one = filed(500)
    lab.mishaps.add("operations.status=error", "tickets.get=error")
    lab.mishaps.clear()
    lab.mishaps.add("operations.status=error")
    one.run()
    assert one.state.ticket.operation is not None
    with pytest.raises(ValueError, match="under way"):
        machine.approve(one.case, one.state.request, datetime.now(UTC))


def test_a_state_that_was_edited_is_not_sent(filed, lab) -> None:
    one = filed(500)
    place = one.case.root / "submission.json"
    place.write_text(place.read_text().replace("96 MiB", "95 MiB"))
    with pytest.raises(CaseError, match="no longer what was approved"):
        one.run()
    assert lab.calls == ()


def test_what_was_approved_is_sent_though_the_bundle_is_made_anew(filed, lab) -> None:
    one = filed(900)
    approved = (one.case.root / "bundle/part-0.zip").read_bytes()
    (one.case.root / "bundle/part-0.zip").write_bytes(b"another kit")
    one.run()
    assert list(lab.files(lab.tickets[0]).values()) == [approved]


def test_a_file_that_changed_between_the_look_and_the_yes_is_refused(filed, lab) -> None:
    one = filed(900)
    upload = one.state.request.attachments[0]
    other = Upload(path=upload.path, name=upload.name, size=900, sha256="0" * 64)
    with pytest.raises(CaseError, match="changed since it was approved"):
        machine.approve(one.case, one.state.request.model_copy(update={"attachments": (other,)}), datetime.now(UTC))


def test_other_files_after_a_stop_go_to_a_workspace_of_their_own(filed, lab) -> None:
    one = filed(900)
    lab.mishaps.add("tickets.create=error")
    one.run()
    lab.mishaps.clear()
    machine.approve(one.case, request_of(one.case, lab, (900, 40), seed=8), datetime.now(UTC))
    one.until_open()
    assert lab.tickets[0].sent["fileWorkspaceName"] == f"{one.state.request.workspace}-2"
    assert sorted(map(len, lab.files(lab.tickets[0]).values())) == [40, 900]


def test_the_receipt_says_what_was_filed_and_holds_no_contact(filed, lab) -> None:
    one = filed(900)
    one.run()
    receipt = one.case.read(Receipt)
    assert receipt.support_ticket_id == lab.tickets[0].ticket_id
    assert receipt.status == "open"
    assert [each.sha256 for each in receipt.attachments] == [each.sha256 for each in one.state.request.attachments]
    assert receipt.approval.digest == one.state.request.digest()
    text = (one.case.root / "receipt.json").read_text()
    assert EMAIL not in text
    assert PHONE not in text


def test_a_server_that_forgets_files_is_not_sent_them_for_ever(filed, lab, monkeypatch) -> None:
    one = filed(900)
    monkeypatch.setattr(Support, "files", lambda self, workspace: ())
    state = one.run()
    assert state.stop is not None
    assert "did not keep part-0.zip" in state.stop.reason
    assert len(lab.operations("files.upload")) <= 9


def test_a_server_that_forgets_workspaces_is_not_asked_for_ever(filed, lab, monkeypatch) -> None:
    one = filed(900)
    monkeypatch.setattr(Support, "workspace", lambda self, name: None)
    state = one.run()
    assert state.stop is not None
    assert "does not have them afterwards" in state.stop.reason


def test_a_clock_that_is_two_days_ahead_files_as_well(filed, lab) -> None:
    one = filed(900)
    one.time.now = lambda: lab.desk.clock.now() + timedelta(days=2)
    assert one.run().phase is Phase.OPEN
    assert len(one.state.workspaces) == 1
    check_one_ticket(one)


def test_an_operation_that_is_forgotten_leaves_the_way_open(filed, lab) -> None:
    one = filed(900)
    lab.mishaps.add("operations.status=error")
    one.run()
    assert one.state.ticket.operation is not None
    lab.mishaps.clear()
    with lab.desk.lock:
        for kept in (lab.desk.operations, lab.desk.tickets, lab.desk.filed):
            kept.clear()
    one.until_open()
    check_one_ticket(one)


def test_purge_takes_the_contact_out_of_a_case_whose_ticket_is_filed(filed, lab) -> None:
    one = filed(900)
    lab.mishaps.add("tickets.create=error")
    one.run()
    purge(one.case)
    assert one.state.request.contact.email == EMAIL, "a ticket that is still to be sent keeps it"
    lab.mishaps.clear()
    one.until_open()
    purge(one.case)
    for place in one.case.root.rglob("*"):
        if place.is_file():
            assert EMAIL.encode() not in place.read_bytes(), place


def test_the_request_on_record_is_what_the_server_got(filed, lab) -> None:
    one = filed(900)
    one.run()
    recorded = json.loads(one.case.path(Room.RECEIPTS, "request.json").read_text())
    assert recorded["properties"] == lab.tickets[0].sent


def test_state_and_receipts_can_be_read_by_their_owner_only(filed, lab) -> None:
    one = filed(900)
    one.run()
    for place in (
        one.case.root / "submission.json",
        one.case.root / "receipt.json",
        *one.case.path(Room.RECEIPTS).rglob("*"),
    ):
        assert place.stat().st_mode & 0o077 == 0, place
