"""Whose turn it is, who waited how long, and what is asked, from nothing but messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalate.azure.support_values import Communication, SupportTicket
from escalate.submit.afterwards.secure_upload import fingerprints, masked
from escalate.submit.afterwards.status import open_asks, standing

FILED = datetime(2026, 4, 4, 6, 0, tzinfo=UTC)
TICKET = SupportTicket(name="esc-1", support_ticket_id="2604040010005835", status="open", created_at=FILED)
ASK = "Could you please attach a memory dump of the process?"
LINK = "https://support.microsoft.com/files?workspace=eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln&wid=1"


def letter(hours: float, body: str, *, support: bool = True, name: str = "x") -> Communication:
    direction = "outbound" if support else "inbound"
    return Communication(name=name, body=body, direction=direction, created_at=FILED + timedelta(hours=hours))


def at(hours: float) -> datetime:
    return FILED + timedelta(hours=hours)


def test_a_new_ticket_waits_for_support():
    found = standing(TICKET, (), at(2))
    assert (found.turn, found.turn_since, found.on_support_h, found.on_you_h) == ("support", FILED, 2.0, 0.0)
    assert (found.rounds, found.first_answer_at, found.engineer) == (0, None, None)


def test_an_ask_passes_the_turn_and_a_reply_passes_it_back():
    letters = [letter(1, "We have received your request."), letter(3, ASK), letter(7, "Attached.", support=False)]
    before = standing(TICKET, letters[:2], at(5))
    assert (before.turn, before.on_support_h, before.on_you_h) == ("you", 3.0, 2.0)
    after = standing(TICKET, letters, at(8))
    assert (after.turn, after.on_support_h, after.on_you_h, after.rounds) == ("support", 4.0, 4.0, 1)
    assert after.first_answer_at == at(1)
    assert (after.from_support, after.from_us) == (2, 1)


def test_the_order_in_which_the_server_lists_makes_no_difference():
    letters = [letter(3, ASK), letter(7, "Attached.", support=False), letter(9, ASK)]
    assert standing(TICKET, letters, at(10)) == standing(TICKET, letters[::-1], at(10))


def test_a_message_that_only_informs_leaves_the_turn_where_it_is():
    found = standing(TICKET, [letter(1, "We are still looking at the logs of the worker.")], at(4))
    assert (found.turn, found.on_support_h) == ("support", 4.0)


def test_a_closed_ticket_waits_for_nobody():
    closed = SupportTicket(name="esc-1", status="closed", created_at=FILED, modified_at=at(6))
    found = standing(closed, [letter(3, ASK)], at(100))
    assert (found.turn, found.on_support_h, found.on_you_h) == (None, 3.0, 3.0)


def test_a_message_of_ours_is_known_by_its_name_where_the_direction_is_told_otherwise():
    letters = [letter(1, ASK), letter(2, "Here.", name="note-1-1a2b3c4d")]
    assert standing(TICKET, letters, at(3)).turn == "support"
    assert open_asks(letters) == ()


def test_what_was_asked_before_our_last_message_is_answered():
    letters = [letter(1, ASK), letter(2, "Here it is.", support=False), letter(3, "Which instance was it?")]
    assert [ask.text for ask in open_asks(letters)] == ["Which instance was it?"]


def test_the_same_ask_twice_is_one():
    assert len(open_asks([letter(1, ASK), letter(2, ASK)])) == 1


def test_a_link_for_an_upload_is_neither_shown_nor_told_from_its_fingerprint():
    (ask,) = open_asks([letter(1, f"Please upload the files to {LINK}.")])
    assert "eyJ" not in ask.text
    assert "workspace=" not in ask.text
    (fingerprint,) = fingerprints(LINK)
    assert fingerprint in ask.text
    assert len(fingerprint) == 12
    assert masked("nothing here") == "nothing here"


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        LINK.replace("https://support.microsoft.com/", "https://support.microsoft.com/en-us/"),
        "https://support.microsoft.com/files?wid=1&workspace=eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ.c2ln",
    ],
)
def test_every_form_of_the_link_is_masked(link: str):
    assert "eyJ" not in masked(f"see <a href='{link}'>this</a>")


@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.booleans(), st.sampled_from([ASK, "We look at it.", "Thank you.", ""])),
        max_size=12,
    )
)
def test_both_sides_together_waited_as_long_as_the_ticket_is_open(said):
    letters = [letter(hours, body, support=support) for hours, support, body in said]
    now = at(501)
    found = standing(TICKET, letters, now)
    assert abs(found.on_support_h + found.on_you_h - 501) < 0.2
    assert found.rounds <= found.from_us
    assert (found.turn == "you") == bool(open_asks(letters))
