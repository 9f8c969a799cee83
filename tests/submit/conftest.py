"""One lab for all tests of a file; every test files a case of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_socket

from escalate.case.store import Case
from escalate.lab.support.setup import SupportSetup
from escalate.model.submission import Phase, SubmissionState
from tests.fakes.filing import LabTime, approved_case, run_in_lab_time
from tests.fakes.support_lab import SupportLab, support_lab

TAKES = timedelta(seconds=0.05)
RUNS = 6
"""So often at most is a run begun again; a fault lasts for one call."""


@pytest.fixture(scope="module")
def _lab() -> Iterator[SupportLab]:
    pytest_socket.enable_socket()
    with support_lab(takes=TAKES) as lab:
        yield lab


@pytest.fixture
def lab(_lab: SupportLab, socket_enabled) -> Iterator[SupportLab]:
    """Empty again, and without mishaps."""
    desk = _lab.desk
    with desk.lock:
        desk.mishaps.clear()
        for kept in (desk.tickets, desk.filed, desk.workspaces, desk.operations, desk.calls, desk.registrations):
            kept.clear()
        desk.plan, desk.registration = "ProDirect", "Registered"
        desk.setup = SupportSetup(takes=TAKES)
    yield _lab
    desk.mishaps.clear()


@dataclass
class Filed:
    """A case, and the means to go on with it."""

    case: Case
    lab: SupportLab
    time: LabTime

    @property
    def state(self) -> SubmissionState:
        return self.case.read(SubmissionState)

    def run(self, read_s: float = 5) -> SubmissionState:
        return run_in_lab_time(self.case, self.lab, self.time, read_s=read_s)

    def until_open(self, read_s: float = 5) -> int:
        """Begin anew until it is filed; how many runs it took."""
        for number in range(1, RUNS + 1):
            if self.run(read_s).phase is Phase.OPEN:
                return number
        raise AssertionError(f"not filed after {RUNS} runs: {self.state.phase} {self.state.stop}")


@pytest.fixture
def filed(lab: SupportLab, tmp_path: Path) -> Callable[..., Filed]:
    """filed(sizes) approves a ticket with files of these sizes."""

    def make(*sizes: int, **more) -> Filed:
        case = approved_case(tmp_path / "case", lab, sizes, **more) if sizes else approved_case(tmp_path / "case", lab)
        return Filed(case, lab, LabTime(lab))

    return make


def check_one_ticket(filed: Filed) -> None:
    """Exactly one ticket, with every file byte for byte, and nothing that belongs to nobody."""
    state, lab = filed.state, filed.lab
    assert [each.name for each in lab.tickets] == [state.request.name]
    ticket = lab.tickets[0]
    assert state.ticket.support_ticket_id == ticket.ticket_id
    assert state.ticket.operation is None
    approved = {filed.case.root.joinpath(each.path).read_bytes() for each in state.request.attachments}
    assert set(lab.files(ticket).values()) == approved
    known = {each.name for each in state.files}
    assert {each.name for each in lab.stored(ticket)} <= known
    assert set(lab.desk.workspaces) <= {each.name.lower() for each in state.workspaces} | {ticket.ticket_id}
