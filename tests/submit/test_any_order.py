"""Filing under any sequence of faults, kills, expiries and changes of plan: a state machine against the lab."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from escalate.case.store import Case
from escalate.model.submission import SubmissionState
from escalate.submit import machine
from tests.fakes.filing import LabTime, approved_case, request_of, run_in_lab_time
from tests.fakes.support_lab import SupportLab, support_lab
from tests.submit.conftest import Filed, check_one_ticket

OPERATIONS = (
    "tickets.get", "tickets.create", "workspaces.get", "workspaces.create", "files.list", "files.create",
    "files.upload", "operations.status",
)  # fmt: skip
KINDS = ("throttled", "error", "error-after", "reset", "lost")


class KilledError(BaseException):
    """Ends a run at once, as a kill does: nothing after it is run or written."""


class Filing(RuleBasedStateMachine):
    """One case; whatever happens, it ends as one whole ticket."""

    lab: SupportLab

    @initialize(sizes=st.lists(st.sampled_from([1, 40, 2_500_001]), min_size=1, max_size=2))
    def begin(self, sizes: list[int]) -> None:
        desk = self.lab.desk
        with desk.lock:
            desk.mishaps.clear()
            for kept in (desk.tickets, desk.filed, desk.workspaces, desk.operations, desk.calls):
                kept.clear()
            desk.plan = "ProDirect"
        self.folder = Path(tempfile.mkdtemp())
        self.case = approved_case(self.folder / "case", self.lab, sizes)
        self.time = LabTime(self.lab)

    @rule(operation=st.sampled_from(OPERATIONS), nth=st.integers(1, 3), kind=st.sampled_from(KINDS))
    def something_goes_wrong_once(self, operation: str, nth: int, kind: str) -> None:
        self.lab.mishaps.add(f"{operation}#{nth}={kind}")

    @rule(operation=st.sampled_from(OPERATIONS), kind=st.sampled_from(("error", "reset")))
    def a_run_while_something_stays_broken(self, operation: str, kind: str) -> None:
        self.lab.mishaps.add(f"{operation}={kind}")
        self.run()
        self.lab.mishaps.clear()

    @rule(writes=st.integers(0, 30))
    def a_run_that_is_killed(self, writes: int) -> None:
        """Before its nth write to disk: between an intent and its call, or between an answer and its record."""
        left = [writes]
        write = Case.write

        def counted(case: Case, document) -> None:
            if isinstance(document, SubmissionState):
                left[0] -= 1
                if left[0] < 0:
                    raise KilledError
            write(case, document)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Case, "write", counted)
            with contextlib.suppress(KilledError):
                self.run()

    @rule(hours=st.sampled_from([1, 23.4, 25]))
    def time_goes_by(self, hours: float) -> None:
        self.time.pass_by(timedelta(hours=hours))

    @rule()
    def a_run_under_a_plan_that_may_not(self) -> None:
        self.lab.desk.plan = "Standard"
        self.run()
        self.lab.desk.plan = "ProDirect"

    @precondition(lambda self: not machine.is_under_way(self.case.read(SubmissionState)))
    @rule(sizes=st.lists(st.sampled_from([1, 40, 700]), min_size=1, max_size=2), seed=st.integers(0, 3))
    def other_files_are_approved(self, sizes: list[int], seed: int) -> None:
        machine.approve(self.case, request_of(self.case, self.lab, sizes, seed), datetime.now(UTC))

    @rule()
    def an_undisturbed_run(self) -> None:
        self.lab.mishaps.clear()
        self.run()

    @invariant()
    def never_a_second_ticket(self) -> None:
        if hasattr(self, "case"):
            assert len(self.lab.tickets) <= 1

    def run(self) -> SubmissionState:
        return run_in_lab_time(self.case, self.lab, self.time)

    def teardown(self) -> None:
        if not hasattr(self, "case"):
            return
        self.lab.mishaps.clear()
        one = Filed(self.case, self.lab, self.time)
        one.until_open()
        check_one_ticket(one)
        shutil.rmtree(self.folder)


def test_any_sequence_of_faults_ends_as_one_whole_ticket() -> None:
    pytest_socket.enable_socket()
    with support_lab(takes=timedelta(seconds=0.05)) as lab:
        Filing.lab = lab

        run_state_machine_as_test(
            Filing,
            settings=settings(
                max_examples=25, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
