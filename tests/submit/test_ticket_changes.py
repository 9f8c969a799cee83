"""Severity and state are changed by the API where it may, and by a message where it may not."""

from __future__ import annotations

import pytest

from escalate.azure.support_failure import SupportFailure
from escalate.errors import CaseError
from escalate.lab.support import engineer
from escalate.model.incident import Severity
from escalate.model.ticket import Receipt
from escalate.submit.afterwards import changes
from escalate.submit.afterwards.following import filed as filed_state
from escalate.submit.afterwards.messages import Message, post
from tests.fakes.filing import EMAIL
from tests.fakes.following import followed


@pytest.fixture
def one(filed):
    made = filed(700)
    made.until_open()
    return made


def _do(one, change):
    with followed(one.case, one.lab, one.time) as following:
        return change(following)


def test_the_severity_is_changed(one):
    changed = _do(one, lambda following: changes.set_severity(following, Severity.MINIMAL))
    assert changed.state == "changed"
    assert one.lab.tickets[0].severity == "minimal"
    assert _do(one, lambda following: changes.set_severity(following, Severity.MINIMAL)).state == "as it was"


def test_a_phone_number_may_come_with_severity_a(one):
    contact = filed_state(one.case).request.contact.model_copy(update={"phone": "+49 30 7654321"})
    changed = _do(one, lambda following: changes.set_severity(following, Severity.CRITICAL, contact))
    assert changed.state == "changed"
    assert one.lab.tickets[0].sent["contactDetails"]["phoneNumber"] == "+49 30 7654321"


def test_while_an_engineer_works_on_it_a_message_has_to_ask(one):
    engineer.take(one.lab.desk, one.lab.tickets[0], working=True)
    changed = _do(one, lambda following: changes.set_severity(following, Severity.CRITICAL))
    assert changed.state == "ask"
    assert one.lab.tickets[0].severity == "moderate"
    subject, body = changes.severity_words(changed.ticket.severity, Severity.CRITICAL, "all users are down")
    assert "A (critical)" in subject
    assert "all users are down" in body


def test_a_ticket_is_closed_and_a_message_opens_it_again(one):
    assert _do(one, changes.close).state == "changed"
    assert one.lab.tickets[0].status == "Closed"
    assert one.case.read(Receipt).status == "closed"
    assert _do(one, changes.close).state == "as it was"
    assert _do(one, lambda following: changes.set_severity(following, Severity.MINIMAL)).state == "ask"
    _do(one, lambda following: post(following, Message(*changes.reopening_words("it is back"), sender=EMAIL)))
    assert one.lab.tickets[0].status == "Open"


def test_a_fault_on_the_way_changes_nothing_twice(one):
    one.lab.mishaps.add("tickets.update#1=lost")
    assert _do(one, lambda following: changes.set_severity(following, Severity.MINIMAL)).state == "changed"
    assert one.lab.tickets[0].severity == "minimal"


def test_no_permission_is_not_taken_for_an_engineer_at_work(one):
    one.lab.mishaps.add("tickets.update=forbidden")
    with pytest.raises(SupportFailure):
        _do(one, changes.close)


def test_a_case_without_a_ticket_has_no_afterwards(filed):
    with pytest.raises(CaseError):
        filed_state(filed(700).case)
