"""A PUT that the server takes at the last moment before the client gives up on it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from escalate.lab.support.mishaps import Watch
from escalate.model.submission import Phase
from tests.fakes.filing import LabTime, approved_case, run_in_lab_time
from tests.fakes.support_lab import support_lab

pytestmark = pytest.mark.enable_socket


def test_a_ticket_taken_just_before_the_client_gave_up_is_waited_for(tmp_path: Path) -> None:
    """The server lets the PUT wait for two minutes, takes it, needs its eight seconds, and its answer is lost."""
    with support_lab("tickets.create#1=lost", takes=timedelta(seconds=8)) as lab:
        time = LabTime(lab)
        lab.mishaps.add(Watch("tickets.create", lambda: time.pass_by(timedelta(seconds=119)), "before", nth=1))
        case = approved_case(tmp_path / "case", lab, (30,))
        for _ in range(6):
            if run_in_lab_time(case, lab, time).phase is Phase.OPEN:
                break
        assert lab.operations("tickets.create") == ["tickets.create"]
        assert len(lab.tickets) == 1
