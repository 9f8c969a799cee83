"""Whatever goes wrong between two steps of filing: one ticket, all its bytes, nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from escalate.azure.support import Support
from escalate.lab.support.mishaps import Watch
from escalate.model.submission import Phase
from tests.fakes.killable import Run
from tests.submit.conftest import check_one_ticket

CALLS = (
    "tickets.get#1",
    "workspaces.get#1",
    "workspaces.create#1",
    "workspaces.get#3",
    "files.list#1",
    "files.create#1",
    "files.upload#1",
    "files.upload#2",
    "files.upload#3",
    "workspaces.get#4",
    "tickets.create#1",
    "operations.status#1",
    "operations.status#2",
    "tickets.get#2",
)
"""Every kind of call of a filing with a file of two chunks and one of one chunk, in their order."""
QUICK = ("throttled", "error", "error-after", "reset", "lost")
SLOW = ("silent:5", "silent-after:5")


@pytest.mark.parametrize("kind", QUICK)
@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_or_a_lost_answer_at_any_call_leads_to_one_whole_ticket(filed, lab, call: str, kind: str) -> None:
    one = filed(2_500_001, 700)
    lab.mishaps.add(f"{call}={kind}")
    one.until_open()
    check_one_ticket(one)


@pytest.mark.parametrize("kind", ["lost", "error-after"])
def test_a_ticket_that_turns_up_late_is_waited_for_and_not_sent_again(filed, lab, kind: str) -> None:
    one = filed(30)
    lab.desk.setup = replace(lab.desk.setup, takes=timedelta(seconds=8))  # as in the recording of 2020
    lab.mishaps.add(f"tickets.create#1={kind}")
    one.until_open()
    assert lab.operations("tickets.create") == ["tickets.create"]
    check_one_ticket(one)


def test_a_clock_set_forward_after_a_run_was_cut_short_brings_no_second_ticket(filed, lab, monkeypatch) -> None:
    one = filed(30)
    lab.desk.setup = replace(lab.desk.setup, takes=timedelta(seconds=8))
    put = Support.begin_ticket

    def cut_short(support: Support, *words: object) -> None:
        put(support, *words)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Support, "begin_ticket", cut_short)
        with pytest.raises(KeyboardInterrupt):
            one.run()
    one.time.now = lambda: lab.desk.clock.now() + timedelta(days=1)
    one.until_open()
    assert lab.operations("tickets.create") == ["tickets.create"]
    check_one_ticket(one)


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("call", ["workspaces.create#1", "files.create#1", "files.upload#2", "tickets.create#1"])
def test_a_call_that_is_never_answered_leads_to_one_whole_ticket(filed, lab, call: str, kind: str) -> None:
    one = filed(2_500_001)
    lab.mishaps.add(f"{call}={kind}")
    one.until_open(read_s=0.4)
    check_one_ticket(one)


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_that_lasts_ends_the_run_and_the_next_one_files_the_ticket(filed, lab, call: str) -> None:
    one = filed(2_500_001, 700)
    lab.mishaps.add(f"{call.partition('#')[0]}=error")
    stopped = one.run()
    assert stopped.phase is not Phase.OPEN
    assert stopped.stop is not None
    assert stopped.stop.retryable
    lab.mishaps.clear()
    one.until_open()
    check_one_ticket(one)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_process_killed_at_any_call_is_taken_up_where_it_stood(filed, lab, call: str, when: str) -> None:
    one = filed(2_500_001, 700)
    operation, _, nth = call.partition("#")
    runs: list[Run] = []
    lab.mishaps.add(Watch(operation, lambda: runs[0].kill(), when, int(nth)))
    runs.append(Run(one.case.root, lab.lab.environment))
    assert runs[0].ended() == -9
    lab.mishaps.clear()
    one.until_open()
    check_one_ticket(one)
