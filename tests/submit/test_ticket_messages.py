"""A message comes to the ticket once, whatever happens on the way."""

from __future__ import annotations

import pytest

from escalate.azure.support_failure import SupportFailure
from escalate.model.follow_up import FollowUp, NoteRecord
from escalate.submit.afterwards.following import Following
from escalate.submit.afterwards.messages import Message, Posted, post
from tests.fakes.filing import EMAIL
from tests.fakes.following import followed

HELLO = Message("More on this case", "The worker was 10-30-0-103.\n", EMAIL)


def _post(one, message: Message = HELLO, *, read_s: float = 5, again: bool = False) -> Posted:
    with followed(one.case, one.lab, one.time, read_s=read_s) as following:
        return post(following, message, again=again)


def _until_sent(one, message: Message = HELLO, *, read_s: float = 5) -> Posted:
    """Give the same command again until it is confirmed."""
    for _ in range(6):
        try:
            posted = _post(one, message, read_s=read_s)
        except SupportFailure:
            continue
        if posted.is_confirmed:
            return posted
    raise AssertionError("not sent after 6 runs")


@pytest.fixture
def one(filed):
    made = filed(700)
    made.until_open()
    return made


def _bodies(one) -> list[str]:
    return [each.body for each in one.lab.tickets[0].communications]


def test_a_message_arrives_and_is_read_back(one):
    posted = _post(one)
    assert posted.news
    assert posted.is_confirmed
    (message,) = one.lab.tickets[0].communications
    assert (message.name, message.subject, message.body, message.sender) == (
        posted.note.name,
        HELLO.subject,
        HELLO.body,
        EMAIL,
    )
    assert posted.note.name.startswith("note-1-")
    record = one.case.read(FollowUp)
    assert record.notes[0].operation is None


def test_the_same_words_are_sent_once_and_with_again_twice(one):
    _post(one)
    assert not _post(one).news
    assert len(_bodies(one)) == 1
    assert _post(one, again=True).news
    assert _bodies(one) == [HELLO.body, HELLO.body]


def test_other_words_get_the_next_number(one):
    names = [_post(one, Message("More", f"part {number}\n", EMAIL)).note.name for number in range(3)]
    assert [name.split("-")[1] for name in names] == ["1", "2", "3"]


def test_a_lost_record_does_not_send_the_words_again(one):
    _post(one)
    (one.case.root / "follow-up.json").unlink()
    assert not _post(one).news
    assert len(_bodies(one)) == 1


@pytest.mark.parametrize(
    "mishap",
    [
        "communications.create#1=throttled:0",
        "communications.create#1=error",
        "communications.create#1=reset",
        "communications.create#1=error-after",
        "communications.create#1=lost",
        "communications.list#1=error",
        "communications.get#1=reset",
        "operations.status#1=error",
        "operations.status=forbidden",
        "communications.create=error-after",
        "communications.create=lost",
    ],
)
def test_whatever_goes_wrong_it_is_there_once(one, mishap: str):
    one.lab.mishaps.add(mishap)
    try:
        _until_sent(one)
    except AssertionError:
        one.lab.mishaps.clear()
        _until_sent(one)
    assert _bodies(one) == [HELLO.body]


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_killed_at_any_record_goes_on_and_sends_it_once(one, nth: int, when: str, monkeypatch):
    records: list[str] = []
    write = Following.note

    def killed(self: Following, text: str, note: NoteRecord) -> None:
        records.append(text)
        if when == "after":
            write(self, text, note)
        if len(records) == nth:
            raise Killed
        if when == "before":
            write(self, text, note)

    monkeypatch.setattr(Following, "note", killed)
    with pytest.raises(Killed):
        _post(one)
    monkeypatch.setattr(Following, "note", write)
    assert _post(one).is_confirmed
    assert _bodies(one) == [HELLO.body]


@pytest.mark.parametrize("mishap", ["communications.create#1=silent", "communications.create#1=silent-after"])
def test_a_server_that_says_nothing_gets_it_once(one, mishap: str):
    one.lab.mishaps.add(f"{mishap}:2")
    _until_sent(one, read_s=0.5)
    assert _bodies(one) == [HELLO.body]


def test_a_plan_that_may_not_is_told_after_the_202_and_may_be_tried_later(one):
    one.lab.desk.plan = "Developer"
    with pytest.raises(SupportFailure) as caught:
        _post(one)
    assert caught.value.is_code("InvalidSupportPlan")
    assert _bodies(one) == []
    one.lab.desk.plan = "Premier"
    assert _post(one).is_confirmed
    assert _bodies(one) == [HELLO.body]


def test_a_forbidden_message_is_refused_at_once(one):
    one.lab.mishaps.add("communications.create=forbidden")
    with pytest.raises(SupportFailure) as caught:
        _post(one)
    assert "Support Request Contributor" in caught.value.hint
    refused = [call for call in one.lab.calls if call.operation == "communications.create" and call.status == 403]
    assert len(refused) == 1
